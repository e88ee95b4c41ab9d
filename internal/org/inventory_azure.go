package org

import (
	"cmp"
	"slices"
	"strings"
)

// azure is a cloud whose parts point to each other by ids, which are compared in lower
// case.
type azure struct {
	*cloud
	interfaces []node
	public     map[string]node     // addresses by id
	before     map[string][]string // security groups by the interface or subnet that they are before
}

// readAzure reads what Azure Resource Graph answers about resources: as az graph query
// prints it, as the portal exports it, or as the API answers with objects.
func readAzure(inv *Inventory, file []byte) error {
	c := azure{newCloud(inv, "azure-", "Azure subscription"), nil, map[string]node{}, map[string][]string{}}
	c.each = true // of the subnet and of the interface
	if err := records(file, []string{"data", "value"}, c.take); err != nil {
		return err
	}
	for _, i := range c.interfaces {
		c.join(i)
	}
	c.finish()
	return nil
}

func (c *azure) take(item node) {
	kind, id, prop := strings.ToLower(item.text("type")), strings.ToLower(item.text("id")), item.at("properties")
	if kind == "" || id == "" {
		c.inv.skip("no-resource")
		return
	}
	if sub := strings.ToLower(item.text("subscriptionId")); sub != "" && c.accounts[sub] == "" {
		c.accounts[sub] = ""
	}
	switch kind {
	case "microsoft.resources/subscriptions":
		c.accounts[strings.ToLower(cmp.Or(item.text("subscriptionId"), prop.text("subscriptionId"), id))] = item.text("name")
	case "microsoft.compute/virtualmachines":
		m := c.named(item, id)
		m.host(prop.text("osProfile", "computerName"))
		image := prop.at("storageProfile", "imageReference")
		if m.runs(image.text("offer"), image.text("sku")); len(m.asset.Technologies) == 0 {
			m.runs(prop.text("storageProfile", "osDisk", "osType"))
		}
	case "microsoft.network/networkinterfaces":
		if len(c.interfaces) < maxEntries {
			c.interfaces = append(c.interfaces, item)
		}
	case "microsoft.network/publicipaddresses":
		c.public[id] = prop
	case "microsoft.network/networksecuritygroups":
		c.open[id] = azureOpen(prop)
		for _, at := range append(prop.list("networkInterfaces"), prop.list("subnets")...) {
			before := strings.ToLower(at.text("id"))
			c.before[before] = append(c.before[before], id)
		}
	case "microsoft.sql/servers", "microsoft.dbforpostgresql/flexibleservers", "microsoft.dbformysql/flexibleservers":
		m := c.named(item, id)
		m.host(prop.text("fullyQualifiedDomainName"))
		m.shown = strings.EqualFold(cmp.Or(prop.text("publicNetworkAccess"), prop.text("network", "publicNetworkAccess")), "Enabled")
		m.runs(kind[len("microsoft."):strings.IndexByte(kind, '/')], prop.text("version"))
	case "microsoft.web/sites":
		m := c.named(item, id)
		for _, h := range prop.list("hostNames") {
			m.host(h.text())
		}
		m.host(prop.text("defaultHostName"))
		m.shown = !strings.EqualFold(prop.text("publicNetworkAccess"), "Disabled")
	default:
		c.inv.skip("type:" + clip(kind))
	}
}

func (c *azure) named(item node, id string) *machine {
	m := c.machine(id)
	m.name = cmp.Or(item.text("name"), id[strings.LastIndexByte(id, '/')+1:])
	m.asset.ID = slug(strings.TrimPrefix(id, "/"))
	c.tagged(&m.asset, item.tags("tags"))
	return m
}

// join gives the machine of an interface its addresses, and the groups before it.
func (c *azure) join(item node) {
	prop := item.at("properties")
	of := strings.ToLower(prop.text("virtualMachine", "id"))
	if of == "" {
		return
	}
	m := c.machine(of)
	groups := append([]string{strings.ToLower(prop.text("networkSecurityGroup", "id"))}, c.before[strings.ToLower(item.text("id"))]...)
	for _, conf := range prop.list("ipConfigurations") {
		p := conf.at("properties")
		groups = append(groups, c.before[strings.ToLower(p.text("subnet", "id"))]...)
		c.address(m, p.text("privateIPAddress"))
		if id := strings.ToLower(p.text("publicIPAddress", "id")); id != "" {
			m.public = true
			c.address(m, c.public[id].text("ipAddress"))
			m.host(c.public[id].text("dnsSettings", "fqdn"))
		}
	}
	for _, g := range groups {
		if g != "" && !slices.Contains(m.firewalls, g) {
			m.firewalls = append(m.firewalls, g)
		}
	}
}

// azureOpen tells whether a security group has a rule that lets everybody in.
func azureOpen(prop node) bool {
	for _, r := range prop.list("securityRules") {
		p := r.at("properties")
		if !strings.EqualFold(p.text("direction"), "Inbound") || !strings.EqualFold(p.text("access"), "Allow") {
			continue
		}
		for _, from := range append(p.list("sourceAddressPrefixes"), p.at("sourceAddressPrefix")) {
			if everywhere(from.text()) {
				return true
			}
		}
	}
	return false
}
