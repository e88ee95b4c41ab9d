package misp

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/vedette-soc/vedette/indicator"
)

// WarningHit is one list that knows a value.
type WarningHit struct {
	List    string
	Entry   string // the most specific entry that covers the value
	Overlap bool   // the value is a network that covers the entry, not the other way round
	Action  Action
}

// Match returns each list that knows a canonical value, once, with its most
// specific entry; the strongest action first, then by name.
func (s *WarningSet) Match(t indicator.Type, value string) []WarningHit {
	c := collector{set: s, t: t}
	c.chain(s.exact[value], value, false, false)
	if host, name, ok := indicator.HostOf(t, value); ok {
		if host == indicator.Domain {
			c.names(name)
		} else {
			c.nets(prefixOf(name))
		}
	}
	for _, r := range s.regexps {
		if s.lists[r.list].types.has(t) && r.re.MatchString(value) {
			c.add(r.list, r.source, false)
		}
	}
	slices.SortFunc(c.hits, func(a, b WarningHit) int {
		return cmp.Or(cmp.Compare(rank(b.Action), rank(a.Action)), cmp.Compare(a.List, b.List))
	})
	return c.hits
}

func rank(a Action) int {
	switch a {
	case Suppress:
		return 2
	case Downgrade:
		return 1
	}
	return 0
}

// collector keeps the first, most specific, hit of each list.
type collector struct {
	set  *WarningSet
	t    indicator.Type
	seen []int32
	hits []WarningHit
}

func (c *collector) names(name string) {
	below := false
	for parent := range indicator.Parents(name) {
		c.chain(c.set.names[parent], parent, below, false)
		below = true
	}
}

func (c *collector) nets(p netip.Prefix) {
	if !p.IsValid() {
		return
	}
	for listed, first := range c.set.nets.Supernets(p) {
		c.chain(first, show(listed), false, false)
	}
	if p.IsSingleIP() {
		return
	}
	for listed, first := range c.set.nets.Subnets(p) {
		if listed != p {
			c.chain(first, show(listed), false, true)
		}
	}
}

func show(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// chain follows the refs of one key.
func (c *collector) chain(at int32, entry string, below, overlap bool) {
	for at != 0 {
		r := c.set.refs[at-1]
		if !r.exact || !below {
			c.add(r.list, entry, overlap)
		}
		at = r.next
	}
}

func (c *collector) add(list int32, entry string, overlap bool) {
	l := &c.set.lists[list]
	if !l.types.has(c.t) || slices.Contains(c.seen, list) {
		return
	}
	c.seen = append(c.seen, list)
	c.hits = append(c.hits, WarningHit{l.name, entry, overlap, l.action})
}
