package similar

import (
	"net/netip"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// Observable returns the item of an observable; ok is false for one that says nothing
// of who is behind it.
func Observable(t indicator.Type, value string) (Item, bool) {
	if value == "" {
		return Item{}, false
	}
	switch t {
	case indicator.IPv4, indicator.IPv6:
		a, err := netip.ParseAddr(value)
		if err != nil || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() {
			return Item{}, false
		}
		return Item{Kind: Address, Value: a.Unmap().String()}, true
	case indicator.Domain, indicator.URL:
		host, name, ok := indicator.HostOf(t, value)
		if !ok {
			return Item{}, false
		}
		if host != indicator.Domain {
			return Observable(host, name)
		}
		return Item{Kind: Domain, Value: name}, true
	case indicator.MD5, indicator.SHA1, indicator.SHA256, indicator.SHA512:
		return Item{Kind: File, Value: value}, true
	case indicator.JA3, indicator.JA4:
		return Item{Kind: Fingerprint, Value: value}, true
	}
	if strings.HasPrefix(string(t), "x509-certificate") {
		return Item{Kind: Certificate, Value: value}, true
	}
	return Item{Kind: Other, Value: string(t) + " " + value, Label: value}, true
}

// key is under which an item is found.
func (i Item) key() string { return string(i.Kind) + "\x00" + strings.ToLower(i.Value) }

// kin is what makes two different items akin; "" = nothing does.
func (i Item) kin() string {
	switch i.Kind {
	case Technique:
		parent, _, _ := strings.Cut(strings.ToLower(i.Value), ".")
		return "technique above\x00" + parent
	case Address:
		a, err := netip.ParseAddr(i.Value)
		if err != nil {
			return ""
		}
		bits := 24
		if a.Is6() {
			bits = 48
		}
		p, err := a.Prefix(bits)
		if err != nil {
			return ""
		}
		return "network\x00" + p.String()
	case Domain:
		if d := indicator.RegistrableDomain(i.Value); d != "" && !indicator.IsPublicSuffix(d) {
			return "registrable\x00" + strings.ToLower(d)
		}
	}
	return ""
}

// says is how much an item of a kind says, equally rare ones compared. A technique is
// what everybody does; a file is one file.
func (k Kind) says() float64 {
	switch k {
	case Name, File, Certificate:
		return 1.5
	case Rule, Fingerprint, Other:
		return .8
	}
	return 1
}

// akin is the share of an item's weight that kin get.
func (k Kind) akin() float64 {
	if k == Technique {
		return .5
	}
	return .4
}

// facet is a side of a case: each is compared only where both say something of it.
type facet int

const (
	steps facet = iota
	names
	traces
	facets
)

func (k Kind) facet() facet {
	switch k {
	case Technique, Rule:
		return steps
	case Name:
		return names
	}
	return traces
}

// absent is how much it speaks against likeness when an item of the facet is not
// shared: addresses and files change from attack to attack, habits do not.
func (f facet) absent() float64 { return [facets]float64{1, .25, .1}[f] }
