package match

import "github.com/vedette-soc/vedette/indicator"

// Touches says whether an observable of a type can touch anything in the index:
// what it says no to needs no look-up.
func (x *Index) Touches(t indicator.Type) bool {
	name, host4, host6 := x.uses(spaceDomain), x.uses(spaceIPv4) || x.nets.n > 0, x.uses(spaceIPv6) || x.nets.n > 0
	switch t {
	case indicator.IPv4:
		return host4
	case indicator.IPv6:
		return host6
	case indicator.Domain:
		return name
	case indicator.Email:
		return name || x.uses(spaceEmail)
	case indicator.DomainPort:
		return name || x.uses(spaceDomainPort)
	case indicator.IPv4Port:
		return host4 || x.uses(spaceIPv4Port)
	case indicator.IPv6Port:
		return host6 || x.uses(spaceIPv6Port)
	case indicator.URL:
		return name || host4 || host6 || x.Has(indicator.URL) || x.uses(spaceDomainPort) || x.uses(spaceIPv4Port) || x.uses(spaceIPv6Port)
	}
	return x.Has(t)
}

// Touches says whether an observable of a type can touch anything.
func (v *View) Touches(t indicator.Type) bool { return v.main.Touches(t) || v.delta.Touches(t) }
