package extract_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/misp"
)

var engine *extract.Engine

func TestMain(m *testing.M) {
	engine = shipped()
	os.Exit(m.Run())
}

// shipped is an engine with what ships.
func shipped() *extract.Engine {
	var k extract.Knowledge
	var err error
	check := func() {
		if err != nil {
			panic(err)
		}
	}
	k.Catalogue, err = content.Attack()
	check()
	k.Names, err = extract.DecodeNames(content.ExtractNames())
	check()
	k.Model, err = extract.DecodeModel(content.ExtractTechniques())
	check()
	lists, err := content.WarningLists()
	if err != nil {
		panic(err)
	}
	k.Warnings, _ = misp.Compile(lists)
	return extract.New(k)
}

// seen is an item as short as a table wants it: "type value" or "type value (reason)".
func seen(items []extract.Item, kinds ...extract.Kind) []string {
	var out []string
	for _, it := range items {
		for _, k := range kinds {
			if it.Kind != k {
				continue
			}
			s := it.Type + " " + it.Value
			if it.Suppressed != "" {
				s += " (" + string(it.Suppressed) + ")"
			}
			out = append(out, s)
		}
	}
	return out
}

func observables(text string) []string {
	return seen(engine.Extract(extract.Text{Body: text}), extract.Observable, extract.Vulnerability)
}

// TestRefang: every way of defanging, one by one and mixed.
func TestRefang(t *testing.T) {
	for in, want := range map[string]string{
		"c2 at evil[.]test":                    "domain-name evil.test",
		"c2 at evil(.)test":                    "domain-name evil.test",
		"c2 at evil{.}test":                    "domain-name evil.test",
		`c2 at evil\.test`:                     "domain-name evil.test",
		"c2 at evil[dot]test":                  "domain-name evil.test",
		"c2 at evil(dot)test":                  "domain-name evil.test",
		"c2 at evil[DOT]test":                  "domain-name evil.test",
		"c2 at evil [.] test":                  "domain-name evil.test",
		"c2 at evil [dot] test":                "domain-name evil.test",
		"c2 at evil dot com":                   "domain-name evil.com",
		"c2 at www dot evil dot com":           "domain-name www.evil.com",
		"c2 at evil[.test":                     "domain-name evil.test",
		"c2 at evil.]test":                     "domain-name evil.test",
		"c2 at evil[,]test":                    "domain-name evil.test",
		"c2 at evil。com":                       "domain-name evil.com",
		"c2 at evil．com":                       "domain-name evil.com",
		"c2 at ev\u00adil\u200b[.]com":         "domain-name evil.com",
		"hxxp://evil[.]test/a":                 "url http://evil.test/a",
		"hXXps://evil[.]test/a":                "url https://evil.test/a",
		"hxxps[:]//evil[.]test/a":              "url https://evil.test/a",
		"hxxps[://]evil[.]test/a":              "url https://evil.test/a",
		"http[:]//evil.test[/]a":               "url http://evil.test/a",
		"hxxp__evil[.]test/a":                  "url http://evil.test/a",
		"meow://evil[.]test/a":                 "url http://evil.test/a",
		"fxp://evil[.]test/a":                  "url ftp://evil.test/a",
		`hxxp:\\evil[.]test/a`:                 "url http://evil.test/a",
		"http:// evil .com /path":              "url http://evil.com/path",
		"mail from bad[at]evil[.]test":         "email-addr bad@evil.test",
		"mail from bad(at)evil[.]test":         "email-addr bad@evil.test",
		"mail from bad[@]evil[.]test":          "email-addr bad@evil.test",
		"mail from bad AT evil[.]test":         "email-addr bad@evil.test",
		"687474703a2f2f6576696c2e746573742f61": "url http://evil.test/a",
		"http%3A%2F%2Fevil.test%2Fa":           "url http://evil.test/a",
		"aHR0cDovL2V2aWwudGVzdC9hL2IvYw==":     "url http://evil.test/a/b/c",
		"c2 at 198[.]18[.]0[.]7":               "ipv4-addr 198.18.0.7",
		"c2 at 198.18.0[.]7:8080":              "ipv4-addr:port 198.18.0.7:8080",
		"c2 at 198.18.0(.)0/24":                "ipv4-addr 198.18.0.0/24",
		"c2 at 2a01[:]4f8::1[:]2":              "ipv6-addr 2a01:4f8::1:2",
		"hxxps[:]//[2a01:4f8::1]/x":            "url https://[2a01:4f8::1]/x",
	} {
		got := observables(in)
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Errorf("%s:\n%s", in, diff)
		}
	}
}

// TestRefangDefang: what Vedette itself defangs it reads again.
func TestRefangDefang(t *testing.T) {
	for typ, v := range map[indicator.Type]string{
		indicator.IPv4: "198.18.0.7", indicator.IPv6: "2a01:4f8::7", indicator.Domain: "a.evil.test", indicator.URL: "https://evil.test/a?b=c", indicator.Email: "bad@evil.test",
		indicator.IPv4Port: "198.18.0.7:8080", indicator.DomainPort: "evil.test:443", indicator.MD5: "9e107d9d372bb6826bd81d3542a419d6", indicator.ASN: "AS64500",
		indicator.SHA1: "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12", indicator.MAC: "d2:fb:49:24:37:18", indicator.Vulnerability: "CVE-2024-1234567",
		indicator.SHA256: "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592", indicator.RegistryKey: `HKLM\software\evil`, indicator.Mutex: `Global\evil-1`,
		indicator.JA4: "t13d1516h2_8daaf6152771_e5627efa2ab1", indicator.FileName: "evil.exe",
	} {
		defanged := indicator.Defang(v)
		if typ == indicator.FileName {
			defanged = v
		}
		got := observables("IOC: " + defanged + " seen")
		if diff := cmp.Diff([]string{string(typ) + " " + v}, got); diff != "" {
			t.Errorf("%s:\n%s", defanged, diff)
		}
	}
}

// TestTraps: what other products' users complained of.
func TestTraps(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"file name for a domain", "It drops payload.exe, update.zip and run.sh.", []string{"file:name payload.exe", "file:name update.zip (file-or-host)", "file:name run.sh (file-or-host)"}},
		{"com file", "It starts more.com and then chcp.com.", []string{"file:name more.com (system-file)", "file:name chcp.com (system-file)"}},
		{"zip that is a host", "C2: update[.]zip and fun[.]fun", []string{"domain-name update.zip", "domain-name fun.fun"}},
		{"two endings", "opened invoice.pdf.zip", []string{"file:name invoice.pdf.zip (file-or-host)"}},
		{"detection name", "detected as W64/BURNTCIGAR.CA!tr by some", []string{"domain-name burntcigar.ca (detection-name)"}},
		{"detection name with dots", "Win32/Spy.Agent.ME and Trojan.Win32.Agent.id", []string{"domain-name spy.agent.me (detection-name)", "domain-name trojan.win32.agent.id (detection-name)"}},
		{"field path", "the field process.name and user.id and host.name", []string{"domain-name process.name (identifier)", "domain-name user.id (identifier)", "domain-name host.name (identifier)"}},
		{"package", "the app com.fake.store.app and org.telegram.info.FlyGram", []string{"domain-name com.fake.store.app (identifier)", "domain-name org.telegram.info.flygram (identifier)"}},
		{"AT inside a name", "news.ycombin-AT-or.com was visited", []string{"domain-name news.ycombin-at-or.com"}},
		{"whole name", "c2: portal.admin-mcas[.]ms", []string{"domain-name portal.admin-mcas.ms"}},
		{"hidden list", "it resolves names at 8.8.8.8", []string{"ipv4-addr 8.8.8.8 (warning-list)"}},
		{"the authors", "Source: https://lab.vendor-x.com/post\n\nContact us: research@vendor-x.com or see https://vendor-x.com/about.", []string{
			"url https://lab.vendor-x.com/post (publisher)", "email-addr research@vendor-x.com (author-contact)", "url https://vendor-x.com/about (publisher)",
		}},
		{"vendor", "as https://www.welivesecurity.com/2024/x says", []string{"url https://www.welivesecurity.com/2024/x (vendor-link)"}},
		{"long CVE", "CVE-2024-1234567 and cve-2021-44228", []string{"vulnerability CVE-2024-1234567", "vulnerability CVE-2021-44228"}},
		{"CVE with typographic hyphens", "CVE\u20112024\u20111135", []string{"vulnerability CVE-2024-1135"}},
		{"CVE too long a year", "CVE-19999-0000", nil},
		{"wrapped host", "it asks the host example-domain-for-\nwrapping[.]example for orders", []string{"domain-name example-domain-for-wrapping.example"}},
		{"wrapped hash", "d7a8fbb307d7809469ca9abcb0082e4f\n8d5651e46d3cdb762d02d0bf37c9e592", []string{"md5"}},
		{"private", "10.1.2.3, 127.0.0.1 and 192.0.2.1", []string{"ipv4-addr 10.1.2.3 (private-address)", "ipv4-addr 127.0.0.1 (special-address)", "ipv4-addr 192.0.2.1 (special-address)"}},
		{"example", "such as www.example.com", []string{"domain-name www.example.com (example-name)"}},
		{"version", "Chrome/120.0.6099.71 and version 1.2.3.4", []string{"ipv4-addr 120.0.6099.71", ""}},
		{"product", "written in Node.js and ASP.NET, sold on Booking.com", []string{"file:name node.js (product-name)", "file:name asp.net (product-name)", "domain-name booking.com (product-name)"}},
		{"internal", "the host dc01.corp.local", []string{"domain-name dc01.corp.local (internal-name)"}},
		{"defanged report", "C2: evil[.]com. Read http://blog.some-site.com/x.", []string{"domain-name evil.com", "url http://blog.some-site.com/x (reference)"}},
		{"markdown link", "see [this](http://blog.some-site.com/x)", []string{"url http://blog.some-site.com/x (reference)"}},
		{"victim", "It logs in to the victim's network at vpn.some-company.com daily.", []string{"domain-name vpn.some-company.com (victim)"}},
		{"benign", "It makes a connectivity check at www.some-site.com first.", []string{"domain-name www.some-site.com (benign)"}},
		{"key", "The RC4 key AE0E05090F3AC2B50B1BC6E91D2FE3CE is fixed", []string{"file:md5 ae0e05090f3ac2b50b1bc6e91d2fe3ce (not-a-file-hash)"}},
		{"certificate", "thumbprint: 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12", []string{"x509-certificate:sha1 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"}},
		{"longest wins", "http://evil[.]test:8080/a/b.exe?x=1", []string{"url http://evil.test:8080/a/b.exe?x=1"}},
		{"registry", `sets HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Evil today`, []string{`windows-registry-key HKLM\software\microsoft\windows nt\currentversion\evil`}},
		{"sentence without a blank", "It was malware.In addition it ran", nil},
		{"time of day", "at 12:30:45 and std::string", nil},
		{"GUID", "{4c8def29-4478-b7d5-9ee9-5c61fae3d965}", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := observables(tt.in)
			switch tt.name {
			case "wrapped hash":
				tt.want = []string{"file:md5 d7a8fbb307d7809469ca9abcb0082e4f", "file:md5 8d5651e46d3cdb762d02d0bf37c9e592"} // each is a whole MD5
			case "version":
				tt.want = []string{"ipv4-addr 1.2.3.4 (version-number)"} // 6099 is no byte
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHashesWrapped(t *testing.T) {
	in := "Value\nd7a8fbb307d7809469ca\n9abcb0082e4f8d5651e4\n6d3cdb762d02d0bf37c9\ne592\nIP"
	if diff := cmp.Diff([]string{"file:sha256 d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592"}, observables(in)); diff != "" {
		t.Error(diff)
	}
	if got := observables("d7a8fbb307d7809469ca\n9abcb0082e4f8d5651e4\nSHA-256\n6d3cdb762d02d0bf37c9\ne592"); got != nil {
		t.Errorf("half a hash became %q", got)
	}
	got := observables("SHA-256\nd7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3c\ndb762d02d0bf37c9e592")
	if diff := cmp.Diff([]string{"file:sha256 d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRoles(t *testing.T) {
	for in, want := range map[string]extract.Role{
		"its C&C server is 198.18.0.7":              extract.RoleC2,
		"it downloads the payload from 198.18.0.7":  extract.RoleDelivery,
		"## References\n\nhttp://some-site.com/a":   extract.RoleReference,
		"## C2 servers\n\n- 198.18.0.7":             extract.RoleC2,
		"## Targeted networks\n\n- 198.18.0.0/24\n": extract.RoleVictim,
		"d7a8fbb307d7809469ca9abcb0082e4f":          extract.RoleSample,
	} {
		items := engine.Extract(extract.Text{Body: in})
		i := 0
		for i < len(items) && items[i].Kind != extract.Observable {
			i++
		}
		if i == len(items) || items[i].Role != want {
			t.Errorf("%q: want role %s, got %+v", in, want, items)
		}
	}
}

func TestSpans(t *testing.T) {
	body := "Intro.\n\nThe group Lazarus used hxxps[:]//evil[.]test/a and CVE-2021-44228. T1059.001 was seen.\n"
	for _, it := range engine.Extract(extract.Text{Body: body, Pages: []int{0, 8}}) {
		got := body[it.Span[0]:it.Span[1]]
		if it.Text != "" && got != it.Text || it.Text == "" && !strings.Contains(strings.Join(strings.Fields(got), " "), it.Sentence) {
			t.Errorf("span %v is %q, item %+v", it.Span, got, it)
		}
		if it.Page != 2 {
			t.Errorf("%s is on page %d, want 2", it.Value, it.Page)
		}
	}
}
