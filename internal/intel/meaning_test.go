package intel_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/source/galaxy"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
	sourcestix "github.com/vedette-soc/vedette/internal/source/stix"
	"github.com/vedette-soc/vedette/stix"
)

// decided is a Glossary with decisions.
type decided struct {
	*intel.Glossary
	list []intel.Decision
}

func (d decided) Decisions(context.Context, []string) ([]intel.Decision, error) { return d.list, nil }

func attackGroup(n int, name string, aliases ...string) stix.Object {
	return stix.Object{
		Type: "intrusion-set", ID: fmt.Sprintf("intrusion-set--%d", n), Name: name, Aliases: aliases, Raw: []byte(`{}`),
		ExternalReferences: []stix.ExternalReference{{SourceName: "mitre-attack", ExternalID: fmt.Sprintf("G%04d", n)}},
	}
}

func mispActor(n int, name string, aliases ...string) stix.Object {
	return stix.Object{Type: "threat-actor", ID: fmt.Sprintf("threat-actor--%d", n), Name: name, Aliases: aliases, Raw: []byte(`{"x_misp_galaxy":{"type":"threat-actor"}}`)}
}

func reported(n int, kind, name string, aliases ...string) stix.Object {
	return stix.Object{Type: kind, ID: fmt.Sprintf("%s--r%d", kind, n), Name: name, Aliases: aliases, Raw: []byte(`{}`)}
}

func TestMeanings(t *testing.T) {
	objects := []stix.Object{
		attackGroup(1, "Heron", "Grey Bird", "GH-1"), mispActor(1, "Grey Bird", "gh 1", "Heron", "Wader"), mispActor(2, "Egret", "Wader", "White Bird"),
		attackGroup(2, "Stork", "Long Leg", "Clatter"), mispActor(3, "Adebar", "Long Leg"), mispActor(4, "Langbein", "Clatter"),
		attackGroup(3, "Crane", "Common Crane"), mispActor(5, "Crane"), reported(1, "threat-actor", "Common Crane"), reported(2, "threat-actor", "Common Crane"),
		reported(3, "malware", "Quack"), reported(4, "malware", "quack"), reported(5, "tool", "Quack"), reported(6, "threat-actor", "Quack"),
		{Type: "intrusion-set", ID: "intrusion-set--old", Name: "Old Duck", Revoked: true, Raw: []byte(`{}`)},
		{Type: "relationship", RelationshipType: "revoked-by", SourceRef: "intrusion-set--old", TargetRef: "intrusion-set--3"},
	}
	tests := []struct {
		name string
		list []intel.Decision
		want []string // main names of what it means, with how many others are the same
	}{
		{"heron", nil, []string{"Heron +1"}},
		{"GH-1", nil, []string{"Heron +1"}},
		{"wader", nil, []string{"Heron +1", "Egret +0"}}, // two of one vocabulary bear it
		{"White-Bird", nil, []string{"Egret +0"}},
		{"Stork", nil, []string{"Stork +0"}},
		{"Long Leg", nil, []string{"Stork +0", "Adebar +0"}}, // two fit equally well: neither is taken
		{"Long Leg", []intel.Decision{{A: "intrusion-set--2", B: "threat-actor--3", Same: true}}, []string{"Stork +1"}},
		{"crane", nil, []string{"Crane +3"}},
		{"crane", []intel.Decision{{A: "threat-actor--5", B: "intrusion-set--3"}}, []string{"Crane +2", "Crane +0"}},
		{"Common Crane", nil, []string{"Crane +3"}},
		{"quack", nil, []string{"Quack +2", "Quack +0"}}, // software, and an actor
		{"Old Duck", nil, []string{"Crane +3"}},
		{"nobody", nil, nil},
		{"", nil, nil},
	}
	for _, tt := range tests {
		for seed := range uint64(4) { // in whatever order they came
			g := intel.NewGlossary()
			mixed := slices.Clone(objects)
			rand.New(rand.NewPCG(seed, 1)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
			g.Add("test", mixed)
			found, err := intel.Meanings(t.Context(), decided{g, tt.list}, []string{tt.name})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range found[tt.name] {
				got = append(got, fmt.Sprintf("%s +%d", m.Name, len(m.Same)))
			}
			slices.Sort(got)
			want := slices.Clone(tt.want)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%q, decisions %v: -want +got\n%s", tt.name, tt.list, diff)
			}
		}
	}
}

// bearers lists the ids behind each name, read without the code under test.
func bearers(objects []stix.Object) map[string][]string {
	out := map[string][]string{}
	for _, o := range objects {
		if (o.Type != "intrusion-set" && o.Type != "threat-actor") || o.Revoked {
			continue
		}
		for _, n := range append([]string{o.Name}, o.Aliases...) {
			if f := intel.FoldName(n); !slices.Contains(out[f], o.ID) {
				out[f] = append(out[f], o.ID)
			}
		}
	}
	return out
}

// TestRealNames: of all names of ATT&CK's groups and the actors of MISP, those that
// one vocabulary gives to several stay ambiguous, nothing joins two of one
// vocabulary, and nearly all others mean one thing.
func TestRealNames(t *testing.T) {
	read := func(p collect.Parser, path ...string) []stix.Object {
		var s sourcetest.Sink
		err := fetch.Walk(realdata.Path(t, path...), fetch.Limits{}, func(name string, r io.Reader) error {
			return p.Parse(t.Context(), collect.Input{Name: name, Reader: r}, &s)
		})
		if err != nil {
			t.Fatal(err)
		}
		return s.Objects
	}
	misp := read(galaxy.Parser{}, "misp-galaxy", "clusters", "threat-actor.json.gz")
	var groups []stix.Object
	for _, o := range read(sourcestix.Parser{}, "attack", "enterprise-attack-18.1.json.gz") {
		if o.Type == "intrusion-set" || o.RelationshipType == "revoked-by" {
			groups = append(groups, o)
		}
	}
	g := intel.NewGlossary()
	g.Add("attack", groups)
	g.Add("misp", misp)
	inAttack, inMISP := bearers(groups), bearers(misp)
	revoked := map[string]bool{} // names that lead on to what replaced their bearer
	for _, o := range groups {
		for _, n := range append([]string{o.Name}, o.Aliases...) {
			revoked[intel.FoldName(n)] = revoked[intel.FoldName(n)] || o.Revoked
		}
	}
	id := regexp.MustCompile(`^g\d{4}$`)
	counts := map[string]int{}
	for name := range inMISP {
		if inAttack[name] == nil {
			inAttack[name] = nil
		}
	}
	for name, a := range inAttack {
		m := inMISP[name]
		if name == "" || revoked[name] || id.MatchString(name) {
			continue
		}
		found, err := intel.Meanings(t.Context(), g, []string{name})
		if err != nil {
			t.Fatal(err)
		}
		means := found[name]
		for _, meaning := range means {
			kinds := map[string]int{meaning.Type: 1}
			for _, s := range meaning.Same {
				if kinds[s.Type]++; kinds[s.Type] > 1 {
					t.Errorf("%q: %s joins two of one vocabulary", name, meaning.Name)
				}
			}
		}
		switch {
		case len(a) > 1 || len(m) > 1:
			counts["of several"]++
			if len(means) < 2 {
				t.Errorf("%q belongs to %v and %v but means one thing", name, a, m)
			}
		case len(a)+len(m) == 1:
			counts["of one"]++
			if len(means) != 1 {
				t.Errorf("%q belongs to %v%v alone but means %d things", name, a, m, len(means))
			}
		case len(means) == 1:
			counts["joined"]++
		default:
			counts["left open"]++
		}
	}
	t.Log(counts)
	if counts["joined"] < 400 || counts["left open"] > 60 || counts["of several"] < 25 {
		t.Errorf("counts %v", counts)
	}
}
