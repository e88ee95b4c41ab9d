package intel

import (
	"context"
	"slices"

	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/stix"
)

// Glossary is entities by name, in memory: [Names] without a store. Not safe for
// concurrent use while it is being filled.
type Glossary struct {
	entities  map[string]Entity
	named     map[string][]string // folded name -> ids
	relations []Relation
	at        map[string][]int // id -> places in relations
}

var _ Names = (*Glossary)(nil)

// NewGlossary returns an empty Glossary.
func NewGlossary() *Glossary {
	return &Glossary{entities: map[string]Entity{}, named: map[string][]string{}, at: map[string][]int{}}
}

// Add takes objects of one source, as Service.Learn does.
func (g *Glossary) Add(source string, objects []stix.Object) (added Stored) {
	entities, relations := knowledgeOf(source, objects)
	for _, e := range entities {
		old, known := g.entities[e.ID]
		switch {
		case known && old.Modified.After(e.Modified):
			added.Same++
			continue
		case known:
			added.Changed++
		default:
			added.New++
		}
		g.entities[e.ID] = e
		for _, n := range e.names() {
			if n = FoldName(n); n != "" && !slices.Contains(g.named[n], e.ID) {
				g.named[n] = append(g.named[n], e.ID)
			}
		}
	}
	for _, r := range relations {
		added.New++
		g.at[r.From.ID] = append(g.at[r.From.ID], len(g.relations))
		g.at[r.To.ID] = append(g.at[r.To.ID], len(g.relations))
		g.relations = append(g.relations, r)
	}
	return added
}

// Named implements Names.
func (g *Glossary) Named(_ context.Context, names []string) (map[string][]Entity, error) {
	out := map[string][]Entity{}
	for _, name := range names {
		f := FoldName(name)
		if out[name] != nil || f == "" {
			continue
		}
		for _, id := range g.named[f] {
			e := g.entities[id]
			if slices.ContainsFunc(e.names(), func(n string) bool { return FoldName(n) == f }) { // an older version may have borne it
				out[name] = append(out[name], e)
			}
		}
	}
	return out, nil
}

// Neighbours implements Names.
func (g *Glossary) Neighbours(_ context.Context, r ref.Ref, limit int) ([]Relation, []Entity, error) {
	var rels []Relation
	var around []Entity
	for _, i := range g.at[r.ID][:min(limit, len(g.at[r.ID]))] {
		rels = append(rels, g.relations[i])
		for _, id := range []string{g.relations[i].From.ID, g.relations[i].To.ID} {
			if e, ok := g.entities[id]; ok && id != r.ID {
				around = append(around, e)
			}
		}
	}
	return rels, around, nil
}

// Decisions implements Names: without a store nobody decided anything.
func (g *Glossary) Decisions(context.Context, []string) ([]Decision, error) { return nil, nil }
