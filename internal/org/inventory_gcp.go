package org

import (
	"cmp"
	"slices"
	"strings"
)

// gcp is a cloud whose firewall rules name the network they are of and, if they are not
// of all of it, the tags of the machines.
type gcp struct {
	*cloud
	rules []node
	nets  map[string][]string // networks of a machine
	tags  map[string][]string // of a machine
}

// readGCP reads an export of Cloud Asset Inventory: one asset a line as it is written to
// a bucket, or the list that its command line and API answer.
func readGCP(inv *Inventory, file []byte) error {
	c := gcp{newCloud(inv, "gcp-", "Google Cloud project"), nil, map[string][]string{}, map[string][]string{}}
	if err := records(file, []string{"assets", "results"}, c.take); err != nil {
		return err
	}
	for _, id := range c.order {
		if m := c.machines[id]; len(c.nets[id]) > 0 && len(c.rules) > 0 {
			m.shown = m.shown || m.public && c.reached(id)
			m.public = false // it is known who may come in
		}
	}
	c.finish()
	return nil
}

func (c *gcp) take(item node) {
	kind, id, data := cmp.Or(item.text("assetType"), item.text("asset_type")), item.text("name"), item.at("resource", "data")
	if kind == "" || id == "" {
		c.inv.skip("no-resource")
		return
	}
	if _, rest, ok := strings.Cut(id, "/projects/"); ok && kind != "cloudresourcemanager.googleapis.com/Project" {
		project, _, _ := strings.Cut(rest, "/")
		if _, known := c.accounts[project]; !known {
			c.accounts[project] = ""
		}
	}
	switch kind {
	case "cloudresourcemanager.googleapis.com/Project":
		c.accounts[cmp.Or(data.text("projectId"), id[strings.LastIndexByte(id, '/')+1:])] = data.text("name")
	case "compute.googleapis.com/Instance":
		c.instance(id, data)
	case "compute.googleapis.com/Firewall":
		if len(c.rules) < maxEntries {
			c.rules = append(c.rules, data)
		}
	case "sqladmin.googleapis.com/Instance":
		m := c.named(id, data)
		m.runs(strings.ToLower(strings.ReplaceAll(data.text("databaseVersion"), "_", " ")))
		for _, a := range data.list("ipAddresses") {
			c.address(m, a.text("ipAddress"))
		}
		m.public = false
		for _, n := range data.list("settings", "ipConfiguration", "authorizedNetworks") {
			m.shown = m.shown || everywhere(n.text("value"))
		}
		c.tagged(&m.asset, data.tags("settings", "userLabels"))
	default:
		c.inv.skip("type:" + clip(kind))
	}
}

func (c *gcp) named(id string, data node) *machine {
	m := c.machine(id)
	m.name = cmp.Or(data.text("name"), id[strings.LastIndexByte(id, '/')+1:])
	_, path, _ := strings.Cut(strings.TrimPrefix(id, "//"), "/")
	m.asset.ID = slug(cmp.Or(path, id))
	c.tagged(&m.asset, data.tags("labels"))
	return m
}

func (c *gcp) instance(id string, data node) {
	m := c.named(id, data)
	m.host(data.text("hostname"))
	for _, i := range data.list("networkInterfaces") {
		c.address(m, i.text("networkIP"))
		c.nets[id] = append(c.nets[id], resource(i.text("network")))
		for _, a := range append(i.list("accessConfigs"), i.list("ipv6AccessConfigs")...) {
			c.address(m, a.text("natIP"))
			c.address(m, a.text("externalIpv6"))
		}
	}
	for _, t := range data.list("tags", "items") {
		c.tags[id] = append(c.tags[id], t.text())
	}
	for _, d := range data.list("disks") {
		for _, l := range d.list("licenses") {
			m.runs(strings.ReplaceAll(resource(l.text())[strings.LastIndexByte(resource(l.text()), '/')+1:], "-", " "))
		}
	}
}

// resource is a resource as records of either kind name it: from its project on.
func resource(s string) string {
	if _, path, ok := strings.Cut(s, "/projects/"); ok {
		return path
	}
	return s
}

// reached tells whether a rule lets everybody come to a machine.
func (c *gcp) reached(id string) bool {
	return slices.ContainsFunc(c.rules, func(r node) bool {
		if strings.EqualFold(r.text("direction"), "EGRESS") || r.is("disabled") || len(r.list("allowed")) == 0 || !slices.Contains(c.nets[id], resource(r.text("network"))) {
			return false
		}
		targets := r.list("targetTags")
		mine := len(targets) == 0 || slices.ContainsFunc(targets, func(t node) bool { return slices.Contains(c.tags[id], t.text()) })
		from := r.list("sourceRanges")
		return mine && (slices.ContainsFunc(from, func(s node) bool { return everywhere(s.text()) }) || len(from) == 0 && len(r.list("sourceTags")) == 0 && len(r.list("sourceServiceAccounts")) == 0)
	})
}
