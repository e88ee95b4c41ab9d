package demo

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/content"
)

const (
	campaignName = "Harbour Lantern"
	actorName    = "Grey Cormorant"
	amber        = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82" // TLP:AMBER of STIX 2.1
)

// techniques are those of the campaign's report.
var techniques = []attack.ID{
	"T1566.001", "T1204.002", "T1059.001", "T1105", "T1547.001", "T1071.001", "T1021.002", "T1569.002", "T1558.003", "T1003.006", "T1560.001", "T1041",
}

// bundle puts STIX objects together.
type bundle struct {
	objects []doc
	n       int
	stamp   string
}

// id returns the next id: the bundle's own objects are numbered, so that the same
// scenario has the same ids.
func (b *bundle) id(kind string) string {
	b.n++
	return fmt.Sprintf("%s--5a1de0c4-4471-4d3e-9c10-%012x", kind, b.n)
}

func (b *bundle) add(kind string, more doc) string {
	id, given := more["id"].(string)
	if !given {
		id = b.id(kind)
	}
	o := doc{"type": kind, "spec_version": "2.1", "id": id, "created": b.stamp, "modified": b.stamp, "object_marking_refs": []string{amber}}
	for k, v := range more {
		o[k] = v
	}
	b.objects = append(b.objects, o)
	return id
}

func (b *bundle) relate(from, kind, to string) {
	b.add("relationship", doc{"relationship_type": kind, "source_ref": from, "target_ref": to})
}

// indicates adds an indicator and what it indicates.
func (b *bundle) indicates(name, pattern, phase string, confidence int, what ...string) {
	id := b.add("indicator", doc{
		"name": name, "pattern": pattern, "pattern_type": "stix", "valid_from": b.stamp, "indicator_types": []string{"malicious-activity"}, "confidence": confidence,
		"kill_chain_phases": []doc{{"kill_chain_name": "mitre-attack", "phase_name": phase}},
	})
	for _, w := range what {
		b.relate(id, "indicates", w)
	}
}

// software adds an entity of ATT&CK under its own id.
func (b *bundle) software(c *attack.Catalogue, id attack.ID) (string, error) {
	e, ok := c.Entity(id)
	if !ok {
		return "", fmt.Errorf("ATT&CK has no %s", id)
	}
	return b.add(e.Type, doc{
		"id": e.STIX, "name": e.Name, "aliases": e.Aliases, "is_family": true,
		"external_references": []doc{{"source_name": "mitre-attack", "external_id": id, "url": e.URL()}},
	}), nil
}

// isac is the report of a sharing group about the campaign.
func (n *lister) isac() ([]byte, error) {
	catalogue, err := content.Attack()
	if err != nil {
		return nil, err
	}
	b := &bundle{stamp: n.end.Add(-6 * 24 * time.Hour).Format(stamp)}
	publisher := b.add("identity", doc{"name": "North Sea logistics ISAC", "identity_class": "organization", "sectors": []string{"transportation"}})
	actor := b.add("intrusion-set", doc{
		"name": actorName, "primary_motivation": "personal-gain", "goals": []string{"extortion of forwarders and ports"},
		"description": "Breaks into logistics firms around the North Sea ports, in Germany and the Netherlands, takes invoices and payroll, and asks for money. Fictional.",
	})
	campaign := b.add("campaign", doc{
		"name": campaignName, "description": "Overdue-invoice mails to accounts payable, a loader in an archive, data taken from the ERP within two days. Fictional.",
		"first_seen": n.end.Add(-30 * 24 * time.Hour).Format(stamp),
	})
	b.relate(campaign, "attributed-to", actor)
	qakbot, err := b.software(catalogue, "S0650")
	if err != nil {
		return nil, err
	}
	beacon, err := b.software(catalogue, "S0154")
	if err != nil {
		return nil, err
	}
	refs := []string{publisher, actor, campaign, qakbot, beacon}
	for _, id := range techniques {
		e, ok := catalogue.Entity(id)
		if !ok {
			return nil, fmt.Errorf("ATT&CK has no %s", id)
		}
		b.relate(campaign, "uses", e.STIX)
		refs = append(refs, e.STIX)
	}
	for _, s := range []string{qakbot, beacon} {
		b.relate(actor, "uses", s)
		b.relate(campaign, "uses", s)
	}
	b.indicates("Sender of the invoice mails", "[domain-name:value = '"+invoiceDomain+"']", "initial-access", 90, campaign, actor)
	b.indicates("Loader, link", "[url:value = '"+loaderURL+"']", "execution", 85, campaign, qakbot)
	b.indicates("Loader, file", "[file:hashes.'SHA-256' = '"+loaderHash+"']", "execution", 95, campaign, qakbot)
	b.indicates("Controller", "[domain-name:value = '"+beaconDomain+"' OR ipv4-addr:value = '"+beaconAddress+"']", "command-and-control", 90, campaign, actor, beacon)
	b.indicates("Drop", "[domain-name:value = '"+dropDomain+"']", "exfiltration", 90, campaign, actor)
	n.isacNoise(b, campaign)
	b.add("report", doc{
		"name": "Harbour Lantern: overdue invoices in North Sea ports", "report_types": []string{"campaign"}, "published": b.stamp, "object_refs": refs,
	})
	return json.MarshalIndent(doc{"type": "bundle", "id": b.id("bundle"), "objects": b.objects}, "", " ")
}

// isacNoise adds infrastructure of the campaign that nobody met here, one that is
// over, and patterns that a value cannot express.
func (n *lister) isacNoise(b *bundle, campaign string) {
	for i := range noiseISAC {
		pattern := "[domain-name:value = '" + n.name() + "']"
		if i%4 == 3 {
			pattern = "[file:hashes.'SHA-256' = '" + n.hash() + "']"
		}
		b.indicates("Further infrastructure", pattern, "command-and-control", 70, campaign)
	}
	old := n.end.Add(-400 * 24 * time.Hour)
	b.add("indicator", doc{
		"name": "Seized in the year before", "pattern": "[domain-name:value = 'lantern-old.example']", "pattern_type": "stix",
		"valid_from": old.Format(stamp), "valid_until": old.Add(90 * 24 * time.Hour).Format(stamp), "confidence": 80,
	})
	b.indicates("Loader started by Excel", `[process:command_line LIKE '%Get-Content%q.txt%' AND process:parent_ref.name = 'EXCEL.EXE']`, "execution", 60, campaign)
	b.add("indicator", doc{
		"name": "Loader, rule", "pattern": "rule harbour_lantern { condition: false }", "pattern_type": "yara", "valid_from": b.stamp,
	})
}
