package misp

import (
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// entities are the galaxies whose clusters are who or what is behind an
// indicator; the others (countries, sectors, techniques …) only describe it.
var entities = map[string]bool{
	"threat-actor": true, "microsoft-activity-group": true, "360net-threat-actor": true, "intelligence-agency": true,
	"mitre-intrusion-set": true, "mitre-enterprise-attack-intrusion-set": true, "mitre-mobile-attack-intrusion-set": true,
	"mitre-malware": true, "mitre-enterprise-attack-malware": true, "mitre-mobile-attack-malware": true,
	"mitre-tool": true, "mitre-enterprise-attack-tool": true, "mitre-campaign": true, "mitre-ics-groups": true, "mitre-ics-software": true,
	"malpedia": true, "tool": true, "rat": true, "ransomware": true, "banker": true, "botnet": true, "stealer": true,
	"backdoor": true, "exploit-kit": true, "tds": true, "cryptominers": true, "android": true, "tidal-groups": true,
	"tidal-software": true, "tidal-campaigns": true,
}

// confidences are the words of MISP's confidence taxonomy, in its own numbers;
// "cannot be evaluated" states nothing.
var confidences = map[string]int{
	"completely-confident": 100, "usually-confident": 75, "fairly-confident": 50, "rarely-confident": 25, "unconfident": 1,
}

// label reads tags and galaxies into c.
func label(c *indicator.Claim, tags []tag, galaxies []galaxy) {
	for _, t := range tags {
		labelTag(c, string(t.Name))
	}
	keepContradiction(c, tags)
	if n := judged(tags); n > 0 {
		c.Confidence = n
	}
	for _, g := range galaxies {
		for _, cl := range g.Cluster {
			switch {
			case entities[string(g.Type)]:
				c.Names = add(c.Names, entityName(string(cl.Value)))
			case cl.TagName != "":
				c.Tags = add(c.Tags, string(cl.TagName))
			}
		}
	}
}

func labelTag(c *indicator.Claim, name string) {
	if strings.HasPrefix(strings.ToLower(name), "tlp:") {
		if l := indicator.ParseTLP(name); l != indicator.TLPUnknown {
			c.TLP = max(c.TLP, l) // the stricter of two labels
			return
		}
	}
	predicate, value, _ := strings.Cut(name, "=")
	value = strings.Trim(value, `"`)
	if galaxy, ok := strings.CutPrefix(predicate, "misp-galaxy:"); ok && entities[galaxy] && value != "" {
		c.Names = add(c.Names, entityName(value))
		return
	}
	if phase, ok := strings.CutPrefix(name, "kill-chain:"); ok {
		c.KillChain = shorten(strings.ToLower(strings.Trim(phase, `"`)))
	}
	c.Tags = add(c.Tags, name)
}

// entityName takes off the ATT&CK id that some clusters carry: "APT29 - G0016".
func entityName(s string) string {
	name, id, ok := strings.Cut(s, " - ")
	if ok && len(id) == 5 && strings.ContainsAny(id[:1], "GSC") && strings.Trim(id[1:], "0123456789") == "" {
		return name
	}
	return s
}
