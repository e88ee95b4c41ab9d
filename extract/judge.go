package extract

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// Reason says why an item is shown but not taken.
type Reason string

// The reasons.
const (
	PrivateAddress Reason = "private-address"  // of a network that is everybody's
	SpecialAddress Reason = "special-address"  // loopback, multicast, documentation
	ExampleName    Reason = "example-name"     // example.com and its like
	UnknownTLD     Reason = "unknown-tld"      // no such top-level domain
	InternalName   Reason = "internal-name"    // .local, .lan, one label
	PublicSuffix   Reason = "public-suffix"    // below it strangers register
	WarningList    Reason = "warning-list"     // detail: which
	OwnDomain      Reason = "publisher"        // who wrote the report
	VendorLink     Reason = "vendor-link"      // a security company or a site for research
	ReferenceLink  Reason = "reference"        // a source or a link for the reader
	VictimAsset    Reason = "victim"           // belongs to who was attacked
	Harmless       Reason = "benign"           // the report says so
	Contact        Reason = "author-contact"   // how to reach who wrote it
	DetectionName  Reason = "detection-name"   // what a product calls malware
	Identifier     Reason = "identifier"       // a field, package or type of a program
	ProductName    Reason = "product-name"     // Node.js, Booking.com
	VersionNumber  Reason = "version-number"   // 1.2.3.4 after "version"
	SystemFile     Reason = "system-file"      // ships with the operating system
	MaybeHost      Reason = "file-or-host"     // file name or host name, the text does not say
	NotAFileHash   Reason = "not-a-file-hash"  // a key, imphash, identifier
	CommonWord     Reason = "common-word"      // a name that is a word, without anything that speaks for the name
	Uncertain      Reason = "uncertain"        // below the model's threshold
	UnknownID      Reason = "unknown-id"       // the form of an ATT&CK id, but no such technique
	NoIndicator    Reason = "platform-account" // a page of a platform that everybody uses, written as a link
)

// reasonTexts are the reasons in words.
var reasonTexts = map[Reason]string{
	PrivateAddress: "an address of private networks", SpecialAddress: "a special-purpose address that nobody owns",
	ExampleName: "a name reserved for examples", UnknownTLD: "there is no such top-level domain", InternalName: "a name inside a network",
	PublicSuffix: "below this name strangers register", WarningList: "on a warning list", OwnDomain: "belongs to who published the report",
	VendorLink: "a security vendor or a site for research", ReferenceLink: "a link for the reader, not an indicator",
	VictimAsset: "belongs to the victim", Harmless: "the report calls it legitimate", Contact: "how to reach the authors",
	DetectionName: "what a product calls the malware", Identifier: "an identifier of a program", ProductName: "the name of a product or library",
	VersionNumber: "a version number", SystemFile: "a file of the operating system", MaybeHost: "a file name or a host name: the text does not say",
	NotAFileHash: "a key or identifier, not the hash of a file", CommonWord: "a name that is also a word, and nothing speaks for the name",
	Uncertain: "too little in the text for it", UnknownID: "ATT&CK has no such technique", NoIndicator: "a page on a platform everybody uses",
}

// Text returns the reason in words.
func (r Reason) Text() string { return reasonTexts[r] }

var special = prefixes("127.0.0.0/8", "0.0.0.0/8", "169.254.0.0/16", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "192.0.0.0/24",
	"::/127", "fe80::/10", "ff00::/8", "2001:db8::/32", "100::/64", "64:ff9b::/96")
var private = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")

func prefixes(s ...string) (out []netip.Prefix) {
	for _, p := range s {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

func within(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

var internalTLDs = set("local lan corp internal home localdomain intranet private localhost home.arpa domain")

// judgeHost says what the host of a canonical value alone gives away.
func judgeHost(t indicator.Type, value string) Reason {
	kind, host, ok := indicator.HostOf(t, value)
	if !ok {
		return ""
	}
	if kind != indicator.Domain {
		host, _, _ = strings.Cut(host, "/")
		a, err := netip.ParseAddr(host)
		switch {
		case err != nil:
			return ""
		case within(private, a):
			return PrivateAddress
		case within(special, a):
			return SpecialAddress
		}
		return ""
	}
	tld := host[strings.LastIndexByte(host, '.')+1:]
	switch registered := indicator.RegistrableDomain(host); {
	case internalTLDs[tld], !strings.Contains(host, "."):
		return InternalName
	case registered == "contoso.com" || registered == "fabrikam.com" || registered == "example.com" || registered == "example.org" || registered == "example.net":
		return ExampleName
	case tld == "example" || tld == "test" || tld == "invalid":
		return ""
	case !indicator.KnownTLD(host):
		return UnknownTLD
	case indicator.IsPublicSuffix(host) && !icannPlatform[host]:
		return PublicSuffix
	}
	return ""
}

// icannPlatform are names that the suffix list has because strangers register
// below them, and that reports nevertheless name as hosts of their own.
var icannPlatform = set("")

var (
	platformWords = set(`win32 win64 w32 w64 msil js vbs vba doc html osx macos android linux python php ps1 powershell bat swf java jar trojan backdoor heur ransom worm virus generik
		ml gen adware riskware hacktool pua pup exploit lnk ios symbos elf unix multios script w97m x97m o97m o2km ole2 pdf rtf xml asp perl msoffice tr bds eicar packed behaveslike artemis`)
	packageRoots = set("com org net io de eu ru cn jp fr uk br in co me gov edu app dev java javax android androidx kotlin")
	// fieldRoots begin the names of fields in logs and rules.
	fieldRoots = set(`process event host user file source destination dns http url network winlog agent client server registry dll powershell data fields related rule threat observer cloud
		container orchestrator service tls email os email.from powershell system microsoft windows console self this window document math string array json request response object config settings
		args params props app module exports std e i log logs logger index var let const socket import package wscript activexobject adodb msxml2 excel word outlook application thisdocument activedocument scripting shell`)
	codeTLDs = set("name id md info so run call exec open do st ps is it in at as be my to all new now map page date link ml click help zip close is app space")
)

// judgeName says what is no host although it has the form of one: names of
// detections, fields, packages, products, and sentences without a blank. "-" is what
// is not even worth showing.
func judgeName(p *plain, from, to int, before byte) Reason {
	s := p.text
	raw := s[from:to]
	if p.defanged(from, to) {
		return ""
	}
	labels := strings.Split(raw, ".")
	last := labels[len(labels)-1]
	lower := strings.ToLower(raw)
	switch {
	case products[lower]:
		return ProductName
	case strings.HasPrefix(raw, "__"):
		return Identifier // __init__.py
	case raw[0] == '_' && raw[len(raw)-1] == '_':
		return "-" // AsciiDoc's and Markdown's emphasis
	case before == '/' && !hostBefore(s, from):
		if from > 1 && detectionBefore(s, from-1) {
			return DetectionName
		}
		return "-" // inside a path
	case platformWords[strings.ToLower(labels[0])] && len(labels) > 1 && !strings.HasPrefix(lower, "js.") || to < len(s) && s[to] == '!':
		return DetectionName
	case to < len(s) && s[to] == '(' || to+1 < len(s) && s[to] == '=' && s[to+1] != ' ' || before == '$' || before == '>':
		return Identifier // a call or an assignment
	case len(labels) > 2 && packageRoots[strings.ToLower(labels[0])] && !popularTLD(last):
		return Identifier
	case fieldRoots[strings.ToLower(labels[0])] && (codeTLDs[strings.ToLower(last)] || len(last) > 3):
		return Identifier
	case len(last) <= 3 && last[0] >= 'A' && last[0] <= 'Z' && last != strings.ToUpper(last) && labels[0] == strings.ToLower(labels[0]):
		return "-" // the end of a sentence and the next, without a blank
	case last != strings.ToLower(last) && last != strings.ToUpper(last):
		return Identifier // FlyGram
	case labels[0] != strings.ToUpper(labels[0]) && last == strings.ToUpper(last):
		return Identifier // System.NET
	}
	return ""
}

func popularTLD(s string) bool {
	switch strings.ToLower(s) {
	case "com", "net", "org", "info", "biz", "ru", "cn", "xyz", "top", "site", "online", "club", "onion", "de", "uk", "br", "pl":
		return true
	}
	return false
}

var detectionSlash = regexp.MustCompile(`(?i)(?:\b|_)([A-Za-z][A-Za-z0-9]{1,12})$`)

// detectionBefore says whether a platform stands before a slash: W64/NAME.
func detectionBefore(s string, slash int) bool {
	m := detectionSlash.FindStringSubmatch(s[max(0, slash-16):slash])
	return m != nil && (platformWords[strings.ToLower(m[1])] || m[1] == strings.ToUpper(m[1]))
}
