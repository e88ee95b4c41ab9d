package misp_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/source/misp"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
)

const event = `{"Event":{"Attribute":[
{"uuid":"u1","type":"domain|ip","category":"Network activity","to_ids":true,"value":"evil.example|203.0.113.1","comment":"c2","Tag":[{"name":"kill-chain:Command and Control"}]},
{"uuid":"u2","type":"ip-dst|port","to_ids":true,"value":"2001:db8::1|443"},
{"uuid":"u3","type":"filename|sha256","to_ids":"1","value":"a.exe|aabb"},
{"uuid":"u4","type":"ip-src","to_ids":false,"value":"203.0.113.2","first_seen":"2026-02-03T00:00:00+00:00"},
{"uuid":"u5","type":"link","value":"https://report.example/"},
{"uuid":"u6","type":"comment","value":"text"},
{"uuid":"u7","type":"md5","value":"cc","deleted":true},
{"uuid":"u8","type":"from-the-future","value":"x"},
{"uuid":"u9","type":"AS","to_ids":true,"value":64512}
],"Object":[{"name":"file","comment":"dropper","Attribute":[{"uuid":"u10","type":"sha1","to_ids":true,"value":"dd"},{"uuid":"u11","type":"size-in-bytes","value":"12"}]}],
"Tag":[{"name":"tlp:green"},{"name":"misp-galaxy:mitre-intrusion-set=\"APT29 - G0016\""},{"name":"misp-galaxy:country=\"france\""}],
"Galaxy":[{"type":"threat-actor","GalaxyCluster":[{"value":"Cozy Bear"}]}],
"date":"2026-01-02","info":"A campaign","threat_level_id":"1"}}`

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{
		Parser: misp.Parser{}, Name: "event.json", Good: event, Claims: 7,
		Drops: map[string]int{"type-link": 1, "type-comment": 1, "deleted": 1, "unknown-type": 1, "type-size-in-bytes": 1},
		Wrong: `{"config":{"blocklist":[1,2]}}`,
	})
}

func FuzzParse(f *testing.F) {
	sourcetest.Fuzz(f, misp.Parser{}, collect.Options{}, event, `{"response":[{"Event":{"Attribute":null}}]}`, `[{"type":"url","value":"x"}]`, `{"response":{"Attribute":[{}]}}`)
}

func parse(t *testing.T, in string) (sourcetest.Sink, error) {
	t.Helper()
	var s sourcetest.Sink
	err := (misp.Parser{}).Parse(t.Context(), collect.Input{Name: "e.json", Reader: strings.NewReader(in)}, &s)
	return s, err
}

func TestClaims(t *testing.T) {
	s, err := parse(t, event)
	if err != nil {
		t.Fatal(err)
	}
	date := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	want := indicator.Claim{
		Type: indicator.Domain, Raw: "evil.example", Names: []string{"APT29", "Cozy Bear"}, Tags: []string{`misp-galaxy:country="france"`, "kill-chain:Command and Control"},
		TLP: indicator.TLPGreen, Layer: indicator.IOC, KillChain: "command and control", FirstSeen: date, Comment: "A campaign: c2",
		Reference: "https://report.example/", ExternalID: "u1", File: "e.json", Line: 2,
	}
	if diff := cmp.Diff(want, s.Claims[0]); diff != "" {
		t.Error(diff)
	}
	var got []string
	for _, c := range s.Claims {
		got = append(got, string(c.Type)+" "+c.Raw)
	}
	if diff := cmp.Diff([]string{
		"domain-name evil.example", "ipv4-addr 203.0.113.1", "ipv6-addr:port [2001:db8::1]:443", "file:sha256 aabb",
		"ipv4-addr 203.0.113.2", "autonomous-system 64512", "file:sha1 dd",
	}, got); diff != "" {
		t.Error(diff)
	}
	if c := s.Claims[3]; c.Comment != "A campaign; file a.exe" || c.Confidence != 0 {
		t.Errorf("composite: %+v", c)
	}
	if c := s.Claims[4]; c.Confidence != 20 || c.Tags[len(c.Tags)-1] != "to_ids:false" || c.FirstSeen.Month() != time.February {
		t.Errorf("not for detection: %+v", c)
	}
	if c := s.Claims[6]; c.Comment != "A campaign: dropper" {
		t.Errorf("object: %+v", c)
	}
}

func TestShapes(t *testing.T) {
	const a = `{"type":"url","value":"http://e.example/","to_ids":true}`
	for name, in := range map[string]string{
		"search":           `{"response":[{"Event":{"info":"x","Attribute":[` + a + `]}}]}`,
		"attribute search": `{"response":{"Attribute":[` + a + `]}}`,
		"list":             `[` + a + `]`,
		"lines":            `{"Event":{"Attribute":[` + a + "]}}\n",
		"bare event":       `{"info":"x","Attribute":[` + a + `]}`,
		"bare attribute":   a,
		"trailing commas":  `[` + a + ",\n ]",
		"odd tags":         `[{"type":"url","value":"http://e.example/","to_ids":true,"Tag":{"name":7}}]`,
	} {
		s, err := parse(t, in)
		if err != nil || len(s.Claims) != 1 || s.Claims[0].Raw != "http://e.example/" || s.Total() != 1 {
			t.Errorf("%s: %+v %v %v", name, s.Claims, s.Drops, err)
		}
	}
}

func TestTruncatedKeepsWhatWasRead(t *testing.T) {
	s, err := parse(t, event[:strings.Index(event, `{"uuid":"u4"`)])
	if errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), "3 attributes") || len(s.Claims) != 4 {
		t.Fatalf("%d claims, %v", len(s.Claims), err)
	}
}

func TestManifest(t *testing.T) {
	const in = `{"5a0bd1f4-0000-4000-8000-000000000001":{"info":"A","timestamp":"1700000000","Orgc":{"name":"x"}}}`
	got, err := misp.ReadManifest(strings.NewReader(in), 10)
	want := []misp.ManifestEntry{{UUID: "5a0bd1f4-0000-4000-8000-000000000001", Info: "A", Timestamp: "1700000000"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := misp.ReadManifest(strings.NewReader(`{"../../etc/passwd":{}}`), 10); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a path as a UUID: %v", err)
	}
	s, err := parse(t, in)
	if err != nil || s.Drops["manifest-entry"] != 1 {
		t.Errorf("as a feed file: %v %v", s.Drops, err)
	}
}

func TestRealEvents(t *testing.T) {
	for _, folder := range []string{"misp-event", "feeds-eset"} {
		files, claims := 0, 0
		types, drops := map[indicator.Type]int{}, map[string]int{}
		err := fetch.Walk(realdata.Path(t, folder), fetch.Limits{}, func(name string, r io.Reader) error {
			if !strings.HasSuffix(strings.TrimSuffix(name, ".gz"), ".json") || !strings.Contains(name, "misp") {
				return nil
			}
			files++
			var s sourcetest.Sink
			if err := (misp.Parser{}).Parse(t.Context(), collect.Input{Name: name, Reader: r}, &s); err != nil {
				return err
			}
			claims += len(s.Claims)
			for _, c := range s.Claims {
				types[c.Type]++
			}
			for k, n := range s.Drops {
				drops[k] += n
			}
			if len(s.Claims) == 0 {
				t.Errorf("%s: no claims, drops %v", name, s.Drops)
			}
			if n := s.Drops["unknown-type"]; n > 0 {
				t.Errorf("%s: %d of unknown type: %s", name, n, s.Samples["unknown-type"])
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d files, %d claims %v, drops %v", folder, files, claims, types, drops)
	}
}
