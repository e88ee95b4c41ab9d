package sigma

import (
	"cmp"
	"maps"
	"slices"
)

// forget makes room when there is too much. Groups whose hits no window reaches any more
// go first; of the others each keeps the hits that its condition asks for; then groups are
// given up, of the correlations that have most: those with the fewest hits, which are the
// farthest from holding, and of these the quietest. So a flood of groups in one correlation
// costs the others nothing, and of its own those of a single hit.
func (c *Correlator) forget() {
	if c.groups <= MaxGroups && c.noted <= MaxHits {
		return
	}
	c.groups = 0
	for _, p := range c.plans {
		if !p.late { // else its windows are judged when they are over
			maps.DeleteFunc(p.groups, func(_ string, g *group) bool { return c.clock.Sub(g.last) > 2*p.Timespan })
		}
		c.groups += len(p.groups)
	}
	if c.noted = c.hits(); c.noted > MaxHits*9/10 {
		for _, p := range c.plans {
			for _, g := range p.groups {
				if len(g.seen) > p.enough {
					g.thin(p, p.enough*3/4)
				}
			}
		}
		c.noted = c.hits()
	}
	for c.groups > MaxGroups || c.noted > MaxHits*9/10 {
		if c.giveUp(min(c.groups, MaxGroups)*9/10) == 0 {
			return // a few groups, each with what its condition asks for
		}
		c.noted = c.hits()
	}
}

// hits is how many hits all groups remember.
func (c *Correlator) hits() (n int) {
	for _, p := range c.plans {
		for _, g := range p.groups {
			n += len(g.seen)
		}
	}
	return n
}

// giveUp leaves n groups, and returns how many it gave up.
func (c *Correlator) giveUp(n int) (gone int) {
	most := c.most(n)
	for _, p := range c.plans {
		gone += p.giveUp(len(p.groups) - most)
	}
	c.groups -= gone
	c.Forgotten += gone
	return gone
}

// most is how many groups each correlation may have so that all have no more than n.
func (c *Correlator) most(n int) int {
	sizes := make([]int, len(c.plans))
	for i, p := range c.plans {
		sizes[i] = len(p.groups)
	}
	slices.Sort(sizes)
	for i, size := range sizes {
		if share := n / (len(sizes) - i); size > share {
			return max(share, 1)
		}
		n -= size
	}
	return MaxGroups
}

// giveUp gives up n groups, none when n is less than one, and returns how many.
func (p *correlationPlan) giveUp(n int) int {
	if n <= 0 {
		return 0
	}
	type kept struct {
		key  string
		hits int
		last int64
	}
	list := make([]kept, 0, len(p.groups))
	for key, g := range p.groups {
		list = append(list, kept{key, len(g.seen), g.last.UnixNano()})
	}
	slices.SortFunc(list, func(a, b kept) int {
		return cmp.Or(cmp.Compare(a.hits, b.hits), cmp.Compare(a.last, b.last), cmp.Compare(a.key, b.key))
	})
	for _, g := range list[:n] {
		delete(p.groups, g.key)
	}
	return n
}
