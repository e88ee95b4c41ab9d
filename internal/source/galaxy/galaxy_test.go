package galaxy_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/source/galaxy"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
)

const cluster = `{"authors":["us"],"category":"actor","name":"Threat Actor","type":"threat-actor","uuid":"7cdff317-a673-4474-84ec-4f1754947823","version":1,"values":[
{"uuid":"092622dd-7673-487b-af2e-03529809c910","value":"Grey Heron","description":"fishes","meta":{"synonyms":["GH-1","Grey Heron"],"country":"AQ","cfr-suspected-victims":["Norway"],"targeted-sector":"Energy","refs":["https://a.example"]},
 "related":[{"dest-uuid":"a1ad5090-2487-46d2-8237-6151a2dd5063","type":"similar"},{"dest-uuid":"00000000-0000-4000-8000-000000000000","type":"uses"}]},
{"uuid":"a1ad5090-2487-46d2-8237-6151a2dd5063","value":"White Egret"},
{"uuid":"no","value":"nobody"}]}`

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{
		Parser: galaxy.Parser{}, Name: "threat-actor.json", Good: cluster, Objects: 3, Drops: map[string]int{"relation-outside": 1, "no-name": 1},
		Wrong: `{"authors":[],"category":"x"}`,
	})
}

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, galaxy.Parser{}, collect.Options{}, cluster) }

func TestObject(t *testing.T) {
	var s sourcetest.Sink
	if err := (galaxy.Parser{}).Parse(t.Context(), collect.Input{Name: "c.json", Reader: strings.NewReader(cluster)}, &s); err != nil {
		t.Fatal(err)
	}
	var raw struct {
		Galaxy map[string]any `json:"x_misp_galaxy"`
	}
	if err := json.Unmarshal(s.Objects[0].Raw, &raw); err != nil {
		t.Fatal(err)
	}
	o := s.Objects[0]
	got := map[string]any{"id": o.ID, "aliases": strings.Join(o.Aliases, ","), "victims": raw.Galaxy["victims"], "sectors": raw.Galaxy["sectors"], "country": raw.Galaxy["country"]}
	want := map[string]any{"id": "threat-actor--092622dd-7673-487b-af2e-03529809c910", "aliases": "GH-1", "victims": []any{"Norway"}, "sectors": []any{"Energy"}, "country": "AQ"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if r := s.Objects[1]; r.RelationshipType != "similar" || r.TargetRef != "threat-actor--a1ad5090-2487-46d2-8237-6151a2dd5063" {
		t.Errorf("relation %+v", r)
	}
}

// TestRealClusters: all published clusters are read, and all their values are kept
// or counted.
func TestRealClusters(t *testing.T) {
	kept, values, files := 0, 0, 0
	err := fetch.Walk(realdata.Path(t, "misp-galaxy", "clusters"), fetch.Limits{}, func(name string, r io.Reader) error {
		raw, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		var f struct{ Values []json.RawMessage }
		if err := json.Unmarshal(raw, &f); err != nil {
			return err
		}
		if got := (galaxy.Parser{}).Recognise(name, raw[:min(len(raw), 4096)]); got < 90 {
			t.Errorf("%s is recognised with %d", name, got)
		}
		var s sourcetest.Sink
		if err := (galaxy.Parser{}).Parse(t.Context(), collect.Input{Name: name, Reader: strings.NewReader(string(raw))}, &s); err != nil {
			return err
		}
		n := 0
		for _, o := range s.Objects {
			if o.Type != "relationship" {
				n++
			}
		}
		kept += n
		for reason, k := range s.Drops {
			if reason != "relation-outside" {
				n += k
			}
		}
		if n != len(f.Values) {
			t.Errorf("%s: %d of %d values are accounted for", name, n, len(f.Values))
		}
		values, files = values+len(f.Values), files+1
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files != 129 || values != 46025 || kept < 14000 {
		t.Errorf("%d files, %d values, %d kept", files, values, kept)
	}
}
