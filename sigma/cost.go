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

// reorder puts the cheap kids of every node first once more, now that the index
// answers much of what is asked. Kids stand before the nodes they are of.
func (v *view) reorder() {
	for i := range v.nodes {
		n := &v.nodes[i]
		if n.op != opAsk {
			v.price(n)
			continue
		}
		p := &v.asks[n.ask]
		n.cost = p.cost()
		if p.swept {
			n.swept = n.ask
		} else if p.gate >= 0 && v.asks[p.gate].swept {
			n.swept = p.gate
		}
	}
}

// price sorts the kids of a node, the cheap ones first, and says what all cost.
func (t *tree) price(n *treeNode) {
	kids := t.kidsOf(n)
	slices.SortStableFunc(kids, func(x, y int32) int { return cmp.Compare(t.nodes[x].cost, t.nodes[y].cost) })
	n.cost = 0
	for _, k := range kids {
		n.cost += t.nodes[k].cost
	}
}

// kidsOf returns the kids of a node.
func (t *tree) kidsOf(n *treeNode) []int32 { return t.kids[n.kids : n.kids+n.size] }
