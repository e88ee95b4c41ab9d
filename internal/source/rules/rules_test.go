package rules_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/source/rules"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
)

const file = `# our rules
alert http $HOME_NET any -> any any (msg:"Quack; calls \"home\""; http.uri; content:"/a\;b)"; reference:url,example.com/r; reference:cve,2024-1234; classtype:trojan-activity; sid:1000001; rev:2; metadata:created_at 2024_03_01, updated_at 2024_04_02, malware_family Quack;)
#alert dns any any -> any any (msg:"off"; sid:1000002;)
drop tcp any any -> 198.51.100.7 443 (msg:"two lines"; \
  sid:1000003; rev:1;)
alert tcp any any -> any any (msg:"no number";)
not a rule
`

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{
		Parser: rules.Parser{}, Name: "duck.rules", Good: file, Objects: 2, Drops: map[string]int{"disabled": 1, "no-sid": 1, "not-a-rule": 1}, Lines: true,
	})
}

func FuzzParse(f *testing.F) {
	sourcetest.Fuzz(f, rules.Parser{}, collect.Options{}, file, `alert ip a b -> c d (sid:1;\`, "alert tcp a b <> c (\"", `alert ip a b -> c d (msg:"\";sid:`)
}

func TestRule(t *testing.T) {
	var s sourcetest.Sink
	if err := (rules.Parser{}).Parse(t.Context(), collect.Input{Name: "duck.rules", Reader: strings.NewReader(file)}, &s); err != nil {
		t.Fatal(err)
	}
	o := s.Objects[0]
	var raw struct {
		Pattern string            `json:"pattern"`
		Type    string            `json:"pattern_type"`
		Meta    map[string]string `json:"x_vedette_meta"`
	}
	if err := json.Unmarshal(o.Raw, &raw); err != nil {
		t.Fatal(err)
	}
	if raw.Pattern != strings.Split(file, "\n")[1] || raw.Type != "suricata" || o.Name != `Quack; calls "home"` {
		t.Errorf("%s %q: %s", raw.Type, o.Name, raw.Pattern)
	}
	if d := cmp.Diff([]string{"trojan-activity", "Quack"}, o.Labels); d != "" {
		t.Error(d)
	}
	if raw.Meta["sid"] != "1000001" || raw.Meta["rev"] != "2" || raw.Meta["action"] != "alert" || !o.Modified.Equal(time.Date(2024, 4, 2, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("meta %v, modified %v", raw.Meta, o.Modified)
	}
	if len(o.ExternalReferences) != 2 || o.ExternalReferences[0].URL != "https://example.com/r" || o.ExternalReferences[1].ExternalID != "CVE-2024-1234" {
		t.Errorf("references %+v", o.ExternalReferences)
	}
	if two := s.Objects[1]; two.Name != "two lines" || two.Line != 4 {
		t.Errorf("a rule of two lines: %+v", two)
	}
}

func TestRealRules(t *testing.T) {
	files, found := 0, 0
	err := fetch.Walk(realdata.Path(t, "feeds-volexity"), fetch.Limits{}, func(name string, r io.Reader) error {
		if !strings.HasSuffix(name, ".rules") {
			return nil
		}
		var s sourcetest.Sink
		if err := (rules.Parser{}).Parse(t.Context(), collect.Input{Name: name, Reader: r}, &s); err != nil {
			return err
		}
		if len(s.Objects) == 0 || len(s.Claims) > 0 {
			t.Errorf("%s: %d rules, drops %v %v", name, len(s.Objects), s.Drops, s.Samples)
		}
		files, found = files+1, found+len(s.Objects)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rules in %d files", found, files)
	if files < 5 {
		t.Errorf("%d files", files)
	}
}
