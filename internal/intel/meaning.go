package intel

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/ref"
)

// Meaning is one thing that a name may mean, with all that different vocabularies
// say of it. Aliases are those of all of them.
type Meaning struct {
	Entity
	Same []Sameness `json:"same,omitempty"`
}

// Sameness is another entity that is the same thing, and why.
type Sameness struct {
	ID     string `json:"id"`
	Type   string `json:"type"`
	Name   string `json:"name"`
	Source string `json:"source"`
	Why    string `json:"why"`
}

// Decision is what an analyst said of two entities: that they are the same, or that
// they are not. It wins over what names suggest and can be taken back.
type Decision struct {
	A    string `json:"a"`
	B    string `json:"b"`
	Same bool   `json:"same"`
	By   string `json:"by"`
	Why  string `json:"why"`
}

// Names is where entities are found by their names: a [KnowledgeStore], or a
// [Glossary] in memory.
type Names interface {
	// Named returns the entities whose name or alias is name, compared by
	// FoldName; also those that were revoked.
	Named(ctx context.Context, names []string) (map[string][]Entity, error)
	// Neighbours returns the relations from and to r, and the entities at their
	// other ends, at most limit relations.
	Neighbours(ctx context.Context, r ref.Ref, limit int) ([]Relation, []Entity, error)
	// Decisions returns what was decided about any of the ids.
	Decisions(ctx context.Context, ids []string) ([]Decision, error)
}

// Meanings says what each name may mean: nothing, one thing, or several when the
// name is ambiguous. What was revoked is followed to what replaced it.
//
// Entities of different vocabularies (ATT&CK, a MISP galaxy, a report) are one
// thing when an analyst says so, when their main names agree, or when among all
// that share an unambiguous name with either, each shares most with the other. A
// curated vocabulary never says one thing twice, so two of its entities are never
// one; a name that fits both stays ambiguous.
func Meanings(ctx context.Context, from Names, names []string) (map[string][]Meaning, error) {
	found, err := from.Named(ctx, names)
	if err != nil {
		return nil, err
	}
	g := newGrouping()
	var more []string
	for name, bearers := range found {
		bearers, err := current(ctx, from, bearers)
		if err != nil {
			return nil, err
		}
		found[name] = bearers
		for _, e := range bearers {
			if g.add(e) {
				more = append(more, e.names()...)
			}
		}
	}
	rivals, err := from.Named(ctx, more)
	if err != nil {
		return nil, err
	}
	for _, list := range rivals {
		for _, e := range list {
			if !e.Revoked {
				g.add(e)
			}
		}
	}
	if g.decisions, err = from.Decisions(ctx, g.ids()); err != nil {
		return nil, err
	}
	g.link()
	out := map[string][]Meaning{}
	for name, bearers := range found {
		out[name] = g.meanings(bearers)
	}
	return out, nil
}

// maxReplaced bounds how far revoked entities are followed.
const maxReplaced = 4

// current replaces revoked entities by what replaced them, and drops those that
// nothing replaced when others bear the name.
func current(ctx context.Context, from Names, bearers []Entity) ([]Entity, error) {
	var out []Entity
	var gone []Entity
	for _, e := range bearers {
		for hop := 0; e.Revoked && hop < maxReplaced; hop++ {
			next, err := replacement(ctx, from, e)
			if err != nil {
				return nil, err
			}
			if next.ID == "" {
				break
			}
			e = next
		}
		switch {
		case slices.ContainsFunc(out, func(o Entity) bool { return o.ID == e.ID }):
		case e.Revoked:
			gone = append(gone, e)
		default:
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return gone, nil
	}
	return out, nil
}

func replacement(ctx context.Context, from Names, e Entity) (Entity, error) {
	rels, around, err := from.Neighbours(ctx, ref.Ref{Kind: ref.Entity, ID: e.ID}, 200)
	if err != nil {
		return Entity{}, err
	}
	for _, r := range rels {
		if r.Type == "revoked-by" && r.From.ID == e.ID {
			if i := slices.IndexFunc(around, func(o Entity) bool { return o.ID == r.To.ID }); i >= 0 {
				return around[i], nil
			}
		}
	}
	return Entity{}, nil
}

// names lists the main name, the ATT&CK id and the aliases.
func (e *Entity) names() []string {
	return append([]string{e.Name, e.AttackID}, e.Aliases...)
}

// class is what two entities must share to be able to be one thing: sources call
// the same thing intrusion set or threat actor, malware or tool.
func (e *Entity) class() string {
	switch e.Type {
	case "intrusion-set", "threat-actor":
		return "actor"
	case "malware", "tool":
		return "software"
	}
	return e.Type
}

// vocabulary is where an entity's names were given so that they mean one thing
// only; "" for reports and feeds, which repeat themselves.
func (e *Entity) vocabulary() string {
	if e.AttackID != "" {
		return "attack"
	}
	return e.Vocabulary
}

// rank orders the entities of one thing: the first gives it its name.
func rank(a, b Entity) int {
	place := func(e Entity) int {
		switch e.vocabulary() {
		case "attack":
			return 0
		case "":
			return 2
		}
		return 1
	}
	return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
}

// describe says why two entities are one, in words.
func describe(shared []string) string {
	const shown = 4
	text := strings.Join(shared[:min(len(shared), shown)], ", ")
	if n := len(shared) - shown; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return "both are called " + text
}

// Named is what a name means.
type Named struct {
	Name     string    `json:"name"`
	Status   string    `json:"status"` // one, ambiguous, none
	Entities []Meaning `json:"entities"`
}

// NamedOf lists what was found for names, in their order.
func NamedOf(names []string, found map[string][]Meaning) []Named {
	var out []Named
	for _, name := range names {
		n := Named{Name: name, Status: "ambiguous", Entities: append([]Meaning{}, found[name]...)}
		switch len(n.Entities) {
		case 0:
			n.Status = "none"
		case 1:
			n.Status = "one"
		}
		out = append(out, n)
	}
	return out
}
