package org

import (
	"net/netip"
	"strings"

	"github.com/gaissmai/bart"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/indicator"
)

// Index answers questions about a profile. It is immutable and safe for
// concurrent use; the zero value knows nothing.
type Index struct {
	Profile  Profile
	hosts    map[string]*Asset // by lower-case host name, full and first label
	nets     bart.Table[place]
	accounts map[string]*Person
	domains  map[string]string // own domain -> why
	supplier map[string]*Supplier
	never    map[string]string // canonical domain or URL
	neverNet bart.Table[string]
}

// place is what an address belongs to.
type place struct {
	asset   *Asset
	network *Network
}

// Compile makes an Index of p, which must have passed Parse.
func Compile(p Profile) *Index {
	x := &Index{
		Profile: p, hosts: map[string]*Asset{}, accounts: map[string]*Person{}, domains: map[string]string{},
		supplier: map[string]*Supplier{}, never: map[string]string{},
	}
	for i := range p.Networks {
		n := &p.Networks[i]
		for _, r := range n.Ranges {
			if pre, err := prefix(r); err == nil {
				x.nets.Insert(pre, place{network: n})
			}
		}
	}
	for i := range p.Assets {
		x.addAsset(&p.Assets[i])
	}
	for i := range p.People {
		person := &p.People[i]
		for _, a := range append(person.Accounts, person.Emails...) {
			if a = credential.Account(a); a != "" {
				x.accounts[a] = person
			}
		}
	}
	own := func(names []string, why string) {
		for _, d := range names {
			if c, err := indicator.Canonical(indicator.Domain, d); err == nil {
				x.domains[c] = why
			}
		}
	}
	own(p.Domains, "a domain of "+p.Name)
	for _, b := range p.Brands {
		own(b.Domains, "the brand "+b.Name)
	}
	for i := range p.Suppliers {
		for _, d := range p.Suppliers[i].Domains {
			if c, err := indicator.Canonical(indicator.Domain, d); err == nil {
				x.supplier[c] = &p.Suppliers[i]
			}
		}
	}
	for _, v := range p.NeverBlock {
		x.addNever(v)
	}
	return x
}

func (x *Index) addAsset(a *Asset) {
	for _, addr := range a.Addresses {
		if pre, err := prefix(addr); err == nil {
			old, _ := x.nets.Lookup(pre.Addr())
			x.nets.Insert(pre, place{asset: a, network: old.network})
		}
	}
	for _, h := range append(a.Hostnames, a.Name) {
		h = strings.ToLower(strings.TrimSuffix(h, "."))
		x.hosts[h] = a
		if first, _, dotted := strings.Cut(h, "."); dotted && x.hosts[first] == nil {
			x.hosts[first] = a
		}
	}
}

func (x *Index) addNever(v string) {
	t, value, err := indicator.Detect(v)
	if err != nil {
		return
	}
	if t == indicator.IPv4 || t == indicator.IPv6 {
		if pre, err := prefix(value); err == nil {
			x.neverNet.Insert(pre, v)
		}
		return
	}
	x.never[value] = v
}

// Host returns the asset with that host name.
func (x *Index) Host(name string) (*Asset, bool) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if a := x.hosts[name]; a != nil {
		return a, true
	}
	if first, _, dotted := strings.Cut(name, "."); dotted {
		if a := x.hosts[first]; a != nil && x.ownName(name) != "" {
			return a, true
		}
	}
	return nil, false
}

// Address returns what an address belongs to: an asset, a network, or neither.
// ours is also true for private space the profile does not name.
func (x *Index) Address(addr netip.Addr) (asset *Asset, network *Network, ours bool) {
	addr = addr.Unmap()
	if p, ok := x.nets.Lookup(addr); ok {
		return p.asset, p.network, true
	}
	return nil, nil, addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast()
}

// Person returns whose account or e-mail address name is.
func (x *Index) Person(name string) (*Person, bool) {
	p := x.accounts[credential.Account(name)]
	return p, p != nil
}

// Own says why a value belongs to the organisation; "" when it does not. A
// range is its own when it overlaps one of its own.
func (x *Index) Own(t indicator.Type, value string) string {
	host, name, ok := indicator.HostOf(t, value)
	if !ok {
		return ""
	}
	if host == indicator.Domain {
		return x.ownName(name)
	}
	pre, err := prefix(name)
	if err != nil {
		return ""
	}
	if p, ok := x.nets.Lookup(pre.Addr()); ok {
		return "it belongs to " + p.label()
	}
	if x.nets.OverlapsPrefix(pre) {
		return "the range holds addresses of " + x.Profile.Name
	}
	return ""
}

func (p place) label() string {
	if p.asset != nil {
		return "the asset " + p.asset.Name
	}
	return "the network " + p.network.Name
}

func (x *Index) ownName(name string) string {
	if a := x.hosts[name]; a != nil {
		return "it belongs to the asset " + a.Name
	}
	for d := range indicator.Parents(name) {
		if why := x.domains[d]; why != "" {
			return "it belongs to " + why
		}
	}
	return ""
}

// Supplier returns the supplier a domain belongs to.
func (x *Index) Supplier(name string) (*Supplier, bool) {
	for d := range indicator.Parents(name) {
		if s := x.supplier[d]; s != nil {
			return s, true
		}
	}
	return nil, false
}

// NeverBlock says why a value must not be blocked; "" when nothing in the profile
// forbids it. Suppliers' domains are never blocked.
func (x *Index) NeverBlock(t indicator.Type, value string) string {
	if v, ok := x.never[value]; ok {
		return "the profile lists " + v + " as never to be blocked"
	}
	host, name, ok := indicator.HostOf(t, value)
	if !ok {
		return ""
	}
	if host == indicator.Domain {
		if s, ok := x.Supplier(name); ok {
			return "it belongs to the supplier " + s.Name
		}
		for d := range indicator.Parents(name) {
			if v, ok := x.never[d]; ok {
				return "the profile lists " + v + " as never to be blocked"
			}
		}
		for v := range x.never { // a block of a parent would cover it
			if strings.HasSuffix(v, "."+name) {
				return "it would cover " + v + ", which the profile lists as never to be blocked"
			}
		}
		return ""
	}
	pre, err := prefix(name)
	if err != nil {
		return ""
	}
	if v, ok := x.neverNet.Lookup(pre.Addr()); ok {
		return "the profile lists " + v + " as never to be blocked"
	}
	if x.neverNet.OverlapsPrefix(pre) {
		return "the range covers an address the profile lists as never to be blocked"
	}
	return ""
}
