package main

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/landscape"
	"github.com/vedette-soc/vedette/stix"
)

// merger unites the bundles of ATT&CK's domains; groups and software are in
// several of them under the same STIX id.
type merger struct {
	entities  map[string]*attack.Entity // by STIX id
	order     []string
	relations []attack.Relation
	successor map[string]string // STIX id -> of what replaced it
	left      map[string]int    // what is not taken, by reason
	reader    *landscape.Reader // of whom somebody targets
}

func newMerger(reader *landscape.Reader) *merger {
	return &merger{reader: reader, entities: map[string]*attack.Entity{}, successor: map[string]string{}, left: map[string]int{}}
}

func (m *merger) read(r io.Reader) error {
	return stix.DecodeBundle(r, stix.Limits{}, func(o stix.Object) error {
		switch o.Type {
		case "attack-pattern", "intrusion-set", "malware", "tool", "campaign", "course-of-action":
			m.entity(o)
		case "relationship":
			m.relation(o)
		default:
			m.left[o.Type]++
		}
		return nil
	})
}

func (m *merger) entity(o stix.Object) {
	var more struct {
		Aliases    []string `json:"x_mitre_aliases"`
		Domains    []string `json:"x_mitre_domains"`
		Deprecated bool     `json:"x_mitre_deprecated"`
		Phases     []struct {
			Chain string `json:"kill_chain_name"`
			Phase string `json:"phase_name"`
		} `json:"kill_chain_phases"`
	}
	_ = json.Unmarshal(o.Raw, &more)
	id, chain := attackID(o)
	if id.Kind() == attack.Technique && o.Type == "course-of-action" {
		m.left["mitigation of one technique, under its id (before 2019)"]++
		return
	}
	if id == "" {
		m.left[o.Type+" without id"]++
		return
	}
	e := m.entities[o.ID]
	if e == nil {
		e = &attack.Entity{STIX: o.ID, Type: o.Type, AttackID: id, Name: o.Name, Deprecated: more.Deprecated, Revoked: o.Revoked}
		m.entities[o.ID] = e
		m.order = append(m.order, o.ID)
	}
	for _, a := range slices.Concat(o.Aliases, more.Aliases) {
		if a != o.Name && !slices.Contains(e.Aliases, a) {
			e.Aliases = append(e.Aliases, a)
		}
	}
	for _, p := range more.Phases {
		if !slices.Contains(e.Tactics, p.Phase) {
			e.Tactics = append(e.Tactics, p.Phase)
		}
	}
	for _, d := range more.Domains {
		if d := attack.Domain(strings.TrimSuffix(d, "-attack")); !slices.Contains(e.Domains, d) {
			e.Domains = append(e.Domains, d)
		}
	}
	if o.Type == "intrusion-set" || o.Type == "campaign" {
		m.targets(e, o.Description)
	}
	if len(e.Domains) == 0 {
		e.Domains = []attack.Domain{chain}
	}
}

// targets keeps whom a description says somebody targets, not the description.
func (m *merger) targets(e *attack.Entity, description string) {
	for _, said := range m.reader.Read(description) {
		to := &e.Places
		if said.Sector {
			to = &e.Sectors
		}
		if !slices.Contains(*to, said.Key) {
			*to = append(*to, said.Key)
		}
	}
	slices.Sort(e.Sectors)
	slices.Sort(e.Places)
}

// attackID returns the id and the domain whose reference gives it.
func attackID(o stix.Object) (attack.ID, attack.Domain) {
	for _, x := range o.ExternalReferences {
		if !strings.HasPrefix(x.SourceName, "mitre-") {
			continue
		}
		if id, err := attack.ParseID(x.ExternalID); err == nil {
			switch x.SourceName {
			case "mitre-mobile-attack":
				return id, attack.Mobile
			case "mitre-ics-attack":
				return id, attack.ICS
			}
			return id, attack.Enterprise
		}
	}
	return "", ""
}

func (m *merger) relation(o stix.Object) {
	switch {
	case o.Revoked:
		m.left["revoked relationship"]++
	case o.RelationshipType == "revoked-by":
		m.successor[o.SourceRef] = o.TargetRef
	case o.RelationshipType == attack.Uses, o.RelationshipType == attack.Mitigates, o.RelationshipType == attack.AttributedTo:
		m.relations = append(m.relations, attack.Relation{From: o.SourceRef, Type: o.RelationshipType, To: o.TargetRef})
	default: // subtechnique-of follows from the id
		m.left["relationship "+o.RelationshipType]++
	}
}

// result returns what was read, each relation once.
func (m *merger) result() ([]attack.Entity, []attack.Relation) {
	m.dropDoubles()
	var entities []attack.Entity
	for _, id := range m.order {
		e := m.entities[id]
		if e == nil {
			continue
		}
		if next := m.entities[m.successor[id]]; next != nil {
			e.ReplacedBy = next.AttackID
		}
		entities = append(entities, *e)
	}
	seen := map[attack.Relation]bool{}
	var relations []attack.Relation
	for _, r := range m.relations {
		if m.entities[r.From] == nil || m.entities[r.To] == nil {
			m.left["relationship of what is left out"]++
			continue
		}
		if !seen[r] {
			seen[r] = true
			relations = append(relations, r)
		}
	}
	return entities, relations
}

// dropDoubles leaves out what is no longer in use where ATT&CK has given its id
// to another entity: the id then means that one.
func (m *merger) dropDoubles() {
	gone := func(id string) bool { return m.entities[id].Revoked || m.entities[id].Deprecated }
	first := map[attack.ID]string{}
	for _, id := range m.order {
		have, double := first[m.entities[id].AttackID]
		switch {
		case !double:
			first[m.entities[id].AttackID] = id
			continue
		case gone(have) && !gone(id):
			first[m.entities[id].AttackID], id = id, have
		case !gone(id):
			continue // Encode refuses them
		}
		delete(m.entities, id)
		m.left["out of use, its id given to another"]++
	}
}
