package org

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
)

// Inventory is what another system knows of the organisation: hosts, products,
// people. It completes a profile, it does not replace one.
type Inventory struct {
	Kind         string
	Assets       []Asset
	Technologies []Technology
	People       []Person
	Skipped      map[string]int // by reason
}

// maxInventory and maxEntries bound an inventory.
const (
	maxInventory = 64 << 20
	maxEntries   = 200_000
)

func (inv *Inventory) skip(reason string) {
	if inv.Skipped == nil {
		inv.Skipped = map[string]int{}
	}
	inv.Skipped[reason]++
}

func (inv *Inventory) full() bool {
	return len(inv.Assets)+len(inv.Technologies)+len(inv.People) >= maxEntries
}

// inventoryKinds are what ReadInventory reads, in the order in which it asks.
var inventoryKinds = []struct {
	name string
	is   func(head string) bool
	read func(inv *Inventory, file []byte) error
}{
	{"nmap", func(h string) bool { return strings.Contains(h, "<nmaprun") }, readNmap},
	{"cyclonedx", func(h string) bool { return strings.Contains(h, `"bomFormat"`) && strings.Contains(h, "CycloneDX") }, readCycloneDX},
	{"cyclonedx", func(h string) bool { return strings.Contains(h, "<bom") && strings.Contains(h, "cyclonedx.org") }, readCycloneDXML},
	{"spdx", func(h string) bool { return strings.Contains(h, `"spdxVersion"`) }, readSPDX},
	{"aws", func(h string) bool {
		return strings.Contains(h, `onfigurationItems"`) || strings.Contains(h, "resourceType") && strings.Contains(h, "AWS::")
	}, readAWS},
	{"gcp", func(h string) bool {
		return strings.Contains(h, ".googleapis.com/") && (strings.Contains(h, `"assetType"`) || strings.Contains(h, `"asset_type"`))
	}, readGCP},
	{"azure", func(h string) bool {
		return strings.Contains(h, `"/subscriptions/`) && strings.Contains(h, `"type"`) && strings.Contains(strings.ToLower(h), `"microsoft.`)
	}, readAzure},
	{"ldif", func(h string) bool {
		return strings.HasPrefix(h, "dn:") || strings.Contains(h, "\ndn:") || strings.HasPrefix(h, "version: 1")
	}, readLDIF},
	{"csv", func(h string) bool {
		line, _, _ := strings.Cut(h, "\n")
		return !strings.ContainsAny(h[:min(len(h), 1)], "{[<") && strings.ContainsAny(line, ",;\t")
	}, readAssetCSV},
}

// ReadInventory reads an nmap scan (XML), a bill of materials (CycloneDX as JSON or
// XML, SPDX as JSON), the inventory of a cloud (AWS Config, Azure Resource Graph, Google
// Cloud Asset Inventory), a directory export (LDIF) or a table of assets (CSV). A file
// that is none of these is an error.
func ReadInventory(name string, r io.Reader) (Inventory, error) {
	file, err := io.ReadAll(io.LimitReader(r, maxInventory+1))
	if err != nil {
		return Inventory{}, err
	}
	if len(file) > maxInventory {
		return Inventory{}, errs.New(errs.Invalid, "inventory_too_large", "%s has more than %d bytes, the limit for an inventory.", name, maxInventory)
	}
	file = bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))
	head := string(bytes.TrimSpace(file[:min(len(file), 8192)]))
	for _, k := range inventoryKinds {
		if !k.is(head) {
			continue
		}
		inv := Inventory{Kind: k.name}
		if err := k.read(&inv, file); err != nil {
			return Inventory{}, errs.New(errs.Invalid, "inventory_invalid", "%s cannot be read as %s: %v", name, k.name, err)
		}
		return inv, nil
	}
	return Inventory{}, errs.New(errs.Invalid, "inventory_unknown", "%s is no inventory Vedette can read: nmap XML, CycloneDX or SPDX, JSON of AWS Config, Azure Resource Graph or Google Cloud Asset Inventory, LDIF, or CSV with a column name, hostname or address.", name)
}

// Completion is what an inventory adds to a profile.
type Completion struct {
	Kind    string         `json:"kind"`
	New     []string       `json:"new"`     // assets, products and people that are added, in words
	Filled  []string       `json:"filled"`  // what is added to an asset or person that is known
	Same    int            `json:"same"`    // said nothing new
	Skipped map[string]int `json:"skipped"` // could not be used, by reason
	File    []byte         `json:"-"`       // the profile with it
}

// complete adds inv to p. What a person wrote stays: only what is missing is filled
// in.
func (p *Profile) complete(inv Inventory) Completion {
	c := Completion{Kind: inv.Kind, New: []string{}, Filled: []string{}, Skipped: inv.Skipped}
	known := samenessOf(p.Assets)
	for _, a := range inv.Assets {
		p.completeAsset(a, known, &c)
	}
	for _, t := range inv.Technologies {
		p.completeTechnology(t, &c)
	}
	for _, person := range inv.People {
		p.completePerson(person, &c)
	}
	return c
}

func (p *Profile) completeAsset(a Asset, known sameness, c *Completion) {
	i, ok := known.find(a)
	if !ok {
		for n, id := 2, a.ID; known.ids[a.ID]; n++ {
			a.ID = fmt.Sprintf("%s-%d", id, n)
		}
		known.add(a, len(p.Assets))
		p.Assets = append(p.Assets, a)
		c.New = append(c.New, "asset "+a.Name)
		return
	}
	have, added := &p.Assets[i], []string{}
	fill := func(what string, to *string, from string) {
		if *to == "" && from != "" {
			*to = from
			added = append(added, what+" "+from)
		}
	}
	list := func(what string, to *[]string, from []string) {
		for _, v := range from {
			if !containsFold(*to, v) {
				*to = append(*to, v)
				added = append(added, what+" "+v)
			}
		}
	}
	fill("owner", &have.Owner, a.Owner)
	fill("criticality", (*string)(&have.Criticality), string(a.Criticality))
	fill("data", (*string)(&have.Data), string(a.Data))
	list("host name", &have.Hostnames, a.Hostnames)
	list("address", &have.Addresses, a.Addresses)
	list("product", &have.Technologies, a.Technologies)
	list("service", &have.Services, a.Services)
	if a.Exposed && !have.Exposed {
		have.Exposed = true
		added = append(added, "exposed")
	}
	known.add(*have, i)
	c.note("asset "+have.Name, added)
}

func (c *Completion) note(what string, added []string) {
	if len(added) == 0 {
		c.Same++
		return
	}
	c.Filled = append(c.Filled, what+": "+strings.Join(added, ", "))
}

// sameness finds the asset that another one is: one id, one host name, or one single
// address.
type sameness struct {
	at  map[string]int // the first asset with a name, id or address
	ids map[string]bool
}

func samenessOf(assets []Asset) sameness {
	s := sameness{map[string]int{}, map[string]bool{}}
	for i, a := range assets {
		s.add(a, i)
	}
	return s
}

func (s sameness) add(a Asset, i int) {
	s.ids[a.ID] = true
	for _, k := range marks(a) {
		if _, taken := s.at[k]; !taken {
			s.at[k] = i
		}
	}
}

func (s sameness) find(a Asset) (first int, ok bool) {
	for _, k := range marks(a) {
		if i, known := s.at[k]; known && (!ok || i < first) {
			first, ok = i, true
		}
	}
	return first, ok
}

// marks are what an asset is known by.
func marks(a Asset) []string {
	var out []string
	for _, n := range append(slices.Clone(a.Hostnames), a.Name, a.ID) {
		if n != "" {
			out = append(out, strings.ToLower(n))
		}
	}
	for _, s := range a.Addresses {
		if _, err := netip.ParseAddr(s); err == nil {
			out = append(out, "@"+s)
		}
	}
	return out
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(have string) bool { return strings.EqualFold(have, s) })
}

func (p *Profile) completeTechnology(t Technology, c *Completion) {
	what := strings.Join(strings.Fields("product "+t.Vendor+" "+t.Name+" "+t.Version), " ")
	for i := range p.Technologies {
		have := &p.Technologies[i]
		if !strings.EqualFold(have.Name, t.Name) || have.Version != "" && t.Version != "" && have.Version != t.Version || have.Vendor != "" && t.Vendor != "" && !strings.EqualFold(have.Vendor, t.Vendor) {
			continue
		}
		var added []string
		for _, f := range []struct {
			what string
			to   *string
			from string
		}{{"version", &have.Version, t.Version}, {"vendor", &have.Vendor, t.Vendor}, {"CPE", &have.CPE, t.CPE}, {"purl", &have.PURL, t.PURL}} {
			if *f.to == "" && f.from != "" {
				*f.to = f.from
				added = append(added, f.what+" "+f.from)
			}
		}
		c.note("product "+have.Name, added)
		return
	}
	p.Technologies = append(p.Technologies, t)
	c.New = append(c.New, what)
}

func (p *Profile) completePerson(person Person, c *Completion) {
	i := slices.IndexFunc(p.People, func(have Person) bool {
		return slices.ContainsFunc(append(slices.Clone(person.Accounts), person.Emails...), func(s string) bool {
			return containsFold(have.Accounts, s) || containsFold(have.Emails, s)
		})
	})
	if i < 0 {
		p.People = append(p.People, person)
		c.New = append(c.New, "person "+person.Name)
		return
	}
	have, added := &p.People[i], []string{}
	for _, v := range person.Accounts {
		if !containsFold(have.Accounts, v) {
			have.Accounts, added = append(have.Accounts, v), append(added, "account "+v)
		}
	}
	for _, v := range person.Emails {
		if !containsFold(have.Emails, v) {
			have.Emails, added = append(have.Emails, v), append(added, "address "+v)
		}
	}
	if have.Role == "" && person.Role != "" {
		have.Role, added = person.Role, append(added, "role "+person.Role)
	}
	if person.Privileged && !have.Privileged {
		have.Privileged, added = true, append(added, "privileged")
	}
	if person.VIP && !have.VIP {
		have.VIP, added = true, append(added, "VIP")
	}
	if person.PasswordChanged.After(have.PasswordChanged) {
		have.PasswordChanged, added = person.PasswordChanged, append(added, "password changed "+person.PasswordChanged.Format(time.DateOnly))
	}
	c.note("person "+have.Name, added)
}
