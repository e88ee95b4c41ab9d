package sigma

import (
	"fmt"
	"slices"
)

// view is how the rules for one log source look at an event: the fields by
// Sigma's names, what is asked of them, and the rules made of that.
type view struct {
	slots    []slot
	asks     []predicate
	nodes    []treeNode
	kids     []int32    // of nodes
	rules    []viewRule // in the order of the engine's rules
	index    index
	keywords bool // some rule looks at all values
}

// slot is a Sigma field.
type slot struct {
	name       string
	candidates [][]int32 // event fields; the first with a value counts
	keyword    bool      // every value that keywords may look at
}

type treeOp uint8

const (
	opAsk treeOp = iota
	opAnd
	opOr
	opNot
	opOf
)

// treeNode is a node of a compiled condition.
type treeNode struct {
	op    treeOp
	ask   int32 // of opAsk
	swept int32 // of opAsk: what the index answers and holds whenever this does; -1 none
	kids  int32 // of the others: where they are in view.kids, cheap ones first
	size  int32 // how many these are
	count int32 // of opOf: so many of the kids
	cost  float32
}

type viewRule struct {
	rule     int32
	root     int32
	searches []viewSearch
}

type viewSearch struct {
	name string
	node int32
}

// compileView compiles rules, which are known to compile, for a source. Where the
// same rules are there for another already, only the names of fields are its own:
// what is asked is one, as is the memory that it takes.
func (e *Engine) compileView(cp *compiler, s *Source, rules []int32) *view {
	lookup := func(name string) [][]int32 {
		var out [][]int32
		for _, c := range s.Fields.Lookup(name) {
			var fields []int32
			for _, f := range c {
				fields = append(fields, e.fieldIndex(f))
			}
			out = append(out, fields)
		}
		return out
	}
	key := fmt.Sprint(rules)
	if twin := cp.views[key]; twin != nil {
		return twin.withFields(lookup)
	}
	v := e.newView(cp, lookup, rules)
	for i := range v.index.slots {
		s := &v.index.slots[i]
		s.view, s.number, s.word = len(e.views), e.slots, v.slots[s.slot].keyword
		e.slots++
		e.maxFind = max(e.maxFind, len(s.finds))
	}
	e.maxAsk = max(e.maxAsk, len(v.asks))
	e.maxRule = max(e.maxRule, len(v.rules))
	e.maxSlot = max(e.maxSlot, len(v.slots))
	cp.views[key] = v
	return v
}

func (e *Engine) newView(cp *compiler, lookup func(string) [][]int32, rules []int32) *view {
	b := &builder{compiler: cp, view: &view{}, lookup: lookup, slots: map[string]int32{}, asks: map[string]int32{}}
	for _, i := range rules {
		vr, err := b.rule(&e.rules[i])
		if err != nil {
			continue // Compile has tried it before
		}
		vr.rule = i
		for _, f := range cp.wants[e.rules[i].Key()] {
			b.slot(f)
		}
		b.view.rules = append(b.view.rules, vr)
	}
	b.view.index = buildIndex(b.view)
	b.view.reorder()
	return b.view
}

// withFields returns the view for events that have other names for its slots.
func (v *view) withFields(lookup func(string) [][]int32) *view {
	out := *v
	out.slots = slices.Clone(v.slots)
	out.index.fields, out.index.words = nil, nil
	for i := range out.slots {
		if s := &out.slots[i]; !s.keyword {
			s.candidates = lookup(s.name)
		}
	}
	for i := range out.index.slots {
		out.index.read(&out.slots[out.index.slots[i].slot], int32(i))
	}
	return &out
}

// builder makes a view.
type builder struct {
	*compiler
	view   *view
	lookup func(name string) [][]int32
	slots  map[string]int32
	asks   map[string]int32
}

func (b *builder) slot(name string) int32 {
	if i, ok := b.slots[name]; ok {
		return i
	}
	s := slot{name: name, keyword: name == ""}
	if s.keyword {
		b.view.keywords = true
	} else {
		s.candidates = b.lookup(name)
	}
	i := int32(len(b.view.slots))
	b.view.slots = append(b.view.slots, s)
	b.slots[name] = i
	return i
}

// ask returns the node of a predicate; key tells it from all that ask otherwise.
func (b *builder) ask(p predicate, key string) int32 {
	key = fmt.Sprintf("%d %d %t %s", p.slot, p.sort, p.cased, key)
	i, ok := b.asks[key]
	if !ok {
		i = int32(len(b.view.asks))
		b.view.asks = append(b.view.asks, p)
		b.asks[key] = i
	}
	return b.add(treeNode{op: opAsk, ask: i, swept: -1, cost: p.cost()})
}

func (b *builder) add(n treeNode) int32 {
	b.view.nodes = append(b.view.nodes, n)
	return int32(len(b.view.nodes) - 1)
}

// join makes one node of several, the cheap ones first.
func (b *builder) join(op treeOp, kids []int32) int32 {
	if len(kids) == 1 && op != opNot {
		return kids[0]
	}
	n := b.add(treeNode{op: op, kids: int32(len(b.view.kids)), size: int32(len(kids))})
	b.view.kids = append(b.view.kids, kids...)
	b.view.price(&b.view.nodes[n])
	return n
}

// kidsOf returns the kids of a node.
func (v *view) kidsOf(n *treeNode) []int32 { return v.kids[n.kids : n.kids+n.size] }

// rule compiles a rule with the filters for it.
func (b *builder) rule(r *Rule) (viewRule, error) {
	vr := viewRule{}
	root, searches, err := b.detection(&r.Detection)
	if err != nil {
		return vr, err
	}
	vr.searches = searches
	all := []int32{root}
	for i := range b.filters {
		if !b.filters[i].applies(r) {
			continue
		}
		n, _, err := b.detection(&b.filters[i].Detection)
		if err != nil {
			return vr, err
		}
		all = append(all, n)
	}
	vr.root = b.join(opAnd, all)
	return vr, nil
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
	b.view.nodes[n].count = int32(e.Count)
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
