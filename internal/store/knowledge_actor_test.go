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

// TestActors: all actors are joined over vocabularies, with what they and their
// campaigns use and target; what an analyst says of one is kept and can be taken
// back.
func TestActors(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx := ref.WithActor(t.Context(), ref.Actor{Ref: ref.Ref{Kind: ref.User, ID: "u"}, Name: "ana", Role: ref.Analyst})
		s := newIntel(st).WithActors(st.Actors())
		named := func(kind, id, name string, aliases ...string) stix.Object {
			return stix.Object{Type: kind, ID: kind + "--" + id, Name: name, Aliases: aliases, Raw: []byte(`{}`)}
		}
		galaxy := named("threat-actor", "g", "Grey Heron", "Heron")
		galaxy.Raw = []byte(`{"x_misp_galaxy":{"type":"threat-actor","cfr-suspected-victims":["Norway"],"country":"AQ","victims":["Norway"]}}`)
		attacker := named("intrusion-set", "a", "Heron")
		attacker.ExternalReferences = []stix.ExternalReference{{SourceName: "mitre-attack", ExternalID: "G0999"}}
		gone := named("intrusion-set", "old", "Gone")
		gone.Revoked = true
		relation := func(n, from, kind, to string) stix.Object {
			return stix.Object{Type: "relationship", ID: "relationship--" + n, SourceRef: from, RelationshipType: kind, TargetRef: to, Raw: []byte(`{}`)}
		}
		_, err := s.Learn(ctx, "test", []stix.Object{
			galaxy, attacker, gone, named("campaign", "c", "Tide"), named("malware", "m", "Otter"), named("tool", "t", "Lever"), named("identity", "i", "energy"), named("intrusion-set", "b", "Egret"),
			relation("1", "campaign--c", "attributed-to", "intrusion-set--a"), relation("2", "campaign--c", "uses", "tool--t"),
			relation("3", "intrusion-set--a", "uses", "malware--m"), relation("4", "threat-actor--g", "targets", "identity--i"),
		})
		if err != nil {
			t.Fatal(err)
		}
		actors := func() map[string]intel.Actor {
			c, err := s.Actors(ctx)
			if err != nil {
				t.Fatal(err)
			}
			out := map[string]intel.Actor{}
			for _, a := range c.Actors {
				out[a.Name] = a
				if a.Name == "Heron" {
					var uses, targets []string
					for _, e := range c.Uses(&a, "malware", "tool") {
						uses = append(uses, e.Name)
					}
					for _, e := range c.Targeted(&a, "identity") {
						targets = append(targets, e.Name)
					}
					if diff := cmp.Diff([][]string{{"Lever", "Otter"}, {"energy"}}, [][]string{uses, targets}); diff != "" {
						t.Error(diff)
					}
				}
			}
			return out
		}
		all := actors()
		if len(all) != 2 || len(all["Heron"].Members) != 2 || len(all["Heron"].Campaigns) != 1 || all["Egret"].ID == "" {
			t.Fatalf("actors %+v", all)
		}
		if err := s.JudgeTargeting(ctx, "threat-actor--g", "yes", "seen at a peer"); err != nil {
			t.Fatal(err)
		}
		if j := actors()["Heron"].Targeting; j == nil || !j.Targets || j.By != "ana" || j.Why != "seen at a peer" {
			t.Errorf("judged %+v", j)
		}
		if err := s.JudgeTargeting(ctx, "threat-actor--g", "undecided", "a mistake"); err != nil {
			t.Fatal(err)
		}
		if j := actors()["Heron"].Targeting; j != nil {
			t.Errorf("still judged %+v", j)
		}
		for name, tt := range map[string]struct {
			id, verdict, why string
			role             ref.Role
			kind             errs.Kind
		}{
			"no reason":      {"intrusion-set--a", "yes", " ", ref.Analyst, errs.Invalid},
			"no verdict":     {"intrusion-set--a", "maybe", "because", ref.Analyst, errs.Invalid},
			"no actor":       {"malware--m", "yes", "because", ref.Analyst, errs.Invalid},
			"nobody":         {"intrusion-set--x", "yes", "because", ref.Analyst, errs.NotFound},
			"only a viewer":  {"intrusion-set--a", "yes", "because", ref.Viewer, errs.Denied},
			"a long reason":  {"intrusion-set--a", "no", string(make([]byte, 3000)), ref.Analyst, errs.Invalid},
			"not signed in.": {"intrusion-set--a", "no", "because", ref.Nobody, errs.Denied},
		} {
			as := ref.WithActor(t.Context(), ref.Actor{Name: "x", Role: tt.role})
			if err := s.JudgeTargeting(as, tt.id, tt.verdict, tt.why); errs.KindOf(err) != tt.kind {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
