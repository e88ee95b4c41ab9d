package sigma

import "slices"

// view is how the rules for one log source look at an event: the fields by
// Sigma's names, what is asked of them, and the rules made of that.
type view struct {
	tree
	slots    []slot
	rules    []viewRule // in the order of the engine's rules
	index    index
	keywords bool // some rule looks at all values
}

// tree is what rules ask, and how that is put together.
type tree struct {
	asks   []predicate
	nodes  []treeNode
	prices []price // of nodes, until the order of their kids is settled
	kids   []int32 // of nodes, those that decide it cheaply first
}

// trim gives up what there is to spare.
func (t *tree) trim() {
	t.asks, t.nodes, t.kids = slices.Clone(t.asks), slices.Clone(t.nodes), slices.Clone(t.kids)
	t.prices = slices.Clone(t.prices)
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
	at    int32 // of opAsk: the predicate; of the others: where their kids are in tree.kids
	size  int32 // how many kids there are
	count int32 // of opOf: so many of the kids; of opAsk: what the index answers and holds whenever this does, -1 none
}

// price is what a node costs, and a guess how often it holds.
type price struct{ cost, chance float32 }

type viewRule struct {
	rule     int32
	root     int32
	searches []viewSearch
}

type viewSearch struct {
	name string
	node int32
}

// compileView makes a view of drafts for a source. Where the same ones are together for
// another already, only the names of fields are its own: what is asked is one, as is the
// memory that it takes.
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
	key := cp.viewKey(rules)
	if twin := cp.now.views[key]; twin != nil {
		return twin.forSource(lookup, rules)
	}
	v := cp.before.views[key]
	if v == nil {
		v = cp.join(rules)
	}
	v = v.forSource(lookup, rules)
	v.index.slots = slices.Clone(v.index.slots) // an engine of before may have them
	for i := range v.index.slots {
		s := &v.index.slots[i]
		s.view, s.number, s.word = len(e.views), e.slots, v.slots[s.slot].keyword
		e.slots++
		e.maxFind = max(e.maxFind, len(s.finds))
	}
	e.maxAsk = max(e.maxAsk, len(v.asks))
	e.maxRule = max(e.maxRule, len(v.rules))
	e.maxSlot = max(e.maxSlot, len(v.slots))
	cp.now.views[key] = v
	return v
}

// join makes a view of the drafts of rules, that knows no names of fields yet.
func (cp *compiler) join(rules []int32) *view {
	asks := 0
	for _, i := range rules {
		asks += len(cp.drafts[i].asks)
	}
	j := joiner{view: &view{}, slots: map[string]int32{}, asks: make(map[askKey]int32, asks)}
	for _, i := range rules {
		j.add(cp.drafts[i])
		for _, f := range cp.wants[i] {
			j.slot(f)
		}
	}
	j.view.trim()
	j.view.index = buildIndex(j.view)
	j.view.reorder()
	return j.view
}

// joiner makes one view of drafts: a question that several ask is asked once.
type joiner struct {
	view  *view
	slots map[string]int32
	asks  map[askKey]int32
}

// askKey tells a predicate from all that ask otherwise.
type askKey struct {
	slot int32
	key  string
}

func (j *joiner) slot(name string) int32 {
	if i, ok := j.slots[name]; ok {
		return i
	}
	i := int32(len(j.view.slots))
	j.view.slots = append(j.view.slots, slot{name: name, keyword: name == ""})
	j.view.keywords = j.view.keywords || name == ""
	j.slots[name] = i
	return i
}

func (j *joiner) add(d *draft) {
	v := j.view
	slots, asks := make([]int32, len(d.slots)), make([]int32, len(d.asks))
	for i, name := range d.slots {
		slots[i] = j.slot(name)
	}
	for i := range d.asks {
		p := d.asks[i]
		if p.slot = slots[p.slot]; p.sort == askField {
			p.other = slots[p.other]
		}
		if p.gate >= 0 {
			p.gate = asks[p.gate]
		}
		key := askKey{p.slot, d.keys[i]}
		at, ok := j.asks[key]
		if !ok {
			at = int32(len(v.asks))
			v.asks = append(v.asks, p)
			j.asks[key] = at
		}
		asks[i] = at
	}
	node, kid := int32(len(v.nodes)), int32(len(v.kids))
	for _, n := range d.nodes {
		if n.op == opAsk {
			n.at = asks[n.at]
		} else {
			n.at += kid
		}
		v.nodes = append(v.nodes, n)
	}
	v.prices = append(v.prices, d.prices...)
	for _, k := range d.kids {
		v.kids = append(v.kids, node+k)
	}
	r := viewRule{root: node + d.root, searches: make([]viewSearch, len(d.searches))}
	for i, s := range d.searches {
		r.searches[i] = viewSearch{s.name, node + s.node}
	}
	v.rules = append(v.rules, r)
}

// forSource returns the view for events that have these names for its slots, and for
// the same rules by these numbers.
func (v *view) forSource(lookup func(string) [][]int32, rules []int32) *view {
	out := *v
	out.slots, out.rules = slices.Clone(v.slots), slices.Clone(v.rules)
	for i := range out.slots {
		if s := &out.slots[i]; !s.keyword {
			s.candidates = lookup(s.name)
		}
	}
	for i := range out.rules {
		out.rules[i].rule = rules[i]
	}
	out.index.read(out.slots)
	return &out
}
