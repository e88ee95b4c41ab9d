package demo

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// partner is an event of a sharing partner who met the campaign first.
func (n *lister) partner() []byte {
	at := n.end.Add(-4 * 24 * time.Hour)
	count := 0
	attribute := func(kind, category, value, comment string, detect bool, tags ...string) doc {
		count++
		a := doc{
			"uuid": fmt.Sprintf("5a1de0c4-4471-4d3e-9c20-%012x", count), "type": kind, "category": category, "value": value, "comment": comment,
			"to_ids": detect, "timestamp": strconv.FormatInt(at.Unix(), 10),
		}
		var list []doc
		for _, t := range tags {
			list = append(list, doc{"name": t})
		}
		if list != nil {
			a["Tag"] = list
		}
		return a
	}
	const (
		lantern = `misp-galaxy:mitre-campaign="` + campaignName + `"`
		strike  = `misp-galaxy:mitre-malware="Cobalt Strike - S0154"`
		dumper  = `misp-galaxy:mitre-tool="Mimikatz - S0002"`
	)
	attributes := []doc{
		attribute("ja3-fingerprint-md5", "Network activity", beaconJA3, "client of the controller", true, lantern, strike, "kill-chain:command-and-control"),
		attribute("sha256", "Payload delivery", dumperHash, "wlms.exe", true, lantern, dumper, "kill-chain:credential-access"),
		attribute("ip-dst", "Network activity", dropAddress, "where data went", true, lantern, "kill-chain:exfiltration"),
		attribute("text", "Internal reference", "Case 2207", "", false),
		attribute("email-subject", "Payload delivery", "Overdue: invoice", "", false),
		attribute("domain", "Network activity", "status-page.test", "victim's own status page, context only", false),
		attribute("ip-dst", "Network activity", "198.18.300.4", "typing error", true),
	}
	for i := range noisePartner {
		if i%3 == 0 {
			attributes = append(attributes, attribute("sha256", "Payload delivery", n.hash(), "", true))
			continue
		}
		attributes = append(attributes, attribute("domain", "Network activity", n.name(), "", true))
	}
	out, err := json.MarshalIndent(doc{"Event": doc{
		"uuid": "5a1de0c4-4471-4d3e-9c2f-000000000001", "info": "Invoice mails, Cobalt Strike and theft from an ERP", "date": at.Format("2006-01-02"),
		"threat_level_id": "1", "analysis": "2", "published": true, "timestamp": strconv.FormatInt(at.Unix(), 10),
		"Orgc": doc{"name": "Sharing partner", "uuid": "5a1de0c4-4471-4d3e-9c2f-000000000002"},
		"Tag":  []doc{{"name": "tlp:green"}}, "Attribute": attributes,
	}}, "", " ")
	if err != nil { // only texts, truth values and lists are in it
		panic("demo: " + err.Error())
	}
	return out
}
