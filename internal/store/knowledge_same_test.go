package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/stix"
)

// TestDecisionsAboutEntities: what an analyst says of two entities wins over their
// names, and taking it back leaves no trace but the audit log's.
func TestDecisionsAboutEntities(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx := ref.WithActor(t.Context(), ref.Actor{Ref: ref.Ref{Kind: ref.User, ID: "u"}, Name: "ana", Role: ref.Analyst})
		s := newIntel(st)
		actor := func(id, name string, aliases ...string) stix.Object {
			return stix.Object{Type: "threat-actor", ID: "threat-actor--" + id, Name: name, Aliases: aliases, Raw: []byte(`{"x_misp_galaxy":{"type":"threat-actor"}}`)}
		}
		group := stix.Object{
			Type: "intrusion-set", ID: "intrusion-set--g", Name: "Heron", Aliases: []string{"Wader"}, Raw: []byte(`{}`),
			ExternalReferences: []stix.ExternalReference{{SourceName: "mitre-attack", ExternalID: "G0999"}},
		}
		tool := stix.Object{Type: "tool", ID: "tool--t", Name: "Heron", Raw: []byte(`{}`)}
		if _, err := s.Learn(ctx, "test", []stix.Object{group, actor("1", "Heron"), actor("2", "Egret", "Wader"), tool}); err != nil {
			t.Fatal(err)
		}
		meanings := func() (out []string) {
			found, err := s.Resolve(ctx, []string{"Wader"})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range found["Wader"] {
				line := m.Name
				for _, x := range m.Same {
					line += " = " + x.Name
				}
				out = append(out, line)
			}
			return out
		}
		before := meanings()
		if diff := cmp.Diff([]string{"Heron = Heron", "Egret"}, before); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
		const g, a1, a2 = "intrusion-set--g", "threat-actor--1", "threat-actor--2"
		for _, step := range []struct {
			a, b, verdict string
			want          []string
		}{
			{a1, g, "different", []string{"Heron = Egret"}}, // the second best is the best now
			{a2, g, "different", []string{"Heron", "Egret"}},
			{g, a2, "same", []string{"Heron = Egret"}},
			{a2, g, "undecided", []string{"Heron = Egret"}},
			{g, a1, "undecided", before},
		} {
			if err := s.Decide(ctx, step.a, step.b, step.verdict, "read both reports"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(step.want, meanings()); diff != "" {
				t.Errorf("after %v: -want +got\n%s", step, diff)
			}
		}
		for _, bad := range [][4]string{{g, g, "same", "x"}, {g, a1, "same", " "}, {g, a1, "perhaps", "x"}, {g, "tool--t", "same", "x"}} {
			if err := s.Decide(ctx, bad[0], bad[1], bad[2], bad[3]); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%v: %v", bad, err)
			}
		}
		if err := s.Decide(ctx, g, "tool--none", "same", "x"); errs.KindOf(err) != errs.NotFound {
			t.Error(err)
		}
		viewer := ref.WithActor(t.Context(), ref.Actor{Name: "vic", Role: ref.Viewer})
		if err := s.Decide(viewer, g, a1, "same", "x"); errs.KindOf(err) != errs.Denied {
			t.Error(err)
		}
		var _ intel.Names = st.Knowledge()
		storetest.CheckStore(t, st)
	})
}
