package stix_test

import (
	"fmt"
	"io"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
	"github.com/vedette-soc/vedette/internal/source/stix"
)

const bundle = `{"type":"bundle","id":"bundle--1","spec_version":"2.0","objects":[
{"type":"indicator","id":"indicator--1","name":"C2","description":"a server","labels":["malicious-activity"],"pattern":"[ipv4-addr:value = '203.0.113.1' OR domain-name:value = 'evil.example']","valid_from":"2026-01-02T03:04:05Z","valid_until":"2027-01-02T03:04:05Z","confidence":80,"kill_chain_phases":[{"kill_chain_name":"mitre-attack","phase_name":"command-and-control"}],"object_marking_refs":["marking-definition--9"],"external_references":[{"source_name":"r","url":"https://report.example/"}]},
{"type":"indicator","id":"indicator--2","pattern_type":"stix","pattern":"[file:name = 'a' AND file:hashes.MD5 = 'b']","object_marking_refs":["marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"]},
{"type":"indicator","id":"indicator--3","pattern_type":"yara","pattern":"rule x {}"},
{"type":"indicator","id":"indicator--4","pattern":"[broken"},
{"type":"indicator","id":"indicator--5","pattern":"[url:value = 'x']","revoked":true},
{"type":"indicator","id":"indicator--6"},
{"type":"observed-data","id":"observed-data--1","objects":{"0":{"type":"file"}}},
{"type":"ipv4-addr","id":"ipv4-addr--1","value":"203.0.113.9"},
{"id":"nothing"},
{"type":"relationship","id":"relationship--1","relationship_type":"indicates","source_ref":"indicator--1","target_ref":"malware--1"},
{"type":"malware","id":"malware--1","name":"Emotet","aliases":["Heodo"]},
{"type":"marking-definition","id":"marking-definition--9","definition_type":"tlp","definition":{"tlp":"amber"}}
]}`

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{
		Parser: stix.Parser{}, Name: "bundle.json", Good: bundle, Claims: 3, Objects: 6,
		Drops: map[string]int{"bad-pattern": 1, "revoked": 1, "no-pattern": 1, "no-type": 1},
		Wrong: "1.2.3.4\n",
	})
}

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, stix.Parser{}, collect.Options{}, bundle) }

func TestClaims(t *testing.T) {
	var s sourcetest.Sink
	if err := (stix.Parser{}).Parse(t.Context(), collect.Input{Name: "b", Reader: strings.NewReader(bundle)}, &s); err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	first := indicator.Claim{
		Type: indicator.IPv4, Raw: "203.0.113.1", Names: []string{"Emotet"}, Tags: []string{"malicious-activity"}, Confidence: 80,
		TLP: indicator.TLPAmber, Layer: indicator.IOC, KillChain: "command-and-control", FirstSeen: from, ValidFrom: from, ValidUntil: from.AddDate(1, 0, 0),
		Comment: "C2: a server", Reference: "https://report.example/", ExternalID: "indicator--1", File: "b", Line: 2,
	}
	second := first
	second.Type, second.Raw = indicator.Domain, "evil.example"
	third := indicator.Claim{
		Type: indicator.MD5, Raw: "b", TLP: indicator.TLPRed, Layer: indicator.IOC,
		ExternalID: "indicator--2", File: "b", Line: 3,
	}
	if diff := cmp.Diff([]indicator.Claim{first, second, third}, s.Claims); diff != "" {
		t.Error(diff)
	}
}

func TestPatternTypes(t *testing.T) {
	for pattern, want := range map[string]string{
		`[ipv6-addr:value = '2001:db8::1']`:                                                                 "ipv6-addr 2001:db8::1",
		`[ipv4-addr:value ISSUBSET '203.0.113.0/24']`:                                                       "ipv4-addr 203.0.113.0/24",
		`[url:value = 'https://e.example/']`:                                                                "url https://e.example/",
		`[file:hashes.'SHA-256' = 'aa']`:                                                                    "file:sha256 aa",
		`[file:hashes.md5 = 'aa']`:                                                                          "file:md5 aa",
		`[x509-certificate:hashes.'SHA-1' = 'aa']`:                                                          "x509-certificate:sha1 aa",
		`[file:hashes.SSDEEP = 'aa']`:                                                                       "stix-pattern [file:hashes.SSDEEP = 'aa']",
		`[autonomous-system:number = 64512]`:                                                                "autonomous-system AS64512",
		`[mutex:name = 'm']`:                                                                                "mutex m",
		`[windows-registry-key:key = 'HKLM\\\\a']`:                                                          `windows-registry-key HKLM\\a`,
		`[network-traffic:dst_ref.value = '203.0.113.1']`:                                                   " 203.0.113.1",
		`[process:command_line = 'x']`:                                                                      "stix-pattern [process:command_line = 'x']",
		`[url:value = 'a' OR process:command_line = 'x']`:                                                   "stix-pattern [url:value = 'a' OR process:command_line = 'x']",
		`[domain-name:value ISSUBSET 'x']`:                                                                  "stix-pattern [domain-name:value ISSUBSET 'x']",
		`[email-message:from_ref.value = 'a@b.example']`:                                                    "email-addr a@b.example",
		`[file:name = 'a' AND file:hashes.MD5 = 'bb' AND file:size = 5]`:                                    "file:md5 bb",
		`[file:name = 'a' AND file:hashes.SSDEEP = 'bb']`:                                                   "stix-pattern [file:name = 'a' AND file:hashes.SSDEEP = 'bb']",
		`[file:hashes.MD5 = 'bb' AND process:pid = 5]`:                                                      "stix-pattern [file:hashes.MD5 = 'bb' AND process:pid = 5]",
		`[file:hashes.MD5 = 'bb' AND file:name != 'a']`:                                                     "stix-pattern [file:hashes.MD5 = 'bb' AND file:name != 'a']",
		`[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.1']`:    " 203.0.113.1",
		`[network-traffic:dst_ref.value = '203.0.113.1' AND network-traffic:dst_port = '443']`:              "ipv4-addr:port 203.0.113.1:443",
		`[network-traffic:dst_ref.value = '203.0.113.1' AND network-traffic:src_ref.value = '203.0.113.2']`: "stix-pattern [network-traffic:dst_ref.value = '203.0.113.1' AND network-traffic:src_ref.value = '203.0.113.2']",
		`[domain-name:value = 'a.example' AND network-traffic:dst_port = 8443]`:                             "domain-name:port a.example:8443",
		`[domain-name:value = 'a.example' AND domain-name:resolves_to_refs[*].value = '203.0.113.1']`:       "domain-name a.example",
		`[windows-registry-key:key = 'HKLM\\a' AND windows-registry-key:values.data = 'x']`:                 `windows-registry-key HKLM\a`,
		`[user-account:account_type = 'github' AND user-account:account_login = 'x']`:                       "stix-pattern [user-account:account_type = 'github' AND user-account:account_login = 'x']",
		`[email-message:to_refs[*].value = 'a@b.example']`:                                                  "email-addr a@b.example",
		`[email-message:to_refs[0].value = 'a@b.example']`:                                                  "stix-pattern [email-message:to_refs[0].value = 'a@b.example']",
		`[autonomous-system:number = '174']`:                                                                "autonomous-system AS174",
		`[network-traffic:dst_port = 443]`:                                                                  "stix-pattern [network-traffic:dst_port = 443]",
		`[ipv4-addr:value = '']`:                                                                            "stix-pattern [ipv4-addr:value = '']",
	} {
		var s sourcetest.Sink
		in := fmt.Sprintf(`{"type":"indicator","id":"indicator--1","pattern":%q}`, pattern)
		if err := (stix.Parser{}).Parse(t.Context(), collect.Input{Name: "b", Reader: strings.NewReader(in)}, &s); err != nil {
			t.Fatal(err)
		}
		if len(s.Claims) != 1 || string(s.Claims[0].Type)+" "+s.Claims[0].Raw != want {
			t.Errorf("%s: got %+v %v, want %s", pattern, s.Claims, s.Drops, want)
		}
	}
}

// TestMemoryIsBounded reads more indicators than may be held: none is lost.
func TestMemoryIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "{\"type\":\"indicator\",\"id\":\"indicator--%d\",\"pattern\":\"[domain-name:value = 'e%d.example']\"}\n", i, i)
	}
	var s sourcetest.Sink
	in := collect.Input{Name: "b", Reader: strings.NewReader(b.String()), MaxBytes: 100_000}
	if err := (stix.Parser{}).Parse(t.Context(), in, &s); err != nil || len(s.Claims) != 5000 {
		t.Fatalf("%d claims, %v", len(s.Claims), err)
	}
}

func TestTruncatedKeepsWhatWasRead(t *testing.T) {
	cut := bundle[:strings.Index(bundle, `{"type":"indicator","id":"indicator--3"`)+20]
	var s sourcetest.Sink
	err := (stix.Parser{}).Parse(t.Context(), collect.Input{Name: "b.json", Reader: strings.NewReader(cut)}, &s)
	if errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), "2 objects") || len(s.Claims) != 3 {
		t.Fatalf("%d claims, %v", len(s.Claims), err)
	}
}

func TestRealBundles(t *testing.T) {
	for _, tt := range []struct {
		folder  string
		entries int // claims' indicators + objects + drops: every object of every file
		named   bool
	}{{"stix-unit42-reports", 0, false}, {"stix-unit42-playbooks", 0, true}} {
		files, named := 0, 0
		all := sourcetest.Sink{}
		err := fetch.Walk(realdata.Path(t, tt.folder), fetch.Limits{}, func(name string, r io.Reader) error {
			if path.Ext(strings.TrimSuffix(name, ".gz")) != ".json" {
				return nil
			}
			files++
			before := all.Total()
			if err := (stix.Parser{}).Parse(t.Context(), collect.Input{Name: name, Reader: r}, &all); err != nil {
				return err
			}
			if all.Total() == before {
				t.Errorf("%s gave nothing", name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		types := map[indicator.Type]int{}
		for _, c := range all.Claims {
			types[c.Type]++
			if len(c.Names) > 0 {
				named++
			}
		}
		if tt.named && named == 0 {
			t.Errorf("%s: no claim has a name", tt.folder)
		}
		t.Logf("%s: %d files, %d claims (%d named) %v, %d objects, drops %v", tt.folder, files, len(all.Claims), named, types, len(all.Objects), all.Drops)
	}
}

// TestATTACK passes the whole catalogue on as objects.
func TestATTACK(t *testing.T) {
	err := fetch.Walk(realdata.Path(t, "attack", "enterprise-attack-18.1.json.gz"), fetch.Limits{}, func(name string, r io.Reader) error {
		var s sourcetest.Sink
		if err := (stix.Parser{}).Parse(t.Context(), collect.Input{Name: name, Reader: r}, &s); err != nil {
			return err
		}
		if len(s.Objects) != 24771 || len(s.Claims) != 0 || len(s.Drops) != 0 {
			t.Errorf("%d objects, %d claims, drops %v; want 24,771 objects", len(s.Objects), len(s.Claims), s.Drops)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
