package described

import (
	"maps"
	"slices"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// briefly is what of a description is done for a Brief; nil = all that there is.
type briefly struct {
	of *format.Brief
	d  *Description
}

// BriefCarried reads of a record what b needs.
func (r *decoder) BriefCarried(record string, c *format.Carried, b *format.Brief) (event.Event, bool) {
	if r.of != b {
		r.of, r.brief = b, nil
		if d := r.d.briefly(b); d != nil {
			r.brief = d.decoder()
		}
	}
	if r.brief == nil {
		return event.Event{}, false
	}
	ev, ok, err := r.brief.DecodeCarried(record, c)
	return ev, ok && err == nil
}

// briefly returns the description without what b does not need; nil when it is better
// read as a whole: tables, whose decoders hold a header, and JSON in which all is searched.
func (d *Description) briefly(b *format.Brief) *Description {
	if kept := d.brief.Load(); kept != nil && kept.of == b {
		return kept.d
	}
	made := &briefly{of: b}
	asked := b.Of(d.Name, "")
	switch d.cut.(type) {
	case headed:
	case jsonCut:
		if asked.Only {
			made.d = d.without(asked)
		}
	default:
		made.d = d.without(asked)
	}
	d.brief.Store(made)
	return made.d
}

// without leaves out what is not asked for and what nothing that is asked for is made of.
func (d *Description) without(asked format.Asked) *Description {
	n := needs{asked: asked, prefix: d.prefix, of: map[string]bool{}}
	for i := range d.times {
		n.sources(d.times[i].parts)
	}
	for _, name := range d.unpack {
		n.of[name] = true
	}
	if _, ok := d.cut.(cefCut); ok {
		for _, key := range labelled { // they may be called anything
			n.of[d.prefix+key.value], n.of[d.prefix+key.label] = true, true
		}
	}
	for before := -1; before != len(n.of); {
		before = len(n.of)
		n.description(d)
	}
	out := *d
	of := maps.Clone(n.of)
	out.wants = func(field string) bool { return of[field] || asked.Needs(field) }
	out.blocks = n.kept(d.blocks)
	if c, ok := d.cut.(linesCut); ok {
		out.cut = n.lines(c)
	}
	out.split = nil
	for i := range d.split {
		if n.makes(&d.split[i].lines) {
			out.split = append(out.split, splitRule{d.split[i].of, n.lines(d.split[i].lines)})
		}
	}
	return &out
}

// needs gathers the names of the fields that what is asked for is made of.
type needs struct {
	asked  format.Asked
	prefix string
	of     map[string]bool
}

func (n *needs) has(field string) bool { return n.of[field] || n.asked.Needs(field) }

func (n *needs) sources(list []source) {
	for i := range list {
		n.of[list[i].field] = true
	}
}

// description adds what the fields are made of that are needed as far as is known.
func (n *needs) description(d *Description) {
	if n.has("url.domain") {
		n.of["url.full"] = true
	}
	for i := range d.blocks {
		n.block(&d.blocks[i])
	}
	if c, ok := d.cut.(linesCut); ok {
		for i := range c.alternatives {
			n.block(&c.alternatives[i].block)
		}
	}
	for i := range d.split {
		s := &d.split[i]
		for j := range s.lines.alternatives {
			n.block(&s.lines.alternatives[j].block)
		}
		if n.makes(&s.lines) {
			n.of[s.of.field] = true
		}
	}
}

// block adds what a block makes needed fields of, and what it asks before.
func (n *needs) block(b *block) {
	needed := slices.ContainsFunc(b.set, func(s setting) bool { return n.has(s.to) })
	for i := range b.rules {
		r := &b.rules[i]
		if !n.has(r.to) {
			continue
		}
		needed = true
		n.sources(r.from)
		for j := range r.parts() {
			n.of[r.whole.parts[j].of.field] = true
		}
	}
	for i := range b.conditions {
		if needed {
			n.of[b.conditions[i].of.field] = true
		}
	}
}

func (r *rule) parts() []templatePart {
	if r.whole == nil {
		return nil
	}
	return r.whole.parts
}

// makes says whether lines may give something that is needed.
func (n *needs) makes(c *linesCut) bool {
	for i := range c.alternatives {
		a := &c.alternatives[i]
		for j := range a.likes {
			for _, part := range a.likes[j].parts {
				if part.name != "" && (part.name[0] == '@' || n.has(n.prefix+part.name)) {
					return true
				}
			}
		}
		if a.re != nil && slices.ContainsFunc(a.re.SubexpNames(), func(name string) bool { return name != "" && n.has(n.prefix+name) }) {
			return true
		}
		if len(n.kept([]block{a.block})) > 0 {
			return true
		}
	}
	return false
}

// lines returns lines that are cut as these are and set no more than is needed.
func (n *needs) lines(c linesCut) linesCut {
	out := linesCut{slices.Clone(c.alternatives)}
	for i := range out.alternatives {
		a := &out.alternatives[i]
		a.block = block{}
		if kept := n.kept([]block{c.alternatives[i].block}); len(kept) > 0 {
			a.block = kept[0]
		}
	}
	return out
}

// kept returns of blocks what sets needed fields.
func (n *needs) kept(blocks []block) []block {
	var out []block
	for i := range blocks {
		b := block{conditions: blocks[i].conditions}
		for _, r := range blocks[i].rules {
			if n.has(r.to) {
				b.rules = append(b.rules, r)
			}
		}
		for _, s := range blocks[i].set {
			if n.has(s.to) {
				b.set = append(b.set, s)
			}
		}
		if len(b.rules)+len(b.set) > 0 {
			out = append(out, b)
		}
	}
	return out
}
