package evtx

import (
	"github.com/vedette-soc/vedette/format"
)

// renderer writes records as JSON: an element becomes a member of its parent, a
// value if it holds only text, else an object with "#attributes", "#text" and
// its elements; elements of one name become an array. Data in EventData becomes
// a member with the name that its attribute gives it.
type renderer struct {
	chunk *chunk
	out   []byte
	limit int
	depth int
	kids  []kid // of the elements being written, those of the innermost last
	err   *format.Fault
}

// kid is an element with the values of the template it stands in.
type kid struct {
	element *element
	values  []value
	key     string // as JSON
	named   bool   // its attribute Name became the key
	written bool
}

// record writes the record whose binary XML is data[from:to]. The text is valid
// until the next record.
func (r *renderer) record(from, to, limit int) ([]byte, *format.Fault) {
	clear(r.kids)
	r.out, r.limit, r.depth, r.kids, r.err = r.out[:0], limit, 0, r.kids[:0], nil
	p := parser{chunk: r.chunk, pos: from, end: to}
	content := p.content(false)
	if p.err != nil {
		return nil, p.err
	}
	r.gather(content, nil, false)
	if r.err == nil && len(r.kids) == 0 {
		return nil, format.Faultf("bad-xml", "the record holds no element")
	}
	r.out = append(r.out, '{')
	r.members(0, len(r.kids))
	r.out = append(r.out, '}')
	return r.out, r.err
}

func (r *renderer) fail(reason, text string, args ...any) {
	if r.err == nil {
		r.err = format.Faultf(reason, text, args...)
	}
}

// room counts n bytes of text that were written, and says whether to go on.
func (r *renderer) room(n int) bool {
	switch {
	case r.err != nil:
		return false
	case len(r.out) > r.limit:
		r.fail("too-long", "the record has more than %d bytes as text; raise the limit to read it", r.limit)
	case !r.chunk.spend(1 + n/(4*stepBytes)):
		r.fail("too-complex", "the chunk takes more work to read than any that Windows makes")
	}
	return r.err == nil
}

// value returns what fills a substitution; null when the instance has no such
// value, and for other pieces.
func (r *renderer) value(p piece, values []value) (kind byte, b []byte) {
	if p.kind != substitution || int(p.slot) >= len(values) {
		return kindNull, nil
	}
	v := values[p.slot]
	return v.kind, r.chunk.data[v.at : v.at+v.size]
}

// gather adds the elements in a content to kids and returns how many pieces of
// text there are beside them.
func (r *renderer) gather(content []piece, values []value, eventData bool) (texts int) {
	for _, p := range content {
		if !r.room(0) {
			return 0
		}
		if inner, with, ok := r.inside(p, values); ok {
			texts += r.gather(inner, with, eventData)
			r.depth--
			continue
		}
		switch kind, _ := r.value(p, values); {
		case p.kind == child:
			r.add(p.element, values, eventData)
		case p.kind == literal, p.kind == substitution && kind != kindNull && kind != kindXML:
			texts++
		}
	}
	return texts
}

// inside returns the content that a piece stands for when that is more XML: an
// instance of a template, or a value of binary XML. It enters one level of depth,
// which the caller leaves.
func (r *renderer) inside(p piece, values []value) (content []piece, with []value, ok bool) {
	switch kind, b := r.value(p, values); {
	case p.kind == instance:
		content, with = p.instance.content, p.instance.values
	case p.kind == substitution && kind == kindXML && len(b) > 0:
		content = r.fragment(values[p.slot])
	default:
		return nil, nil, false
	}
	if r.depth++; r.depth > maxDepth {
		r.fail("too-deep", "templates are nested deeper than %d", maxDepth)
		return nil, nil, true
	}
	return content, with, true
}

// fragment reads binary XML that is a value.
func (r *renderer) fragment(v value) []piece {
	p := parser{chunk: r.chunk, pos: int(v.at), end: int(v.at + v.size), depth: r.depth}
	content := p.content(false)
	if p.err != nil && r.err == nil {
		r.err = p.err
	}
	return content
}

func (r *renderer) add(e *element, values []value, eventData bool) {
	k := kid{element: e, values: values, key: e.name.quoted}
	if eventData && e.data {
		r.name(&k)
	}
	r.kids = append(r.kids, k)
}

// name gives Data in EventData the name that its attribute spells, if any.
func (r *renderer) name(k *kid) {
	if k.element.key != "" {
		k.key, k.named = k.element.key, true
		return
	}
	for _, a := range k.element.attributes {
		if a.name.text == "Name" {
			if key := r.spell(a.content, k.values); key != `""` {
				k.key, k.named = key, true
			}
		}
	}
}

// spell returns a content's text as JSON.
func (r *renderer) spell(content []piece, values []value) string {
	from := len(r.out)
	r.out = append(r.out, '"')
	r.concat(content, values)
	r.out = append(r.out, '"')
	text := string(r.out[from:])
	r.out = r.out[:from]
	return text
}

// members writes kids[from:to] as members of the object that is open.
func (r *renderer) members(from, to int) {
	same := r.repeated(from, to)
	for i := from; i < to && r.room(0); i++ {
		k := r.kids[i]
		if k.written {
			continue
		}
		if c := r.out[len(r.out)-1]; c != '{' {
			r.out = append(r.out, ',')
		}
		r.out = append(append(r.out, k.key...), ':')
		if !same[k.key] {
			r.element(k)
			continue
		}
		r.out = append(r.out, '[')
		for j := i; j < to && r.room(0); j++ {
			if r.kids[j].key == k.key {
				r.kids[j].written = true
				r.list(r.kids[j])
			}
		}
		r.out = append(r.out, ']')
	}
}

// repeated returns the keys that several of kids[from:to] have. Those of one
// kind follow each other mostly, and most have none.
func (r *renderer) repeated(from, to int) map[string]bool {
	kids := r.kids[from:to]
	var same map[string]bool
	note := func(key string) {
		if same == nil {
			same = map[string]bool{}
		}
		same[key] = true
	}
	if len(kids) <= 48 {
		for i := range kids {
			for j := range i {
				if kids[i].key == kids[j].key {
					note(kids[i].key)
					break
				}
			}
		}
		return same
	}
	met := make(map[string]struct{}, len(kids))
	for i := range kids {
		if _, again := met[kids[i].key]; again {
			note(kids[i].key)
		}
		met[kids[i].key] = struct{}{}
	}
	return same
}

// list writes an element into an open array. An array in it is, as in XML, one
// element for each of its values.
func (r *renderer) list(k kid) {
	if r.out[len(r.out)-1] != '[' {
		r.out = append(r.out, ',')
	}
	if len(k.element.content) == 1 && (len(k.element.attributes) == 0 || k.named) {
		p := k.element.content[0]
		if kind, b := r.value(p, k.values); kind&kindArray != 0 && len(b) > 0 {
			r.items(kind, b)
			return
		}
	}
	r.element(k)
}
