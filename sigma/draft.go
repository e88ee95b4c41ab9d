package sigma

import (
	"cmp"
	"fmt"
	"slices"
)

// draft is a rule compiled by itself, with the filters for it, for no log source in
// particular. It never changes; views are made of drafts.
type draft struct {
	tree
	number   int      // among all that a Compiler made
	slots    []string // names of fields, "" for keywords
	keys     []string // of asks: tell each from all that ask otherwise of the same slot
	root     int32
	searches []viewSearch

	filters []detectionKey // that are in it
	open    string         // the first placeholder that has no values
	err     error          // why it cannot be compiled
}

// detectionKey tells detections apart that Parse has read: it never makes two of the same.
type detectionKey struct {
	search *Search
	expr   *Expr
}

// key returns what the detection is known by; ok is false for one that is not of Parse.
func (d *Detection) key() (k detectionKey, ok bool) {
	if len(d.Searches) == 0 || len(d.Conditions) == 0 {
		return k, false
	}
	return detectionKey{&d.Searches[0], d.Conditions[0]}, true
}

// draft compiles a rule, or returns what was made of it before.
func (cp *compiler) draft(r *Rule) *draft {
	key, known := r.Detection.key()
	var filters []*Filter
	var keys []detectionKey
	for i := range cp.filters {
		if f := &cp.filters[i]; f.applies(r) {
			k, ok := f.Detection.key()
			filters, keys, known = append(filters, f), append(keys, k), known && ok
		}
	}
	if d := cp.before.drafts[key]; known && d != nil && slices.Equal(d.filters, keys) {
		cp.now.drafts[key] = d
		return d
	}
	b := &builder{compiler: cp, draft: &draft{number: cp.number, filters: keys}, slots: map[string]int32{}, asks: map[askKey]int32{}}
	cp.number++
	if len(r.Detection.Conditions) == 0 {
		b.draft.err = faultf(r.Line, "no condition")
		return b.draft
	}
	for _, d := range cp.detections(r) {
		b.draft.open = cmp.Or(b.draft.open, cp.openIn(d))
	}
	b.draft.err = b.rule(r, filters)
	b.draft.trim()
	if known {
		cp.now.drafts[key] = b.draft
	}
	return b.draft
}

// openIn returns the first placeholder of a detection that has no values.
func (cp *compiler) openIn(d *Detection) string {
	for _, s := range d.Searches {
		for _, g := range s.Any {
			for i := range g {
				if name := cp.open(&g[i]); name != "" {
					return name
				}
			}
		}
	}
	return ""
}

// builder makes a draft.
type builder struct {
	*compiler
	draft *draft
	slots map[string]int32
	asks  map[askKey]int32
}

func (b *builder) slot(name string) int32 {
	i, ok := b.slots[name]
	if !ok {
		i = int32(len(b.draft.slots))
		b.draft.slots = append(b.draft.slots, name)
		b.slots[name] = i
	}
	return i
}

// ask returns the node of a predicate; key tells it from others of its sort.
func (b *builder) ask(p predicate, key string) int32 {
	at := askKey{p.slot, fmt.Sprintf("%d %t %s", p.sort, p.cased, key)}
	i, ok := b.asks[at]
	if !ok {
		i = int32(len(b.draft.asks))
		b.draft.asks = append(b.draft.asks, p)
		b.draft.keys = append(b.draft.keys, at.key)
		b.asks[at] = i
	}
	return b.add(treeNode{op: opAsk, at: i, count: -1}, price{p.cost(), float32(b.draft.chance(i))})
}

func (b *builder) add(n treeNode, p price) int32 {
	b.draft.nodes, b.draft.prices = append(b.draft.nodes, n), append(b.draft.prices, p)
	return int32(len(b.draft.nodes) - 1)
}

// join makes one node of several, the cheap ones first.
func (b *builder) join(op treeOp, kids []int32) int32 {
	if len(kids) == 1 && op != opNot {
		return kids[0]
	}
	n := treeNode{op: op, at: int32(len(b.draft.kids)), size: int32(len(kids))}
	b.draft.kids = append(b.draft.kids, kids...)
	return b.add(n, b.draft.price(&n))
}

// rule compiles a rule with the filters for it.
func (b *builder) rule(r *Rule, filters []*Filter) error {
	root, searches, err := b.detection(&r.Detection)
	if err != nil {
		return err
	}
	b.draft.searches = searches
	all := []int32{root}
	for _, f := range filters {
		n, _, err := b.detection(&f.Detection)
		if err != nil {
			return err
		}
		all = append(all, n)
	}
	b.draft.root = b.join(opAnd, all)
	return nil
}

func (b *builder) detection(d *Detection) (int32, []viewSearch, error) {
	var searches []viewSearch
	for i := range d.Searches {
		n, err := b.search(&d.Searches[i])
		if err != nil {
			return 0, nil, wrap(err, d.Searches[i].Name)
		}
		searches = append(searches, viewSearch{d.Searches[i].Name, n})
	}
	var any []int32
	for _, c := range d.Conditions {
		any = append(any, b.expr(c, searches))
	}
	return b.join(opOr, any), searches, nil
}

func (b *builder) expr(e *Expr, searches []viewSearch) int32 {
	var kids []int32
	for _, a := range e.Args {
		kids = append(kids, b.expr(a, searches))
	}
	switch e.Op {
	case And:
		return b.join(opAnd, kids)
	case Or:
		return b.join(opOr, kids)
	case Not:
		return b.join(opNot, kids)
	}
	for _, s := range searches {
		if e.Op == Name && s.name == e.Name || e.Op == Of && e.covers(s.name) {
			kids = append(kids, s.node)
		}
	}
	switch {
	case e.Op == Name:
		return kids[0]
	case e.Count == AllOf:
		return b.join(opAnd, kids)
	case e.Count == 1:
		return b.join(opOr, kids)
	}
	n := b.join(opOf, kids)
	b.draft.nodes[n].count = int32(e.Count)
	return n
}

func (b *builder) search(s *Search) (int32, error) {
	var any []int32
	for _, g := range s.Any {
		var all []int32
		for i := range g {
			n, err := b.item(&g[i])
			if err != nil {
				return 0, err
			}
			all = append(all, n)
		}
		any = append(any, b.join(opAnd, all))
	}
	return b.join(opOr, any), nil
}
