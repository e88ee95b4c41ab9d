package intel

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/stix"
)

// The words for what objects point at without a relationship of their own.
const (
	consistsOf = "consists-of" // a detection strategy, of analytics
	reads      = "reads"       // an analytic, a data component
	partOf     = "part-of"     // a data component, of a data source
	seenAs     = "seen-as"     // a pattern of CAPEC, in ATT&CK
	exploits   = "exploits"    // a pattern of CAPEC, a weakness or a vulnerability
)

// weaknessType is the type of a kind of weakness (CWE), for which STIX has none.
const weaknessType = "weakness"

var (
	techniqueID     = regexp.MustCompile(`^T?([0-9]{4}(?:\.[0-9]{3})?)$`)
	weaknessID      = regexp.MustCompile(`^(?:CWE-)?([0-9]{1,6})$`)
	vulnerabilityID = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,19}$`)
)

// pointers makes relations of what objects name in their own properties: ATT&CK's
// strategies their analytics, these the data components they read, and CAPEC's patterns
// the techniques, weaknesses and vulnerabilities. What is a weakness or a
// vulnerability comes back as an entity.
func (s *Service) pointers(ctx context.Context, source string, objects []stix.Object) (entities []Entity, relations []Relation, err error) {
	p := pointing{source: source, techniques: map[string][]string{}}
	for _, o := range objects {
		switch o.Type {
		case "x-mitre-detection-strategy", "x-mitre-analytic", "x-mitre-data-component":
			p.mitre(o)
		case "attack-pattern":
			p.references(o)
		}
	}
	if len(p.techniques) == 0 {
		return p.entities, p.relations, nil
	}
	names := make([]string, 0, len(p.techniques))
	for id := range p.techniques {
		names = append(names, id)
	}
	slices.Sort(names)
	found, err := s.knowledge.Named(ctx, names)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range names {
		for _, e := range found[id] {
			if e.AttackID == id && e.Type == "attack-pattern" {
				for _, from := range p.techniques[id] {
					p.relate(from, seenAs, e.ID)
				}
			}
		}
	}
	return p.entities, p.relations, nil
}

// pointing gathers what one import points at.
type pointing struct {
	source     string
	entities   []Entity
	relations  []Relation
	techniques map[string][]string // ATT&CK id -> who names it
}

func (p *pointing) relate(from, word, to string) {
	p.relations = append(p.relations, Relation{From: ref.Ref{Kind: ref.Entity, ID: from}, Type: word, To: ref.Ref{Kind: ref.Entity, ID: to}, Source: p.source})
}

func (p *pointing) mitre(o stix.Object) {
	var m mitre
	if json.Unmarshal(o.Raw, &m) != nil {
		return // the object is kept as it came; it only points at nothing that can be read
	}
	for _, id := range m.Analytics {
		p.relate(o.ID, consistsOf, id)
	}
	for _, l := range m.LogSources {
		if l.Component != "" {
			p.relate(o.ID, reads, l.Component)
		}
	}
	if m.Source != "" {
		p.relate(o.ID, partOf, m.Source)
	}
}

// references reads the references of a pattern that CAPEC names; a technique of
// ATT&CK refers to CAPEC, not the other way round.
func (p *pointing) references(o stix.Object) {
	if len(o.ExternalReferences) == 0 || o.ExternalReferences[0].SourceName != "capec" {
		return
	}
	for _, x := range o.ExternalReferences[1:] {
		id := strings.ToUpper(strings.TrimSpace(x.ExternalID))
		switch strings.ToLower(x.SourceName) {
		case "attack", "mitre-attack":
			if m := techniqueID.FindStringSubmatch(id); m != nil {
				p.techniques["T"+m[1]] = append(p.techniques["T"+m[1]], o.ID)
			}
		case "cwe":
			if m := weaknessID.FindStringSubmatch(id); m != nil {
				p.thing(o.ID, weaknessType, "CWE-"+m[1], x.URL)
			}
		case "cve":
			if vulnerabilityID.MatchString(id) {
				p.thing(o.ID, "vulnerability", id, x.URL)
			}
		}
	}
}

func (p *pointing) thing(from, kind, name, url string) {
	e := Entity{ID: stix.ProducedID(kind, name), Type: kind, Name: name, URL: url, Source: p.source}
	if !slices.ContainsFunc(p.entities, func(o Entity) bool { return o.ID == e.ID }) {
		p.entities = append(p.entities, e)
	}
	p.relate(from, exploits, e.ID)
}
