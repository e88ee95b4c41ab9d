package hunt

import (
	"net/netip"
	"strings"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

// coverMost is how many values of a question are looked for by where they lie.
const coverMost = 10_000

// cover is a test of values, and where those lie that pass.
type cover struct {
	test func(t indicator.Type, value string) bool
	// wanted and whole are where: what these indicators reach, and all values of
	// these types. They mean nothing when anywhere is true.
	wanted   []match.Wanted
	whole    []indicator.Type
	anywhere bool
}

// Cover returns a test of values that every answer has an observable for, nil when
// there is none; and where the values lie that pass, nil = anywhere.
func (q *Query) Cover() (func(t indicator.Type, value string) bool, *match.Reach) {
	if q.where == nil {
		return nil, nil
	}
	c := q.where.cover()
	if c == nil {
		return nil, nil
	}
	if c.anywhere || len(c.wanted) > coverMost*len(folding) {
		return c.test, nil
	}
	return c.test, match.NewReach(c.wanted, c.whole...)
}

// cover implements node: the first whose values lie somewhere, else the first.
func (n both) cover() *cover {
	var first *cover
	for _, c := range n {
		switch f := c.cover(); {
		case f == nil:
		case !f.anywhere:
			return f
		case first == nil:
			first = f
		}
	}
	return first
}

// cover implements node.
func (n either) cover() *cover {
	var all []*cover
	out := &cover{}
	for _, c := range n {
		f := c.cover()
		if f == nil {
			return nil
		}
		all = append(all, f)
		out.wanted, out.whole, out.anywhere = append(out.wanted, f.wanted...), append(out.whole, f.whole...), out.anywhere || f.anywhere
	}
	out.test = func(t indicator.Type, value string) bool {
		for _, f := range all {
			if f.test(t, value) {
				return true
			}
		}
		return false
	}
	return out
}

// folding are the types whose canonical values have no capital letters, where a value
// lies whatever its case was.
var folding = []indicator.Type{
	indicator.IPv4, indicator.IPv6, indicator.Domain, indicator.Email, indicator.MD5, indicator.SHA1, indicator.SHA256, indicator.SHA512,
	indicator.FileName, indicator.CertSHA1, indicator.CertSHA256, indicator.JA3, indicator.MAC, indicator.UserAccount,
	indicator.IPv4Port, indicator.IPv6Port, indicator.DomainPort,
}

// caring are the others, but for URLs, of which the host has none.
var caring = []indicator.Type{
	indicator.JA4, indicator.ASN, indicator.Mutex, indicator.RegistryKey, indicator.UserAgent, indicator.Vulnerability, indicator.Pattern,
}

// folds says whether a type is among folding.
func folds(t indicator.Type) bool {
	for _, f := range folding {
		if f == t {
			return true
		}
	}
	return false
}

// equals adds where values of a type lie that are v, whatever the case; v is folded.
func (c *cover) equals(t indicator.Type, v string) {
	switch {
	case folds(t):
		c.wanted = append(c.wanted, match.Wanted{Type: t, Value: v})
	case t == indicator.URL:
		_, host, _, _ := indicator.URLParts(v)
		if host == "" {
			c.whole = append(c.whole, t)
			return
		}
		c.wanted = append(c.wanted, match.Wanted{Type: t, Value: host + "/"})
	default:
		c.whole = append(c.whole, t)
	}
}

// cover implements node. For a field it is the observable that the field gives,
// where every spelling that has passes gives one that has passes as well.
func (n *anyOf) cover() *cover {
	if n.any() {
		return n.anyCover()
	}
	types := format.TypesOf(n.field)
	if len(types) == 0 || len(n.globs) > 0 {
		return nil
	}
	c := &cover{}
	wanted := map[indicator.Type]map[string]bool{}
	for v := range n.exact {
		t, spelled, ok := canonical(types, v)
		if !ok || !ascii(v) {
			return n.addressCover(types)
		}
		if wanted[t] == nil {
			wanted[t] = map[string]bool{}
		}
		if v := fold(spelled); !wanted[t][v] {
			wanted[t][v] = true
			c.equals(t, v)
		}
	}
	if len(n.addrs) > 0 || len(n.nets) > 0 { // an address may be spelled otherwise
		return n.addressCover(types)
	}
	c.test = func(t indicator.Type, value string) bool { return wanted[t] != nil && wanted[t][fold(value)] }
	return c
}

// anyCover is the cover of a value in any observable.
func (n *anyOf) anyCover() *cover {
	c := &cover{anywhere: len(n.globs) > 0 || len(n.values) > coverMost}
	c.test = func(t indicator.Type, value string) bool {
		var hits [8]match.Hit
		return n.touches(t, value, hits[:0])
	}
	if c.anywhere {
		return c
	}
	touched := n.index.Wanted()
	c.wanted = append(c.wanted, touched...)
	for v := range n.exact {
		if !ascii(v) { // what it folds from may be spelled in many ways
			c.anywhere = true
			return c
		}
		for _, t := range folding {
			c.equals(t, v)
		}
		c.equals(indicator.URL, v)
	}
	c.addresses(n)
	c.whole = append(c.whole, caring...)
	return c
}

// addresses adds where addresses of a set lie, however they are spelled.
func (c *cover) addresses(n *anyOf) {
	for a := range n.addrs {
		c.net(netip.PrefixFrom(a.WithZone(""), a.BitLen()))
	}
	for _, p := range n.nets {
		c.net(p)
	}
}

func (c *cover) net(p netip.Prefix) {
	t := indicator.IPv6
	if p.Addr().Is4() {
		t = indicator.IPv4
	}
	c.wanted = append(c.wanted, match.Wanted{Type: t, Value: p.String()})
}

// addressCover is the cover of networks: of fields that hold nothing but addresses.
func (n *anyOf) addressCover(types []indicator.Type) *cover {
	for _, t := range types {
		if t != indicator.IPv4 && t != indicator.IPv6 {
			return nil
		}
	}
	c := &cover{}
	for v := range n.exact {
		if !strings.Contains(v, "/") {
			a, err := netip.ParseAddr(v)
			if err != nil {
				return nil
			}
			c.net(netip.PrefixFrom(a.Unmap().WithZone(""), a.Unmap().BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(v)
		if err != nil {
			return nil
		}
		c.net(p)
	}
	c.addresses(n)
	c.test = func(t indicator.Type, value string) bool {
		return (t == indicator.IPv4 || t == indicator.IPv6) && n.has(value)
	}
	return c
}
