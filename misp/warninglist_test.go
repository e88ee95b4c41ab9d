package misp_test

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/misp"
)

var (
	hostAttributes = []string{"domain", "hostname", "domain|ip", "url", "hostname|port"}
	netAttributes  = []string{"ip-src", "ip-dst", "domain|ip", "ip-src|port", "ip-dst|port"}
	allAttributes  = append(hostAttributes[:len(hostAttributes):len(hostAttributes)], netAttributes...)
)

func list(kind string, attributes []string, entries ...string) misp.WarningList {
	return misp.WarningList{Name: "list", Type: kind, MatchingAttributes: attributes, List: entries}
}

// The rows of the acceptance corpus: "match ENTRY", "overlap ENTRY", "no", or
// "refused" when the value does not parse.
func TestAcceptance(t *testing.T) {
	hostname := list(misp.ListHostname, hostAttributes, "example.com", "github.com")
	str := list(misp.ListString, hostAttributes, "example.com")
	cidr := list(misp.ListCIDR, netAttributes, "10.0.0.0/8", "8.8.8.8", "2001:db8::/32", "192.168.1.5/16", "1.2.3.0/24")
	substring := list(misp.ListSubstring, hostAttributes, "microsoft.com", "go.com")
	github := list(misp.ListString, hostAttributes, "github.com")
	tests := []struct {
		row  string
		list misp.WarningList
		raw  string
		want string
	}{
		{"1", hostname, "http://example.com/x", "match example.com"},
		{"2", hostname, "http://example.com:8080/x", "match example.com"},
		{"3", hostname, "http://EXAMPLE.com/x", "match example.com"},
		{"4", hostname, "Example.COM", "match example.com"},
		{"5", hostname, "http://user@example.com/x", "match example.com"},
		{"6", hostname, "https://example.com?x=1", "match example.com"},
		{"7", hostname, "www.example.com", "match example.com"},
		{"8", hostname, "example.com:443", "match example.com"},
		{"9", hostname, "example.com|443", "match example.com"},
		{"10", hostname, "//example.com/x", "match example.com"},
		{"11", hostname, "example.com.", "match example.com"},
		{"12", hostname, "notexample.com", "no"},
		{"13", hostname, "http://evil.net/?u=http://example.com/", "no"},
		{"14", str, "example.com", "match example.com"},
		{"15", str, "www.example.com", "match example.com"},
		{"16", str, "Example.com", "match example.com"},
		{"17", cidr, "10.1.2.3", "match 10.0.0.0/8"},
		{"18", cidr, "10.0.0.0/8", "match 10.0.0.0/8"},
		{"19", list(misp.ListCIDR, netAttributes, "10.0.0.0/8"), "10.0.0.0/4", "overlap 10.0.0.0/8"},
		{"20", cidr, "8.8.8.8", "match 8.8.8.8"},
		{"21", cidr, "8.8.8.8:53", "match 8.8.8.8"},
		{"22a", cidr, "2001:db8::1", "match 2001:db8::/32"},
		{"22b", cidr, "2001:0DB8::1", "match 2001:db8::/32"},
		{"23", cidr, "192.168.9.9", "match 192.168.0.0/16"},
		{"24", cidr, "::ffff:10.1.2.3", "match 10.0.0.0/8"},
		{"25", cidr, "010.1.2.3", "refused"},
		{"26", cidr, "1.2.3.4/24", "match 1.2.3.0/24"},
		{"27", cidr, "1.2.3.4", "match 1.2.3.0/24"},
		{"28", substring, "evil-microsoft.com.attacker.ru", "no"},
		{"29", substring, "http://bingo.com.cn/", "no"},
		{"30", substring, "mango.com", "no"},
		{"30b", substring, "abc.go.com", "match go.com"},
		{"31a", list(misp.ListSubstring, allAttributes, "52.168.52.134"), "152.168.52.134", "no"},
		{"31b", list(misp.ListSubstring, allAttributes, "52.168.52.134"), "52.168.52.134", "match 52.168.52.134"},
		{"33a", github, "www.github.com", "match github.com"},
		{"33b", github, "https://github.com", "match github.com"},
		{"33c", github, "https://github.com/", "match github.com"},
		{"34", list(misp.ListSubstring, hostAttributes, "mcafee.com"), "howtoactivatemcafee.com", "no"},
		{"36", cidr, "8.8.8.0/24", "overlap 8.8.8.8"},
		{"37", str, "example.com/x", "match example.com"},
		{"specific", list(misp.ListHostname, hostAttributes, "com", "example.com", "a.example.com"), "b.a.example.com", "match a.example.com"},
		{"suffix", list(misp.ListString, hostAttributes, "github.io", "co.uk"), "evil.github.io", "no"},
		{"suffix itself", list(misp.ListString, hostAttributes, "github.io", "co.uk"), "co.uk", "match co.uk"},
		{"suffix meant", list(misp.ListHostname, hostAttributes, ".github.io"), "evil.github.io", "match github.io"},
		{"url at an address", cidr, "http://10.1.2.3:8080/x", "match 10.0.0.0/8"},
		{"other type", list(misp.ListHostname, []string{"domain"}, "example.com"), "http://example.com/", "no"},
		{"hash", list(misp.ListString, []string{"md5"}, "D41D8CD98F00B204E9800998ECF8427E"), "d41d8cd98f00b204e9800998ecf8427e", "match d41d8cd98f00b204e9800998ecf8427e"},
		{"mail", list(misp.ListSubstring, []string{"email-src"}, "mail.example"), "a@x.mail.example", "match mail.example"},
	}
	for _, tt := range tests {
		set, refused := misp.Compile([]misp.WarningList{tt.list})
		if len(refused) != 0 {
			t.Errorf("row %s: refused %v", tt.row, refused)
		}
		typ, v, err := indicator.Detect(tt.raw)
		got := "no"
		if err != nil {
			got = "refused"
		} else if hits := set.Match(typ, v); len(hits) > 0 {
			got = "match " + hits[0].Entry
			if hits[0].Overlap {
				got = "overlap " + hits[0].Entry
			}
		}
		if got != tt.want {
			t.Errorf("row %s: %s: %s, want %s", tt.row, tt.raw, got, tt.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		list misp.WarningList
		want []misp.Refusal
	}{
		{ // row 35
			list(misp.ListSubstring, hostAttributes, "77", "localhost", "ok.example"),
			[]misp.Refusal{{"list", "77", "too-short"}, {"list", "localhost", "not-a-host"}},
		},
		{ // row 32: nothing here is a telephone number
			list(misp.ListRegex, []string{"phone-number"}, `/01914980([0-9]{3})/g`),
			[]misp.Refusal{{"list", "", "no-type"}},
		},
		{
			list(misp.ListRegex, []string{"email-src"}, `/(?<=x)y/g`, `/a/y`, `/ok/gi`),
			[]misp.Refusal{{"list", `/(?<=x)y/g`, "bad-regexp"}, {"list", "/a/y", "bad-regexp"}},
		},
		{
			list(misp.ListCIDR, netAttributes, "0.0.0.0/0", "010.1.2.3"),
			[]misp.Refusal{{"list", "0.0.0.0/0", "too-wide"}, {"list", "010.1.2.3", "bad-address"}},
		},
		{list("telepathy", hostAttributes, "x.example"), []misp.Refusal{{"list", "", "list-type"}}},
		{list(misp.ListHostname, hostAttributes, "two words"), []misp.Refusal{{"list", "two words", "bad-domain"}}},
	}
	for _, tt := range tests {
		_, got := misp.Compile([]misp.WarningList{tt.list})
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
}

func TestRegexp(t *testing.T) {
	set, _ := misp.Compile([]misp.WarningList{list(misp.ListRegex, []string{"email-src"}, `/^(security|noc|soc|abuse)\@.*\..*$/gi`)})
	for v, want := range map[string]int{"abuse@isp.example": 1, "alice@isp.example": 0} {
		if got := len(set.Match(indicator.Email, v)); got != want {
			t.Errorf("%s: %d hits, want %d", v, got, want)
		}
	}
}

// TestPublished compiles what MISP publishes and asks for well-known values.
func TestPublished(t *testing.T) {
	lists := published(t)
	set, refused := misp.Compile(lists)
	entries, counted := 0, map[string]int{}
	for _, l := range lists {
		entries += len(l.List)
	}
	lost := 0
	for _, r := range refused {
		counted[r.Reason]++
		lost++
		if r.Entry == "" {
			lost-- // a whole list
			for _, l := range lists {
				if l.Name == r.List {
					lost += len(l.List)
				}
			}
		}
	}
	t.Logf("%d lists, %d entries, %d in use, refused %v", len(lists), entries, set.Entries(), counted)
	if len(lists) != 136 || entries != 528_972 {
		t.Errorf("%d lists with %d entries, want 136 with 528,972", len(lists), entries)
	}
	if set.Entries()+lost != entries {
		t.Errorf("%d entries, but %d in use and %d refused", entries, set.Entries(), lost)
	}
	if lost > 100 {
		t.Errorf("%d entries refused", lost)
	}
	for raw, want := range map[string]string{
		"10.1.2.3":                         "suppress List of RFC 1918 CIDR blocks: 10.0.0.0/8",
		"8.8.8.8":                          "suppress List of known IPv4 public DNS resolvers: 8.8.8.8",
		"d41d8cd98f00b204e9800998ecf8427e": "suppress List of known hashes for empty files: d41d8cd98f00b204e9800998ecf8427e",
		"www.google.com":                   "downgrade List of known google domains: www.google.com",
		"https://bit.ly/x":                 "downgrade ",
		"com":                              "suppress ",
		"example.com":                      "suppress List of RFC 6761 Special-Use Domain Names: example.com",
		"evil.duckdns.org":                 "tag List of known dynamic DNS domains: duckdns.org",
		"qlkwjelkqwjelqkwje.ru":            "",
		"185.220.101.1":                    "tag ",
		"5.188.10.1":                       "",
	} {
		typ, v, err := indicator.Identify("", raw)
		if raw == "com" {
			typ, v, err = indicator.Domain, raw, nil
		}
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		found := false
		for _, h := range set.Match(typ, v) {
			got = append(got, string(h.Action)+" "+h.List+": "+h.Entry)
			found = found || strings.HasPrefix(got[len(got)-1], want)
		}
		if want == "" && got != nil || want != "" && !found {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}

func published(t testing.TB) []misp.WarningList {
	t.Helper()
	dir := realdata.Path(t, "misp-warninglists", "lists")
	files, err := filepath.Glob(dir + "/*/list.json*")
	if err != nil {
		t.Fatal(err)
	}
	var lists []misp.WarningList
	for _, name := range files {
		l, err := misp.DecodeWarningList(readFile(t, name))
		if err != nil {
			t.Fatal(name, ": ", err)
		}
		lists = append(lists, l)
	}
	return lists
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzWarningList(f *testing.F) {
	f.Add([]byte(`{"name":"n","type":"hostname","matching_attributes":["domain"],"list":["a.example",".b"]}`), "a.example")
	f.Add([]byte(`{"name":"n","type":"cidr","version":3,"list":["10.0.0.0/8","::/1"]}`), "10.0.0.0/4")
	f.Add([]byte(`{"name":"n","type":"regex","list":["/a(b|c)*$/gi"]}`), "http://abc/")
	f.Fuzz(func(t *testing.T, data []byte, raw string) {
		l, err := misp.DecodeWarningList(data)
		if err != nil {
			return
		}
		set, refused := misp.Compile([]misp.WarningList{l})
		whole := len(refused) == 1 && refused[0].Entry == "" && set.Lists() == 0
		if !whole && set.Entries()+len(refused) != len(l.List) {
			t.Fatalf("%d entries, %d in use, %d refused", len(l.List), set.Entries(), len(refused))
		}
		if typ, v, err := indicator.Detect(raw); err == nil {
			for _, h := range set.Match(typ, v) {
				if h.List != l.Name || h.Entry == "" {
					t.Fatalf("%+v", h)
				}
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	set, _ := misp.Compile(published(b))
	b.ReportAllocs()
	values := []string{"www.evil.example", "10.1.2.3", "http://cdn.example.com/a/b", "185.220.101.1", "d41d8cd98f00b204e9800998ecf8427f"}
	for i := 0; b.Loop(); i++ {
		typ, v, _ := indicator.Detect(values[i%len(values)])
		set.Match(typ, v)
	}
}
