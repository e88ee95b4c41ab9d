package yara_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
	"github.com/vedette-soc/vedette/internal/source/yara"
)

const file = `// our rules { "not a rule"
import "pe"
import "math"
private rule base { condition: uint16(0) == 0x5a4d }
/* rule gone { condition: true } */
rule Quack : duck apt {
	meta:
		description = "calls \"home\" } to evil.example"
		author = "us"
		date = "2024-03-01"
		reference = "https://example.com/report"
		score = 70
	strings:
		$a = { 4d 5a ?? [2-4] } // } in a comment
		$b = /a{2,3}\/"}/ nocase
		$c = "}{" wide
	condition:
		base and pe.number_of_sections > 2 and any of them
}
rule broken {
`

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{
		Parser: yara.Parser{}, Name: "duck.yar", Good: file, Objects: 2, Drops: map[string]int{"unfinished-rule": 1}, Wrong: "just words\n",
	})
}

func FuzzParse(f *testing.F) {
	sourcetest.Fuzz(f, yara.Parser{}, collect.Options{}, file, `rule a{strings:$a="\"`, "rule a:b{meta:x=\"\\", "/*", "global private rule x{condition:$a matches /[/]/}")
}

func parse(t *testing.T, name string, r io.Reader, o collect.Options) sourcetest.Sink {
	t.Helper()
	var s sourcetest.Sink
	if err := (yara.Parser{}).Parse(t.Context(), collect.Input{Name: name, Reader: r, Options: o}, &s); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

func TestRule(t *testing.T) {
	s := parse(t, "duck.yar", strings.NewReader(file), collect.Options{Tags: []string{"mine"}, TLP: indicator.TLPAmber})
	o := s.Objects[1]
	var raw struct {
		Pattern string            `json:"pattern"`
		Type    string            `json:"pattern_type"`
		Meta    map[string]string `json:"x_vedette_meta"`
	}
	if err := json.Unmarshal(o.Raw, &raw); err != nil {
		t.Fatal(err)
	}
	from, to := strings.Index(file, "rule Quack"), strings.Index(file, "\nrule broken")
	if want := "import \"pe\"\n" + file[from:to]; raw.Pattern != want || raw.Type != "yara" {
		t.Errorf("%s pattern %s, want %s", raw.Type, raw.Pattern, want)
	}
	if o.Name != "Quack" || o.Description != `calls "home" } to evil.example` || !o.Created.Equal(time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)) || o.Line != 6 {
		t.Errorf("%+v", o)
	}
	if d := cmp.Diff([]string{"duck", "apt", "mine"}, o.Labels); d != "" {
		t.Error(d)
	}
	if raw.Meta["author"] != "us" || raw.Meta["score"] != "70" || len(o.ExternalReferences) != 1 || len(o.ObjectMarkingRefs) != 1 {
		t.Errorf("meta %v, references %v, markings %v", raw.Meta, o.ExternalReferences, o.ObjectMarkingRefs)
	}
	if again := parse(t, "other.yar", strings.NewReader(file[from:]+"\n"), collect.Options{}); again.Objects[0].ID == o.ID {
		t.Error("without its import it is the same rule")
	}
	if s.Objects[0].Name != "base" || !strings.Contains(string(s.Objects[0].Raw), "private rule base") {
		t.Errorf("the private rule: %s", s.Objects[0].Raw)
	}
}

// TestRealRules: every rule of the published files is read whole: 124 lines of them
// begin one.
func TestRealRules(t *testing.T) {
	files, rules := 0, 0
	for _, dir := range []string{"feeds-eset", "feeds-volexity", "feeds-unit42"} {
		err := fetch.Walk(realdata.Path(t, dir), fetch.Limits{}, func(name string, r io.Reader) error {
			if !strings.HasSuffix(name, ".yar") && !strings.HasSuffix(name, ".yara") {
				return nil
			}
			s := parse(t, name, r, collect.Options{})
			if len(s.Claims) > 0 || len(s.Drops) > 0 || len(s.Objects) == 0 {
				t.Errorf("%s: %d rules, %d claims, drops %v", name, len(s.Objects), len(s.Claims), s.Drops)
			}
			files, rules = files+1, rules+len(s.Objects)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d rules in %d files", rules, files)
	if files < 20 || rules != 124 {
		t.Errorf("%d rules in %d files", rules, files)
	}
}
