package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/stix"
)

func TestTags(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		ctx := system(t)
		full := intel.Tag{Tag: `scale:trust="a"`, Taxonomy: "A scale", Title: "Trust: Full", Exclusive: "scale:trust"}
		half := intel.Tag{Tag: `scale:trust="b"`, Taxonomy: "A scale", Title: "Trust: Half", Exclusive: "scale:trust"}
		if _, err := s.Learn(ctx, "taxonomies", []stix.Object{full.Object(), half.Object()}); err != nil {
			t.Fatal(err)
		}
		got, err := s.Tags(ctx, []string{"Scale:trust=a", "tlp:red", "else", half.Tag, "pap:GREEN", "TLP:GREEN"})
		if err != nil {
			t.Fatal(err)
		}
		full.Tag, full.Against = "Scale:trust=a", []string{half.Tag}
		half.Against = []string{"Scale:trust=a"}
		want := []intel.Tag{
			full,
			{Tag: "tlp:red", Exclusive: "tlp", Against: []string{"TLP:GREEN"}},
			{Tag: "else"},
			half,
			{Tag: "pap:GREEN", Exclusive: "PAP"},
			{Tag: "TLP:GREEN", Exclusive: "tlp", Against: []string{"tlp:red"}},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if found, err := s.FindEntities(ctx, "trust", "", 10); err != nil || len(found) != 0 {
			t.Errorf("a tag is among the entities: %v, %v", found, err)
		}
	})
}
