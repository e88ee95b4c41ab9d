package org

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// cloud is what is read of the inventory of a cloud, until everything in it can be
// joined: a machine, its interfaces, its addresses and its firewall are records of
// their own, in any order.
type cloud struct {
	inv      *Inventory
	machines map[string]*machine
	order    []string          // of machines
	open     map[string]bool   // firewalls by id: whether they let the whole internet in
	each     bool              // what comes in passes each firewall, not any
	accounts map[string]string // names by id
	prefix   string            // of the ids of accounts
	word     string            // what an account is called
}

// machine is something that runs: a virtual machine, a database, a load balancer.
type machine struct {
	asset     Asset
	name      string // that a person gave it
	public    bool   // it has a public address or name
	shown     bool   // the cloud itself says that the internet can reach it
	firewalls []string
}

func newCloud(inv *Inventory, prefix, word string) *cloud {
	return &cloud{
		inv: inv, machines: map[string]*machine{}, open: map[string]bool{}, accounts: map[string]string{},
		prefix: prefix, word: word,
	}
}

// machine returns what is known of a machine, "" is none.
func (c *cloud) machine(id string) *machine {
	m := c.machines[id]
	if m == nil {
		if len(c.machines) >= maxEntries {
			c.inv.skip("too-many")
			return &machine{}
		}
		m = &machine{}
		c.machines[id] = m
		c.order = append(c.order, id)
	}
	return m
}

// address takes an address of a machine; a public one is one that the internet routes.
func (c *cloud) address(m *machine, s string) {
	if s == "" {
		return
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		c.inv.skip("bad-address")
		return
	}
	a = a.Unmap()
	if !slices.Contains(m.asset.Addresses, a.String()) {
		m.asset.Addresses = append(m.asset.Addresses, a.String())
	}
	m.public = m.public || a.IsGlobalUnicast() && !a.IsPrivate()
}

func (m *machine) host(names ...string) {
	for _, n := range names {
		if n = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(n), ".")); n != "" && !slices.Contains(m.asset.Hostnames, n) {
			m.asset.Hostnames = append(m.asset.Hostnames, n)
		}
	}
}

func (m *machine) runs(parts ...string) {
	if t := strings.Join(strings.Fields(strings.Join(parts, " ")), " "); t != "" && !containsFold(m.asset.Technologies, t) {
		m.asset.Technologies = append(m.asset.Technologies, t)
	}
}

// finish turns machines and accounts into assets.
func (c *cloud) finish() {
	names, addresses := map[string]int{}, map[string]int{}
	for _, id := range c.order {
		m := c.machines[id]
		if m.asset.ID == "" {
			continue // something points to it, and it is not in the file
		}
		names[strings.ToLower(m.name)]++
		for _, a := range m.asset.Addresses {
			addresses[a]++
		}
	}
	for id, name := range c.accounts {
		c.inv.Assets = append(c.inv.Assets, Asset{ID: c.prefix + slug(id), Name: strings.TrimSpace(c.word + " " + cmp.Or(name, id))})
	}
	slices.SortFunc(c.inv.Assets, func(a, b Asset) int { return cmp.Compare(a.ID, b.ID) })
	for _, id := range c.order {
		m := c.machines[id]
		if m.asset.ID == "" {
			c.inv.skip("not-in-the-file")
			continue
		}
		a := m.asset
		if a.Name = cmp.Or(m.name, a.ID); names[strings.ToLower(m.name)] > 1 {
			a.Name = strings.TrimSpace(m.name + " " + a.ID) // the machines of a group bear one name
		}
		a.Addresses = slices.DeleteFunc(slices.Clone(a.Addresses), func(s string) bool {
			if addresses[s] > 1 { // two private networks may use one range: which of them an event means, nobody knows
				c.inv.skip("address-of-several")
			}
			return addresses[s] > 1
		})
		a.Exposed = c.exposed(m)
		c.inv.Assets = append(c.inv.Assets, a)
	}
}

// exposed: the cloud says so, or it has a public address and no firewall that is known
// keeps the internet out.
func (c *cloud) exposed(m *machine) bool {
	if m.shown || !m.public {
		return m.shown
	}
	for _, id := range m.firewalls {
		open, known := c.open[id]
		if lets := open || !known; lets != c.each {
			return lets
		}
	}
	return c.each || len(m.firewalls) == 0
}

// everywhere tells whether a source of a firewall rule is the whole internet.
func everywhere(s string) bool {
	switch strings.ToLower(s) {
	case "0.0.0.0/0", "::/0", "*", "internet", "any":
		return true
	}
	return false
}

// dataWords are the words that tags use for classes of data.
var dataWords = map[string]DataClass{
	"public": NoData, "none": NoData, "internal": InternalData, "confidential": InternalData, "restricted": InternalData, "secret": InternalData,
	"customer": CustomerData, "customers": CustomerData, "customer data": CustomerData, "regulated": Regulated, "pii": Regulated, "personal": Regulated, "personal data": Regulated,
	"pci": Regulated, "phi": Regulated, "gdpr": Regulated, "hipaa": Regulated, "health": Regulated,
}

// tagged takes from the tags of a machine what they say of owner, criticality and data.
// Tags are written in any case, with dashes and underscores.
func (c *cloud) tagged(a *Asset, tags map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value := strings.TrimSpace(tags[key])
		word := strings.ToLower(strings.NewReplacer("-", " ", "_", " ", ":", " ", ".", " ").Replace(key))
		plain := strings.ToLower(strings.NewReplacer("-", " ", "_", " ").Replace(value))
		is := func(field string, more ...string) bool {
			return value != "" && (slices.Contains(assetColumns[field], word) || slices.Contains(more, word))
		}
		switch {
		case is("owner", "contact", "cost owner", "owned by", "technical owner"):
			a.Owner = cmp.Or(a.Owner, value)
		case is("criticality", "critical", "bia"):
			band := cmp.Or(bands[plain], bands[strings.TrimPrefix(plain, "tier ")])
			if band == "" {
				c.inv.skip("unknown-criticality")
			}
			a.Criticality = cmp.Or(a.Criticality, band)
		case is("data", "data classification", "dataclass", "data sensitivity", "confidentiality"):
			class, known := dataWords[plain]
			if !known {
				c.inv.skip("unknown-data")
			}
			a.Data = cmp.Or(a.Data, class)
		case is("services", "app", "workload"):
			if !containsFold(a.Services, value) {
				a.Services = append(a.Services, value)
			}
		}
	}
}
