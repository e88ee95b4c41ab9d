package stix

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/stix"
)

// bundle holds the claims of one input until what is said about them is known.
type bundle struct {
	in        collect.Input
	out       collect.Sink
	held      []held
	size      int64
	names     map[string][]string      // object id -> name
	indicates map[string][]string      // indicator id -> ids of what it indicates
	labels    map[string]indicator.TLP // marking id -> label
	seen      map[string]sightings     // by indicator id
}

type held struct {
	claims   []indicator.Claim
	id       string
	markings []string
}

func newBundle(in collect.Input, out collect.Sink) *bundle {
	b := &bundle{in: in, out: out, names: map[string][]string{}, indicates: map[string][]string{}}
	b.labels, b.seen = map[string]indicator.TLP{}, map[string]sightings{}
	return b
}

// named are the types whose names a claim bears when it indicates them.
var named = map[string]bool{
	"malware": true, "threat-actor": true, "intrusion-set": true, "campaign": true, "tool": true, "infrastructure": true,
}

func (b *bundle) object(o stix.Object) error {
	switch {
	case o.Type == "":
		b.out.Drop("no-type", o.Line, string(o.Raw[:min(len(o.Raw), 500)]))
		return nil
	case o.Type == "indicator":
		return b.indicator(o)
	case o.Type == "marking-definition":
		b.marking(o)
	case o.Type == "relationship" && o.RelationshipType == "indicates" && !o.Revoked:
		b.grow(len(o.SourceRef) + len(o.TargetRef))
		b.indicates[o.SourceRef] = append(b.indicates[o.SourceRef], o.TargetRef)
	case o.Type == "sighting":
		b.sighting(o)
	case named[o.Type] && o.Name != "":
		b.grow(len(o.ID) + len(o.Name))
		b.names[o.ID] = []string{o.Name} // its aliases are the knowledge base's to know
	}
	return b.out.Object(o)
}

func (b *bundle) grow(n int) { b.size += int64(n) + 64 }

// marking reads the label of a TLP marking in its 2.0, 2.1 and extension forms.
func (b *bundle) marking(o stix.Object) {
	var m struct {
		Definition struct {
			TLP string `json:"tlp"`
		} `json:"definition"`
		Extensions map[string]struct {
			TLP string `json:"tlp_2_0"`
		} `json:"extensions"`
	}
	_ = json.Unmarshal(o.Raw, &m)
	for _, e := range m.Extensions {
		m.Definition.TLP = e.TLP
	}
	if l := indicator.ParseTLP(m.Definition.TLP); l != indicator.TLPUnknown {
		b.labels[o.ID] = l
	}
}

// details are the properties of an indicator that stix.Object does not name.
type details struct {
	Pattern     string    `json:"pattern"`
	PatternType string    `json:"pattern_type"`
	Types       []string  `json:"indicator_types"`
	ValidFrom   string    `json:"valid_from"`
	ValidUntil  string    `json:"valid_until"`
	KillChain   []kcPhase `json:"kill_chain_phases"`
}

type kcPhase struct {
	Chain string `json:"kill_chain_name"`
	Phase string `json:"phase_name"`
}

func (b *bundle) indicator(o stix.Object) error {
	if o.Revoked {
		b.out.Drop("revoked", o.Line, o.ID)
		return nil
	}
	var d details
	if err := json.Unmarshal(o.Raw, &d); err != nil || d.Pattern == "" {
		b.out.Drop("no-pattern", o.Line, o.ID)
		return nil
	}
	if d.PatternType != "" && d.PatternType != "stix" { // a rule of YARA, Suricata, Sigma ...: kept as it is
		return b.out.Object(o)
	}
	p, err := stix.ParsePattern(d.Pattern)
	if err != nil {
		b.out.Drop("bad-pattern", o.Line, err.Error()+": "+d.Pattern)
		return nil
	}
	h := held{id: o.ID, markings: o.ObjectMarkingRefs}
	for _, v := range patternValues(p) {
		h.claims = append(h.claims, b.claim(o, d, v))
		b.grow(len(v.raw) + 400)
	}
	b.held = append(b.held, h)
	b.grow(len(o.ID) + len(o.Description) + len(o.Name))
	if b.size > b.in.Memory() {
		return b.flush()
	}
	return nil
}

func (b *bundle) claim(o stix.Object, d details, v value) indicator.Claim {
	c := indicator.Claim{
		Type: v.kind, Raw: v.raw, Confidence: min(max(o.Confidence, 0), 100), ExternalID: o.ID, Line: o.Line,
		Tags: tags(o.Labels, d.Types), ValidFrom: moment(d.ValidFrom), ValidUntil: moment(d.ValidUntil),
		FirstSeen: moment(d.ValidFrom), Comment: comment(o),
	}
	c.Layer = layerOf(c.Tags)
	if len(d.KillChain) > 0 {
		c.KillChain = d.KillChain[0].Phase
	}
	for _, r := range o.ExternalReferences {
		if r.URL != "" {
			c.Reference = shorten(r.URL)
			break
		}
	}
	return c
}

func tags(labels, types []string) []string {
	var out []string
	for _, t := range slices.Concat(labels, types) {
		if t = shorten(t); t != "" && !slices.Contains(out, t) && len(out) < 64 {
			out = append(out, t)
		}
	}
	return out
}

func comment(o stix.Object) string {
	switch {
	case o.Name == "" || o.Name == o.Description:
		return shorten(o.Description)
	case o.Description == "":
		return shorten(o.Name)
	}
	return shorten(o.Name + ": " + o.Description)
}

func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// flush passes on the claims held, with the names and labels known by now.
func (b *bundle) flush() error {
	for _, h := range b.held {
		var names []string
		for _, target := range b.indicates[h.id] {
			for _, n := range b.names[target] {
				if !slices.Contains(names, n) && len(names) < 256 {
					names = append(names, n)
				}
			}
		}
		label := indicator.TLPUnknown
		for _, m := range h.markings {
			label = max(label, b.labels[m], stix.TLPOf(m))
		}
		for _, c := range h.claims {
			c.Names, c.TLP = names, label
			b.seen[h.id].bring(&c)
			b.in.Fill(&c)
			if err := b.out.Claim(c); err != nil {
				return err
			}
		}
	}
	b.held, b.size = b.held[:0], 0
	return nil
}
