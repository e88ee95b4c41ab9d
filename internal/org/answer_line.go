package org

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/vuln"
)

// words sorts what stands in a line: addresses and ranges, a band, flags, names with a
// dot, and the rest.
type words struct {
	ranges, dotted, rest []string
	band                 Criticality
	exposed, shared      bool
}

func wordsOf(line string) (w words, err error) {
	for _, f := range strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' }) {
		_, isRange := prefix(f)
		switch low := Criticality(strings.ToLower(f)); {
		case isRange == nil:
			w.ranges = append(w.ranges, f)
		case strings.Contains(f, "/") && strings.ContainsAny(f, "0123456789"):
			return w, fmt.Errorf("%q is no address range", f)
		case slices.Contains(moneyBands, low):
			w.band = low
		case low == "exposed":
			w.exposed = true
		case low == "shared":
			w.shared = true
		case strings.Contains(strings.Trim(f, "."), "."):
			if strings.Trim(f, ".0123456789") == "" {
				return w, fmt.Errorf("%q is no address", f)
			}
			w.dotted = append(w.dotted, strings.ToLower(f))
		default:
			w.rest = append(w.rest, f)
		}
	}
	return w, nil
}

func (p *Profile) addNetwork(line string, c *Completion) error {
	w, err := wordsOf(line)
	if err != nil {
		return err
	}
	if len(w.ranges) == 0 {
		return fmt.Errorf("%.80q names no address range such as 10.1.0.0/16", line)
	}
	name := strings.Join(append(w.rest, w.dotted...), " ")
	i := slices.IndexFunc(p.Networks, func(n Network) bool {
		return name != "" && strings.EqualFold(n.Name, name) || name == "" && slices.Contains(n.Ranges, w.ranges[0])
	})
	if i < 0 {
		if name == "" {
			name = w.ranges[0]
		}
		p.Networks = append(p.Networks, Network{Name: name, Ranges: w.ranges, Criticality: w.band, Exposed: w.exposed, Shared: w.shared})
		c.New = append(c.New, "network "+name)
		return nil
	}
	n := &p.Networks[i]
	var added []string
	for _, r := range w.ranges {
		if !slices.Contains(n.Ranges, r) {
			n.Ranges, added = append(n.Ranges, r), append(added, "range "+r)
		}
	}
	if w.band != "" && w.band != n.Criticality {
		n.Criticality, added = w.band, append(added, "criticality "+string(w.band))
	}
	if w.exposed && !n.Exposed {
		n.Exposed, added = true, append(added, "exposed")
	}
	if w.shared && !n.Shared {
		n.Shared, added = true, append(added, "shared")
	}
	c.note("network "+n.Name, added)
	return nil
}

// addJewel takes "name, host names and addresses; owner".
func (p *Profile) addJewel(line string, c *Completion) error {
	line, owner, _ := strings.Cut(line, ";")
	w, err := wordsOf(line)
	if err != nil {
		return err
	}
	a := Asset{Name: strings.Join(w.rest, " "), Hostnames: w.dotted, Owner: strings.TrimSpace(owner), Criticality: Crown, Exposed: w.exposed, Shared: w.shared}
	if w.band != "" {
		a.Criticality = w.band
	}
	for _, r := range w.ranges {
		if _, err := netip.ParseAddr(r); err != nil {
			return fmt.Errorf("%q is a range; an asset has addresses", r)
		}
		a.Addresses = append(a.Addresses, r)
	}
	if a.Name == "" {
		a.Name = first(append(slices.Clone(a.Hostnames), a.Addresses...))
	}
	if a.ID = slug(a.Name); a.ID == "" {
		return fmt.Errorf("%.80q has no name", line)
	}
	known := samenessOf(p.Assets)
	if i, ok := known.find(a); ok && p.Assets[i].Criticality != a.Criticality {
		p.Assets[i].Criticality = a.Criticality
		c.Filled = append(c.Filled, "asset "+p.Assets[i].Name+": criticality "+string(a.Criticality))
	}
	p.completeAsset(a, known, c)
	return nil
}

// addProduct takes a CPE, a purl, or "vendor: product version".
func (p *Profile) addProduct(line string, c *Completion) error {
	t := Technology{}
	switch low := strings.ToLower(line); {
	case strings.HasPrefix(low, "cpe:"):
		v, ok := cpeOf(line)
		if !ok {
			return fmt.Errorf("%.80q is no CPE", line)
		}
		t = v
	case strings.HasPrefix(low, "pkg:"):
		name, version, _ := strings.Cut(line[strings.LastIndexByte(line, '/')+1:], "@")
		t = Technology{Name: name, Version: version, PURL: line}
	default:
		if vendor, product, ok := strings.Cut(line, ": "); ok {
			t.Vendor, line = strings.TrimSpace(vendor), strings.TrimSpace(product)
		}
		t.Name, t.Version = splitVersion(line)
	}
	if t.Name == "" {
		return fmt.Errorf("%.80q names no product", line)
	}
	p.completeTechnology(t, c)
	return nil
}

// addPerson takes "name; role; accounts and addresses".
func (p *Profile) addPerson(line string, privileged bool, c *Completion) error {
	parts := strings.Split(line, ";")
	last := len(parts) - 1
	person := Person{Name: strings.TrimSpace(parts[0]), Privileged: privileged, VIP: !privileged}
	if last > 1 {
		person.Role = strings.TrimSpace(parts[1])
	}
	for _, v := range commas(strings.Join(parts[min(last, max(1, min(last, 2))):], ",")) {
		switch {
		case last == 0: // a name alone
		case strings.Contains(v, "@"):
			person.Emails = append(person.Emails, strings.ToLower(v))
		default:
			person.Accounts = append(person.Accounts, v)
		}
	}
	if person.Name == "" || len(person.Accounts)+len(person.Emails) == 0 {
		return fmt.Errorf("%.80q: write a name; a role; accounts and addresses", line)
	}
	p.completePerson(person, c)
	return nil
}

func (p *Profile) addDomains(line string) error {
	for _, d := range strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' || r == ';' || r == '\t' }) {
		name, ok := domain(d)
		if !ok {
			return fmt.Errorf("%.80q is no domain name", d)
		}
		if !containsFold(p.Domains, name) {
			p.Domains = append(p.Domains, name)
		}
	}
	return nil
}

func (p *Profile) addBrand(line string, c *Completion) error {
	name, list, _ := strings.Cut(line, ":")
	if name = strings.TrimSpace(name); name == "" {
		return fmt.Errorf("%.80q has no name", line)
	}
	var domains []string
	for _, d := range commas(list) {
		v, ok := domain(d)
		if !ok {
			return fmt.Errorf("%.80q is no domain name", d)
		}
		domains = append(domains, v)
	}
	i := slices.IndexFunc(p.Brands, func(b Brand) bool { return strings.EqualFold(b.Name, name) })
	if i < 0 {
		p.Brands = append(p.Brands, Brand{Name: name, Domains: domains})
		c.New = append(c.New, "brand "+name)
		return nil
	}
	var added []string
	for _, d := range domains {
		if !containsFold(p.Brands[i].Domains, d) {
			p.Brands[i].Domains, added = append(p.Brands[i].Domains, d), append(added, "domain "+d)
		}
	}
	c.note("brand "+name, added)
	return nil
}

// domain is a domain name in its usual spelling.
func domain(s string) (string, bool) {
	v, err := indicator.Canonical(indicator.Domain, strings.TrimSpace(s))
	return v, err == nil
}

// cpeOf is a product that a CPE names.
func cpeOf(s string) (Technology, bool) {
	c, ok := vuln.ParseCPE(s)
	if !ok {
		return Technology{}, false
	}
	t := Technology{Name: strings.ReplaceAll(c.Product, "_", " "), Vendor: strings.ReplaceAll(c.Vendor, "_", " "), Version: c.Version, CPE: s}
	return t, true
}
