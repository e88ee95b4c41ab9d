package org

import (
	"strings"

	"github.com/vedette-soc/vedette/vuln"
)

// Products are what an asset runs, as far as the profile says: what it names as CPE or
// purl, what the profile's products identify, and bare names. A name may end in a
// version.
func (p Profile) Products(a Asset) []vuln.Product {
	var out []vuln.Product
	for _, name := range a.Technologies {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
		case strings.HasPrefix(strings.ToLower(name), "cpe:"):
			out = append(out, vuln.Product{CPE: name})
		case strings.HasPrefix(strings.ToLower(name), "pkg:"):
			out = append(out, vuln.Product{PURL: name})
		default:
			out = append(out, p.product(name))
		}
	}
	return out
}

// product finds a name among the products of the profile.
func (p Profile) product(name string) vuln.Product {
	bare, version := splitVersion(name)
	for _, t := range p.Technologies {
		whole := strings.TrimSpace(t.Vendor + " " + t.Name)
		for _, n := range []string{t.Name, whole, strings.TrimSpace(t.Name + " " + t.Version), strings.TrimSpace(whole + " " + t.Version)} {
			switch {
			case strings.EqualFold(n, name):
				return t.product()
			case strings.EqualFold(n, bare):
				found := t.product()
				found.Version = version
				return found
			}
		}
	}
	return vuln.Product{Name: bare, Version: version}
}

func (t Technology) product() vuln.Product {
	return vuln.Product{Vendor: t.Vendor, Name: t.Name, Version: t.Version, CPE: t.CPE, PURL: t.PURL}
}

// splitVersion takes a version off the end of a name: "OpenSSH 8.9p1". A year is part
// of the name, as in "SQL Server 2022".
func splitVersion(name string) (bare, version string) {
	i := strings.LastIndexByte(name, ' ')
	if i < 0 || !strings.Contains(name[i:], ".") {
		return name, ""
	}
	if v := strings.TrimPrefix(name[i+1:], "v"); v != "" && v[0] >= '0' && v[0] <= '9' {
		return name[:i], v
	}
	return name, ""
}

// Exposed tells whether the internet can reach an asset, by itself or by its network.
func (x *Index) Exposed(a Asset) bool {
	if a.Exposed {
		return true
	}
	for _, s := range a.Addresses {
		pre, err := prefix(s)
		if err != nil {
			continue
		}
		if at, ok := x.nets.Lookup(pre.Addr()); ok && at.network != nil && at.network.Exposed {
			return true
		}
	}
	return false
}

// Stake is what SSVC calls mission and well-being: how much hangs on an asset.
func (c Criticality) Stake() vuln.Stake {
	switch c {
	case Crown, High:
		return vuln.HighStake
	case Low, Negligible:
		return vuln.LowStake
	}
	return vuln.MediumStake
}

// Vulnerable lists the assets with what they run. What the profile has in use without
// an asset stands under the organisation's name.
func (x *Index) Vulnerable() []vuln.Asset {
	var out []vuln.Asset
	named := map[vuln.Product]bool{}
	for _, a := range x.Profile.Assets {
		asset := vuln.Asset{Name: a.Name, Exposed: x.Exposed(a), Stake: a.Criticality.Stake(), Products: x.Profile.Products(a)}
		if asset.Name == "" {
			asset.Name = a.ID
		}
		for _, p := range asset.Products {
			p.Version = ""
			named[p] = true
		}
		out = append(out, asset)
	}
	rest := vuln.Asset{Name: x.Profile.Name, Stake: vuln.MediumStake}
	if rest.Name == "" {
		rest.Name = "organisation"
	}
	for _, t := range x.Profile.Technologies {
		p := t.product()
		key := p
		if key.Version = ""; !named[key] {
			rest.Products = append(rest.Products, p)
		}
	}
	if len(rest.Products) > 0 {
		out = append(out, rest)
	}
	return out
}
