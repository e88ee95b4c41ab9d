package similar

import (
	"cmp"
	"slices"
)

// Weights of the comparison; docs/ranking.md says what they were tried on.
const (
	doubt     = 3.0 // weight that speaks for nothing: sharing one common thing is not likeness
	surplus   = .15 // of what only the other case has: an incident in progress lacks what is still to come
	unordered = .75 // of a shared step where one side has no order
	disorder  = .5  // of a shared step that came in another order
)

// pair is an item of one case with its counterpart.
type pair struct {
	a, b   int
	weight float64
	step   bool
	among  int
	kin    bool
	order  Order
}

// witness is a case with what comparing it with many takes.
type witness struct {
	*kept
	at  map[id]int // place of each key
	has [facets]float64
}

func (l *Library) witness(k *kept) *witness {
	w := &witness{kept: k, at: make(map[id]int, len(k.keys)), has: l.has(k)}
	for i, key := range k.keys {
		w.at[key] = i
	}
	return w
}

// has is the weight of all items of a case, by facet.
func (l *Library) has(k *kept) (out [facets]float64) {
	for i, item := range k.items {
		out[item.Kind.facet()] += l.weight(item, k.keys[i])
	}
	return out
}

// Compare compares two cases against a library, which says what is rare.
func (l *Library) Compare(a, b Case) (Match, bool) {
	look := l.look(map[string]id{})
	x, y := prepare(a, look), prepare(b, look)
	return l.compare(l.witness(&x), &y)
}

func (l *Library) compare(a *witness, b *kept) (Match, bool) {
	pairs := l.pairs(a, b)
	if len(pairs) == 0 {
		return Match{}, false
	}
	arrange(pairs, a.ordered && b.ordered)
	has := l.has(b)
	var got [facets]float64
	total := doubt
	for _, p := range pairs {
		got[a.items[p.a].Kind.facet()] += p.weight
		total += p.weight
	}
	for f := range facets {
		if a.has[f] > 0 && has[f] > 0 { // else one side says nothing of it
			total += f.absent() * (max(a.has[f]-got[f], 0) + surplus*max(has[f]-got[f], 0))
		}
	}
	m := Match{ID: b.id, Shared: make([]Shared, 0, len(pairs))}
	for _, p := range pairs {
		s := Shared{Item: a.items[p.a], Order: p.order, Among: p.among, Points: p.weight / total}
		if p.kin {
			s.Other = b.items[p.b].Value
		}
		m.Shared = append(m.Shared, s)
	}
	slices.SortFunc(m.Shared, func(x, y Shared) int {
		return cmp.Or(cmp.Compare(y.Points, x.Points), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Value, y.Value))
	})
	for _, s := range m.Shared {
		m.Score += s.Points
	}
	return m, true
}

// pairs finds the counterpart of each item: the same, else one that is akin and has no
// counterpart of its own.
func (l *Library) pairs(a *witness, b *kept) []pair {
	var out []pair
	var left []int // of b
	taken := make([]bool, len(a.items))
	for j, key := range b.keys {
		i, ok := a.at[key]
		if !ok {
			if b.kins[j] != none {
				left = append(left, j)
			}
			continue
		}
		taken[i] = true
		out = append(out, pair{a: i, b: j, weight: l.weight(a.items[i], key), step: i < a.steps, among: l.among(key)})
	}
	for i, kin := range a.kins {
		if taken[i] || kin == none {
			continue
		}
		at := slices.IndexFunc(left, func(j int) bool { return b.kins[j] == kin })
		if at < 0 {
			continue
		}
		k := a.items[i].Kind
		out = append(out, pair{a: i, b: left[at], weight: k.akin() * k.says() * l.rarity(kin), step: i < a.steps, among: l.among(kin), kin: true})
		left = slices.Delete(left, at, at+1)
	}
	slices.SortFunc(out, func(x, y pair) int { return cmp.Compare(x.a, y.a) })
	return out
}

// arrange finds the heaviest run of shared steps that both cases have in one order,
// and lowers what stands outside of it. pairs are in the order of the first case.
func arrange(pairs []pair, ordered bool) {
	n := 0
	for n < len(pairs) && pairs[n].step { // steps stand first
		n++
	}
	if !ordered {
		for i := range n {
			pairs[i].weight *= unordered
		}
		return
	}
	best, from := make([]float64, n), make([]int, n)
	last := -1
	for i := range n {
		best[i], from[i] = pairs[i].weight, -1
		for j := range i {
			if w := best[j] + pairs[i].weight; pairs[j].b < pairs[i].b && w > best[i] {
				best[i], from[i] = w, j
			}
		}
		if last < 0 || best[i] > best[last] {
			last = i
		}
	}
	for i := range n {
		pairs[i].order = OutOfOrder
	}
	for i := last; i >= 0; i = from[i] {
		pairs[i].order = InOrder
	}
	for i := range n {
		if pairs[i].order == OutOfOrder {
			pairs[i].weight *= disorder
		}
	}
}
