package sigma

import (
	"cmp"
	"slices"
)

// cost is a rough price in nanoseconds.
func (p *predicate) cost() float32 {
	if p.swept {
		return 1 // it is known already
	}
	switch p.sort {
	case askText:
		switch p.text.fit {
		case fitPart:
			if len(p.text.lit) == 1 {
				return 8
			}
			return 30
		case fitGlob:
			return 60
		}
		return 5
	case askSet:
		return 15
	case askTexts:
		if p.texts.fit != fitPart {
			return 10
		}
		return 150
	case askRegexp:
		if len(p.need) > 0 && p.re.table != nil {
			return 100
		}
		return 1000
	case askNet, askOrder:
		return 20
	case askField:
		return 40
	}
	return 2
}

// chance is a guess how often a predicate holds.
func (v *tree) chance(i int32) float64 {
	switch p := &v.asks[i]; p.sort {
	case askNothing:
		return 0
	case askNull:
		return 1 - oftenest
	case askExists:
		return oftenest
	default:
		w := v.witnessOfAsk(i)
		return min(w.chance, oftenest)
	}
}

// reorder puts the kids of every node that decide it cheaply first once more, now that
// the index answers much of what is asked. Kids stand before the nodes they are of.
func (v *view) reorder() {
	for i := range v.nodes {
		n := &v.nodes[i]
		if n.op != opAsk {
			v.prices[i] = v.price(n)
			continue
		}
		p := &v.asks[n.at]
		v.prices[i].cost = p.cost()
		if p.swept {
			n.count = n.at
		} else if p.gate >= 0 && v.asks[p.gate].swept {
			n.count = p.gate
		}
	}
	v.prices = nil
}

// price sorts the kids of a node by what each costs for how often it decides, and
// says what the node costs then, and how often it holds.
func (t *tree) price(n *treeNode) price {
	decides := func(k int32) float32 {
		if n.op == opAnd {
			return 1 - t.prices[k].chance
		}
		return t.prices[k].chance
	}
	kids := t.kidsOf(n)
	slices.SortStableFunc(kids, func(x, y int32) int {
		return cmp.Compare(t.prices[x].cost*decides(y), t.prices[y].cost*decides(x))
	})
	reached := float32(1) // how often a kid is asked
	cost := float32(1)
	for _, k := range kids {
		cost += reached * t.prices[k].cost
		reached *= 1 - decides(k)
	}
	switch n.op {
	case opAnd:
		return price{cost, reached}
	case opNot:
		return price{cost, 1 - t.prices[kids[0]].chance}
	}
	return price{cost, 1 - reached}
}

// kidsOf returns the kids of a node.
func (t *tree) kidsOf(n *treeNode) []int32 { return t.kids[n.at : n.at+n.size] }
