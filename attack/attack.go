// Package attack is the vocabulary of MITRE ATT&CK: ids, tactics, and the
// catalogue of facts: who is called what, who uses what, what helps against it.
//
// [ParseID] reads an id, [Decode] reads a [Catalogue], whose [Catalogue.Entity],
// [Catalogue.Uses] and [Catalogue.Mitigations] answer questions about one id and
// whose [Catalogue.Entities] and [Catalogue.Relations] walk through all of it. A
// catalogue never changes and is safe for concurrent use. ATT&CK keeps the ids it
// takes back; so does the catalogue, see [Catalogue.Current].
package attack

import (
	"iter"
	"slices"
)

// Entity is a technique, group, software, campaign or mitigation.
type Entity struct {
	STIX     string // "attack-pattern--…", "intrusion-set--…", "malware--…", "tool--…", "campaign--…", "course-of-action--…"
	Type     string // the STIX type, which STIX begins with
	AttackID ID
	Name     string // of a sub-technique without its technique's: "PowerShell"
	Aliases  []string
	Domains  []Domain
	Tactics  []string // short names, of a technique only

	// Sectors and Places are whom a group or campaign targets, as read out of its
	// description: keys of package landscape, and ISO 3166 codes or regions.
	Sectors, Places []string

	Deprecated bool // no longer kept up, without a successor
	Revoked    bool // taken back in favour of ReplacedBy
	ReplacedBy ID
}

// URL returns the address of the entity's page at MITRE.
func (e Entity) URL() string { return e.AttackID.URL() }

// The relationship types, as in STIX.
const (
	Uses         = "uses"
	Mitigates    = "mitigates"
	AttributedTo = "attributed-to"
)

// Relation is a directed statement between two entities, by their STIX ids.
type Relation struct{ From, Type, To string }

// Catalogue is the facts of one version of ATT&CK.
type Catalogue struct {
	version  string
	entities []Entity
	at       map[ID]int
	edges    []edge // by source, type, target
	back     []edge // by target, type, source
}

// edge is a relation between positions in entities.
type edge struct {
	from, to int32
	kind     uint8 // place in relationTypes
}

var relationTypes = [...]string{Uses, Mitigates, AttributedTo}

// Version returns ATT&CK's version, "18.1".
func (c *Catalogue) Version() string { return c.version }

// Entities yields all entities in the order of their ids.
func (c *Catalogue) Entities() iter.Seq[Entity] { return slices.Values(c.entities) }

// Len returns how many entities and relations there are.
func (c *Catalogue) Len() (entities, relations int) { return len(c.entities), len(c.edges) }

// Relations yields all relations, in the order of the sources' ids.
func (c *Catalogue) Relations() iter.Seq[Relation] {
	return func(yield func(Relation) bool) {
		for _, e := range c.edges {
			if !yield(Relation{c.entities[e.from].STIX, relationTypes[e.kind], c.entities[e.to].STIX}) {
				return
			}
		}
	}
}

// Entity returns what an id names, also when it is deprecated or revoked. Its
// lists must not be changed.
func (c *Catalogue) Entity(id ID) (Entity, bool) {
	i, ok := c.at[id]
	if !ok {
		return Entity{}, false
	}
	return c.entities[i], true
}

// Current returns what an id names today: of a revoked one its replacement.
func (c *Catalogue) Current(id ID) (Entity, bool) {
	e, ok := c.Entity(id)
	for hops := 0; ok && e.ReplacedBy != "" && hops < 8; hops++ {
		e, ok = c.Entity(e.ReplacedBy)
	}
	return e, ok
}

// Techniques returns the techniques of a tactic, given by its short name, that are
// in use, in the order of their ids.
func (c *Catalogue) Techniques(d Domain, tactic string) []Entity {
	var out []Entity
	for _, e := range c.entities {
		if !e.Deprecated && !e.Revoked && slices.Contains(e.Domains, d) && slices.Contains(e.Tactics, tactic) {
			out = append(out, e)
		}
	}
	return out
}

// TacticOf returns the short name of the tactic, the first in the order of the matrix,
// that a technique is used for, given by its id in any case; "" when none is known.
func (c *Catalogue) TacticOf(technique string) string {
	id, err := ParseID(technique)
	if err != nil {
		return ""
	}
	e, ok := c.Current(id)
	if !ok {
		if e, ok = c.Current(id.Parent()); !ok {
			return ""
		}
	}
	for _, d := range Domains {
		for _, t := range tactics[d] {
			if slices.Contains(e.Domains, d) && slices.Contains(e.Tactics, t.Short) {
				return t.Short
			}
		}
	}
	return ""
}

// Uses returns the software and techniques that a group, campaign or software
// uses itself, in the order of their ids.
func (c *Catalogue) Uses(id ID) []Entity { return c.follow(c.edges, id, 0, false) }

// UsedBy returns the groups, campaigns and software that use a technique or
// software.
func (c *Catalogue) UsedBy(id ID) []Entity { return c.follow(c.back, id, 0, true) }

// Mitigations returns what helps against a technique.
func (c *Catalogue) Mitigations(technique ID) []Entity { return c.follow(c.back, technique, 1, true) }

// Attribution returns the groups that a campaign is attributed to.
func (c *Catalogue) Attribution(campaign ID) []Entity { return c.follow(c.edges, campaign, 2, false) }

// follow returns the other ends of the edges of one kind at id. edges are sorted
// by their near end, which is the target when back is set.
func (c *Catalogue) follow(edges []edge, id ID, kind uint8, back bool) []Entity {
	at, ok := c.at[id]
	if !ok {
		return nil
	}
	near := func(e edge) int32 {
		if back {
			return e.to
		}
		return e.from
	}
	i, _ := slices.BinarySearchFunc(edges, int32(at), func(e edge, at int32) int { return int(near(e)) - int(at) })
	var out []Entity
	for ; i < len(edges) && near(edges[i]) == int32(at); i++ {
		far := edges[i].to
		if back {
			far = edges[i].from
		}
		if edges[i].kind == kind {
			out = append(out, c.entities[far])
		}
	}
	return out
}
