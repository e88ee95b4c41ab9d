package demo

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"time"
)

// Feed is one source: the file it publishes and what an operator says about it.
// The fields are those of the feed catalogue.
type Feed struct {
	ID, Name    string
	Kind        string // which parser: "text", "csv", "ipsum", "stix", "misp"
	File        string // a name for Data
	Category    string
	GoodFor     string
	TLP         string
	Confidence  int    // of entries that state none, 1-100
	Reliability string // Admiralty code
	MinLevel    int    // of ipsum
	Tags        []string
	Data        []byte
}

// Feeds returns the sources as they publish at end. Most of what they list is
// noise that no event meets; Truths says what is not. An error means that the
// embedded catalogue of ATT&CK cannot be read.
func Feeds(end time.Time) ([]Feed, error) {
	n := lister{rnd: rand.New(rand.NewPCG(4471, 17)), end: end.UTC()}
	bundle, err := n.isac()
	if err != nil {
		return nil, err
	}
	return []Feed{
		{
			ID: "demo-domains", Name: "Open list of bad domains", Kind: "text", File: "domains.txt", Category: "phishing", Data: n.domains(),
			GoodFor: "Many names, no reasons: something to begin with.", TLP: "clear", Confidence: 45, Reliability: "C", Tags: []string{"phishing"},
		},
		{
			ID: "demo-addresses", Name: "Addresses by number of lists", Kind: "ipsum", File: "addresses.txt", Category: "attackers", Data: n.addresses(),
			GoodFor: "Scanners and brute force, with the number of lists that agree.", TLP: "clear", Confidence: 50, Reliability: "C", MinLevel: 3,
		},
		{
			ID: "demo-malware", Name: "Malware exchange", Kind: "csv", File: "malware.csv", Category: "malware", Data: n.malware(),
			GoodFor: "Links, controllers and files with the family behind them.", TLP: "clear", Confidence: 75, Reliability: "B",
		},
		{
			ID: "demo-isac", Name: "North Sea logistics ISAC", Kind: "stix", File: "harbour-lantern.json", Category: "campaigns", Data: bundle,
			GoodFor: "What hits forwarders and ports, with actor, campaign and techniques.", TLP: "amber", Confidence: 85, Reliability: "A",
		},
		{
			ID: "demo-partner", Name: "Sharing partner's MISP", Kind: "misp", File: "event.json", Category: "campaigns", Data: n.partner(),
			GoodFor: "One partner's own incidents, as events.", TLP: "green", Confidence: 70, Reliability: "B",
		},
	}, nil
}

// lister makes what feeds list and nobody meets.
type lister struct {
	rnd *rand.Rand
	end time.Time
}

// How much each feed lists.
const (
	noiseDomains   = 2600
	noiseAddresses = 1800
	noiseMalware   = 700
	noiseISAC      = 40
	noisePartner   = 60
)

var syllables = []string{"ba", "co", "di", "fel", "gra", "hi", "jun", "kol", "lum", "mer", "nox", "or", "pul", "qui", "ras", "sy", "tor", "ul", "vex", "wim", "xan", "yor", "zed"}

// name returns a name that no event has: those of the story have no digits.
func (n *lister) name() string {
	var b bytes.Buffer
	for range 2 + n.rnd.IntN(3) {
		b.WriteString(syllables[n.rnd.IntN(len(syllables))])
	}
	if n.rnd.IntN(3) == 0 {
		b.WriteByte('-')
		b.WriteString([]string{"login", "update", "secure", "cdn", "mail", "pay"}[n.rnd.IntN(6)])
	}
	return fmt.Sprintf("%s%02d.%s", b.String(), n.rnd.IntN(100), []string{"example", "test"}[n.rnd.IntN(2)])
}

// address returns one of 198.19.0.0/16; those of the story are of 198.18.0.0/16.
func (n *lister) address() string {
	return fmt.Sprintf("198.19.%d.%d", n.rnd.IntN(256), 1+n.rnd.IntN(254))
}

func (n *lister) hash() string {
	return fmt.Sprintf("%016x%016x%016x%016x", n.rnd.Uint64(), n.rnd.Uint64(), n.rnd.Uint64(), n.rnd.Uint64())
}

// ago returns a moment up to so many days before the end.
func (n *lister) ago(days int) time.Time {
	return n.end.Add(-time.Duration(n.rnd.Int64N(int64(days) * int64(24*time.Hour))))
}

// domains is a list as volunteers keep them: plain lines, a few broken ones, and
// some that should never be there.
func (n *lister) domains() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Open list of bad domains, %s\n# One name per line. No warranty.\n", n.end.Format("2006-01-02"))
	special := map[int]string{
		300: prizeDomain, 700: hostingDomain + "   # phishing kit reported there", 900: exerciseDomain, 1200: ownDomain, 1500: "not a domain at all, sorry",
		1501: "http://", 1800: "198.18.400.1", 2000: "co.uk", 2200: "com", 2400: "ex[.]ample..broken",
	}
	for i := range noiseDomains {
		if line, ok := special[i]; ok {
			fmt.Fprintln(&b, line)
		}
		fmt.Fprintln(&b, n.name())
	}
	return b.Bytes()
}

// addresses is a list with the number of lists that carry each address.
func (n *lister) addresses() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# IPsum-like list, %s\n#\n", n.end.Format(time.RFC1123Z))
	for _, l := range []struct {
		value string
		lists int
	}{{scannerAddress, 9}, {publicResolver, 4}, {shopAddress, 3}} {
		fmt.Fprintf(&b, "%s\t%d\n", l.value, l.lists)
	}
	for range noiseAddresses {
		fmt.Fprintf(&b, "%s\t%d\n", n.address(), 1+min(n.rnd.IntN(9), n.rnd.IntN(9)))
	}
	return b.Bytes()
}

var families = []string{"Emotet", "AgentTesla", "RedLine Stealer", "Lumma Stealer", "njRAT", "Remcos", "FormBook", "AsyncRAT"}

// malware is a table as abuse.ch's exports are.
func (n *lister) malware() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Malware exchange, recent entries, %s\n", n.end.Format("2006-01-02 15:04:05 MST"))
	fmt.Fprintln(&b, `# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","malware_printable","last_seen_utc","confidence_level","tags"`)
	id := 1_700_000
	row := func(first, last time.Time, value, kind, threat, family string, confidence int, tags string) {
		id++
		const layout = "2006-01-02 15:04:05"
		fmt.Fprintf(&b, "%q, %q, %q, %q, %q, %q, %q, %q, %q\n",
			first.Format(layout), fmt.Sprint(id), value, kind, threat, family, last.Format(layout), fmt.Sprint(confidence), tags)
	}
	yesterday := n.end.Add(-20 * time.Hour)
	row(yesterday.Add(-30*time.Hour), yesterday, loaderURL, "url", "payload_delivery", "QakBot", 90, "zip")
	row(yesterday.Add(-24*time.Hour), yesterday, loaderHash, "sha256_hash", "payload", "QakBot", 95, "exe")
	row(yesterday.Add(-90*time.Hour), yesterday, poolHost, "domain:port", "cryptomining", "XMRig", 80, "stratum")
	long := n.end.Add(-500 * 24 * time.Hour)
	row(long, long.Add(24*time.Hour), expiredDomain, "domain", "botnet_cc", "Emotet", 75, "")
	row(long, long.Add(24*time.Hour), expiredAddress, "ip", "botnet_cc", "Emotet", 75, "")
	fmt.Fprintln(&b, `"broken row"`)
	row(yesterday, yesterday, "999.18.3.4:443", "ip:port", "botnet_cc", "Remcos", 50, "")
	row(yesterday, yesterday, "d41d8cd98f00b204", "md5_hash", "payload", "njRAT", 50, "")
	for range noiseMalware {
		first := n.ago(20)
		family := families[n.rnd.IntN(len(families))]
		switch n.rnd.IntN(4) {
		case 0:
			row(first, n.end, "http://"+n.name()+"/"+fmt.Sprintf("%06x", n.rnd.IntN(1<<24))+".bin", "url", "payload_delivery", family, 75, "")
		case 1:
			row(first, n.end, n.hash(), "sha256_hash", "payload", family, 80, "exe")
		case 2:
			row(first, n.end, fmt.Sprintf("%s:%d", n.address(), 1024+n.rnd.IntN(60000)), "ip:port", "botnet_cc", family, 75, "")
		default:
			row(first, n.end, n.name(), "domain", "botnet_cc", family, 70, "")
		}
	}
	return b.Bytes()
}
