package org

import (
	"cmp"
	"strings"
)

// readAWS reads configuration items of AWS Config: a snapshot or history file as it is
// delivered, or what its API answers. Of several items of one resource the latest counts.
func readAWS(inv *Inventory, file []byte) error {
	latest, order := map[string]node{}, []string{}
	err := records(file, []string{"configurationItems", "baseConfigurationItems", "Results"}, func(item node) {
		kind, id := item.text("resourceType"), item.text("resourceId")
		if kind == "" || id == "" {
			inv.skip("no-resource")
			return
		}
		key := kind + "\x00" + id
		old, twice := latest[key]
		switch {
		case !twice && len(order) >= maxEntries:
			inv.skip("too-many")
			return
		case !twice:
			order = append(order, key)
		case item.text("configurationItemCaptureTime") < old.text("configurationItemCaptureTime"):
			inv.skip("earlier-state")
			return
		default:
			inv.skip("earlier-state")
		}
		latest[key] = item
	})
	if err != nil {
		return err
	}
	c := newCloud(inv, "aws-", "AWS account")
	for _, key := range order {
		c.aws(latest[key])
	}
	c.finish()
	return nil
}

func (c *cloud) aws(item node) {
	kind, id, conf := item.text("resourceType"), item.text("resourceId"), item.at("configuration")
	if strings.HasPrefix(item.text("configurationItemStatus"), "ResourceDeleted") {
		c.inv.skip("deleted")
		return
	}
	if account := cmp.Or(item.text("awsAccountId"), item.text("accountId")); account != "" {
		c.accounts[account] = ""
	}
	switch kind {
	case "AWS::EC2::Instance":
		c.awsInstance(item, conf, id)
	case "AWS::EC2::NetworkInterface":
		if of := conf.text("attachment", "instanceId"); of != "" {
			c.awsInterface(c.machine(of), conf)
		}
	case "AWS::EC2::EIP":
		if of := conf.text("instanceId"); of != "" {
			c.address(c.machine(of), conf.text("publicIp"))
		}
	case "AWS::EC2::SecurityGroup":
		c.open[id] = awsOpen(conf)
	case "AWS::RDS::DBInstance":
		m := c.awsNamed(item, id, cmp.Or(conf.text("dBInstanceIdentifier"), item.text("resourceName")))
		m.host(conf.text("endpoint", "address"))
		m.runs(conf.text("engine"), conf.text("engineVersion"))
		m.public = conf.is("publiclyAccessible")
		for _, g := range conf.list("vpcSecurityGroups") {
			m.firewalls = append(m.firewalls, g.text("vpcSecurityGroupId"))
		}
	case "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancing::LoadBalancer":
		m := c.awsNamed(item, id, cmp.Or(conf.text("loadBalancerName"), item.text("resourceName")))
		m.host(conf.text("dNSName"))
		m.public = conf.text("scheme") == "internet-facing"
		for _, g := range conf.list("securityGroups") {
			m.firewalls = append(m.firewalls, g.text())
		}
	default:
		c.inv.skip("type:" + clip(kind))
	}
}

// awsNamed begins a machine with its tags.
func (c *cloud) awsNamed(item node, id, name string) *machine {
	tags := item.tags("tags")
	m := c.machine(id)
	m.asset.ID, m.name = slug(id), cmp.Or(tags["Name"], name)
	c.tagged(&m.asset, tags)
	return m
}

func (c *cloud) awsInstance(item, conf node, id string) {
	if state := conf.text("state", "name"); state == "terminated" || state == "shutting-down" {
		c.inv.skip("terminated")
		return
	}
	m := c.awsNamed(item, id, "")
	m.host(conf.text("privateDnsName"), conf.text("publicDnsName"))
	c.address(m, conf.text("privateIpAddress"))
	c.address(m, conf.text("publicIpAddress"))
	if p := conf.text("platform"); p != "" {
		m.runs(p)
	}
	for _, g := range conf.list("securityGroups") {
		m.firewalls = append(m.firewalls, g.text("groupId"))
	}
	for _, i := range conf.list("networkInterfaces") {
		c.awsInterface(m, i)
	}
}

func (c *cloud) awsInterface(m *machine, i node) {
	for _, a := range i.list("privateIpAddresses") {
		c.address(m, a.text("privateIpAddress"))
		c.address(m, a.text("association", "publicIp"))
	}
	for _, a := range i.list("ipv6Addresses") {
		c.address(m, a.text("ipv6Address"))
	}
}

// awsOpen tells whether a security group lets everybody in.
func awsOpen(conf node) bool {
	for _, p := range conf.list("ipPermissions") {
		for _, r := range append(p.list("ipRanges"), append(p.list("ipv4Ranges"), p.list("ipv6Ranges")...)...) {
			if everywhere(cmp.Or(r.text(), r.text("cidrIp"), r.text("cidrIpv6"))) {
				return true
			}
		}
	}
	return false
}

// clip shortens a word that becomes the name of a count.
func clip(s string) string { return s[:min(len(s), 80)] }
