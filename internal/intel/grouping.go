package intel

import (
	"cmp"
	"maps"
	"slices"
)

// grouping finds out which of some entities are the same thing.
type grouping struct {
	entities  map[string]Entity
	names     map[string][]string        // folded name and class -> ids
	of        map[string]map[string]bool // id -> folded names and class
	decisions []Decision
	links     map[string]map[string]string // id -> id -> why
}

func newGrouping() *grouping {
	return &grouping{entities: map[string]Entity{}, names: map[string][]string{}, of: map[string]map[string]bool{}, links: map[string]map[string]string{}}
}

// add takes an entity and reports whether it is new.
func (g *grouping) add(e Entity) bool {
	if _, known := g.entities[e.ID]; known {
		return false
	}
	g.entities[e.ID] = e
	g.of[e.ID] = map[string]bool{}
	for _, n := range e.names() {
		n = FoldName(n)
		if n == "" {
			continue
		}
		key := e.class() + "\x00" + n
		if !g.of[e.ID][key] {
			g.of[e.ID][key] = true
			g.names[key] = append(g.names[key], e.ID)
		}
	}
	return true
}

func (g *grouping) ids() []string { return slices.Sorted(maps.Keys(g.entities)) }

// shared lists the names two entities have in common, without those that a curated
// vocabulary of either gives to several.
func (g *grouping) shared(a, b Entity) []string {
	var out []string
	for key := range g.of[a.ID] {
		if g.of[b.ID][key] && g.alone(key, a) && g.alone(key, b) {
			out = append(out, key[len(a.class())+1:])
		}
	}
	slices.Sort(out)
	return out
}

// alone reports whether within e's vocabulary only e bears a name.
func (g *grouping) alone(key string, e Entity) bool {
	v := e.vocabulary()
	return v == "" || !slices.ContainsFunc(g.names[key], func(id string) bool {
		o := g.entities[id]
		return id != e.ID && o.vocabulary() == v
	})
}

// bond is how much two entities have in common.
type bond struct {
	main   bool // the main name of both
	shared []string
}

func (b bond) compare(o bond) int {
	if b.main != o.main {
		if b.main {
			return 1
		}
		return -1
	}
	return cmp.Compare(len(b.shared), len(o.shared))
}

func (g *grouping) bond(a, b Entity) bond {
	main := FoldName(a.Name) == FoldName(b.Name)
	s := g.shared(a, b)
	return bond{main && len(s) > 0 || main && a.vocabulary() == "" && b.vocabulary() == "", s}
}

// link joins what is the same. Only what shares a name can be.
func (g *grouping) link() {
	tried := map[[2]string]bool{}
	for _, ids := range g.names {
		for i, x := range ids {
			for _, y := range ids[i+1:] {
				pair := [2]string{min(x, y), max(x, y)}
				if tried[pair] {
					continue
				}
				tried[pair] = true
				if why := g.same(g.entities[pair[0]], g.entities[pair[1]]); why != "" {
					g.join(pair[0], pair[1], why)
				}
			}
		}
	}
	for _, d := range g.decisions {
		if d.Same && g.of[d.A] != nil && g.of[d.B] != nil {
			g.join(d.A, d.B, d.By+": "+d.Why)
		}
	}
}

func (g *grouping) join(x, y, why string) {
	for _, p := range [][2]string{{x, y}, {y, x}} {
		if g.links[p[0]] == nil {
			g.links[p[0]] = map[string]string{}
		}
		g.links[p[0]][p[1]] = why
	}
}

// same says why two entities are one thing; "" when they are not, or nobody can tell.
func (g *grouping) same(a, b Entity) string {
	if a.class() != b.class() || g.apart(a.ID, b.ID) {
		return ""
	}
	va, vb := a.vocabulary(), b.vocabulary()
	if va == vb && va != "" {
		return ""
	}
	has := g.bond(a, b)
	switch {
	case !has.main && len(has.shared) == 0:
		return ""
	case va == "" && vb == "":
		if !has.main {
			return "" // two reports: only the same main name will do
		}
	case !g.best(a, b, has) || va != "" && vb != "" && !g.best(b, a, has):
		return ""
	}
	return describe(has.shared)
}

// best reports whether no other entity of b's vocabulary has as much in common
// with a as b does.
func (g *grouping) best(a, b Entity, has bond) bool {
	if b.vocabulary() == "" { // reports crowd: what counts is their one best in the vocabulary
		return g.best(b, a, has)
	}
	for key := range g.of[a.ID] {
		for _, id := range g.names[key] {
			o := g.entities[id]
			if id != b.ID && id != a.ID && o.vocabulary() == b.vocabulary() && !g.apart(a.ID, id) && g.bond(a, o).compare(has) >= 0 {
				return false
			}
		}
	}
	return true
}

// apart reports whether an analyst said that two entities are not the same.
func (g *grouping) apart(x, y string) bool {
	return slices.ContainsFunc(g.decisions, func(d Decision) bool {
		return !d.Same && (d.A == x && d.B == y || d.A == y && d.B == x)
	})
}

// meanings puts the bearers of one name together where they are the same.
func (g *grouping) meanings(bearers []Entity) []Meaning {
	var out []Meaning
	done := map[string]bool{}
	slices.SortFunc(bearers, rank)
	for _, e := range bearers {
		if done[e.ID] {
			continue
		}
		out = append(out, g.meaning(e, done))
	}
	return out
}

func (g *grouping) meaning(e Entity, done map[string]bool) Meaning {
	all := []Entity{e}
	why := map[string]string{}
	done[e.ID] = true
	for i := 0; i < len(all); i++ {
		for _, id := range slices.Sorted(maps.Keys(g.links[all[i].ID])) {
			if !done[id] && g.fits(all, id) {
				done[id] = true
				why[id] = g.links[all[i].ID][id]
				all = append(all, g.entities[id])
			}
		}
	}
	slices.SortStableFunc(all, rank)
	m := Meaning{Entity: all[0]}
	for _, o := range all[1:] {
		m.Aliases = union(m.Aliases, append([]string{o.Name}, o.Aliases...))
		reason := why[o.ID]
		if reason == "" {
			reason = why[all[0].ID]
		}
		m.Same = append(m.Same, Sameness{o.ID, o.Type, o.Name, o.Source, reason})
	}
	m.Aliases = slices.DeleteFunc(m.Aliases, func(a string) bool { return a == m.Name })
	return m
}

// fits reports whether an entity may join others: none of them is of its own
// vocabulary, unless an analyst joined them.
func (g *grouping) fits(all []Entity, id string) bool {
	e := g.entities[id]
	v := e.vocabulary()
	return !slices.ContainsFunc(all, func(o Entity) bool {
		return (v != "" && o.vocabulary() == v || g.apart(o.ID, id)) && !g.decided(o.ID, id)
	})
}

func (g *grouping) decided(x, y string) bool {
	return slices.ContainsFunc(g.decisions, func(d Decision) bool {
		return d.Same && (d.A == x && d.B == y || d.A == y && d.B == x)
	})
}
