package taxonomy_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
	"github.com/vedette-soc/vedette/internal/source/taxonomy"
)

const scale = `{"namespace":"scale","expanded":"A scale","version":1,
"predicates":[{"value":"trust","expanded":"Trust","exclusive":true},{"value":"seen","expanded":"Seen by us"},{"value":" "}],
"values":[{"predicate":"trust","entry":[{"value":"a","expanded":"Full","description":"no doubt"},{"value":"b"},{"value":"b"}]},{"predicate":"none","entry":[{"value":"x"}]}]}`

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{
		Parser: taxonomy.Parser{}, Name: "machinetag.json", Good: scale, Objects: 3, Drops: map[string]int{"twice": 1, "no-predicate": 1, "no-name": 1},
		Wrong: `{"predicates":[],"expanded":"x"}`,
	})
}

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, taxonomy.Parser{}, collect.Options{}, scale) }

func TestTags(t *testing.T) {
	var s sourcetest.Sink
	if err := (taxonomy.Parser{}).Parse(t.Context(), collect.Input{Name: "machinetag.json", Reader: strings.NewReader(scale)}, &s); err != nil {
		t.Fatal(err)
	}
	var got []intel.Tag
	for _, o := range s.Objects {
		var tag intel.Tag
		if err := json.Unmarshal(o.Raw, &tag); err != nil {
			t.Fatal(err)
		}
		got = append(got, tag)
	}
	want := []intel.Tag{
		{Tag: `scale:trust="a"`, Taxonomy: "A scale", Title: "Trust: Full", Description: "no doubt", Exclusive: "scale:trust"},
		{Tag: `scale:trust="b"`, Taxonomy: "A scale", Title: "Trust: b", Exclusive: "scale:trust"},
		{Tag: "scale:seen", Taxonomy: "A scale", Title: "Seen by us"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestRealTaxonomies: every published taxonomy is recognised, and each of its tags is kept or counted.
func TestRealTaxonomies(t *testing.T) {
	files, tags := 0, 0
	err := fetch.Walk(realdata.Path(t, "misp-taxonomies"), fetch.Limits{}, func(name string, r io.Reader) error {
		if !strings.HasSuffix(name, "machinetag.json") {
			return nil
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if (taxonomy.Parser{}).Recognise("feed", raw) == 0 {
			t.Errorf("%s is not recognised by what it says", name)
		}
		var s sourcetest.Sink
		if err := (taxonomy.Parser{}).Parse(t.Context(), collect.Input{Name: name, Reader: strings.NewReader(string(raw))}, &s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		files, tags = files+1, tags+len(s.Objects)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 150 || tags < 5000 {
		t.Errorf("%d tags of %d files", tags, files)
	}
	t.Logf("%d tags of %d files", tags, files)
}
