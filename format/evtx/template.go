package evtx

import "github.com/vedette-soc/vedette/format"

// template is a definition, read once a chunk. A definition that cannot be read
// keeps why.
type template struct {
	content []piece
	err     *format.Fault
}

// use is an instance of a template: the definition's content with these values
// in its substitutions.
type use struct {
	content []piece
	values  []value
}

// value is a typed value somewhere in the chunk.
type value struct {
	kind byte
	at   int32
	size int32
}

// templateHeader are the bytes before a definition: the offset of the next one,
// a GUID, the size.
const templateHeader = 4 + 16 + 4

// instance reads a template's instance after its token.
func (p *parser) instance() *use {
	p.u8()
	p.u32() // the first bytes of the template's GUID
	at := p.u32()
	if p.err != nil {
		return nil
	}
	if int64(at) == int64(p.pos) { // the definition follows, as at its first use
		p.take(templateHeader - 4)
		p.take(int(min(p.u32(), chunkSize)))
	}
	if p.depth++; p.depth > maxDepth {
		p.fail("too-deep", "templates are nested deeper than %d", maxDepth)
		return nil
	}
	t := p.template(at)
	p.depth--
	if t.err != nil {
		p.fail(t.err.Reason, "%w", t.err.Err)
		return nil
	}
	return &use{t.content, p.values()}
}

// values reads descriptors, each of size, type and a zero, and where their data
// lies.
func (p *parser) values() []value {
	n := p.u32()
	if n > maxValues {
		p.fail("bad-xml", "%d values of a template, more than %d", n, maxValues)
		return nil
	}
	descriptors := p.take(4 * int(n))
	p.spend(int(n))
	if p.err != nil {
		return nil
	}
	values := make([]value, n)
	for i := range values {
		d := descriptors[4*i:]
		size := int(d[0]) | int(d[1])<<8
		values[i] = value{kind: d[2], at: int32(p.pos), size: int32(size)}
		p.take(size)
	}
	return values
}

// cyclic is what is met of a definition while it is read.
var cyclic = format.Faultf("bad-template", "a template contains itself")

// template returns the definition at an offset.
func (p *parser) template(at uint32) *template {
	c := p.chunk
	if t := c.templates[at]; t != nil {
		return t
	}
	t := &template{err: cyclic} // until it is read
	c.templates[at] = t
	if at < chunkHeader || int64(at)+templateHeader > int64(len(c.data)) {
		t.err = format.Faultf("bad-template", "the template at byte %d is not in the chunk", at)
		return t
	}
	q := parser{chunk: c, pos: int(at) + templateHeader - 4, end: len(c.data), depth: p.depth, depends: true}
	size := q.u32()
	if int64(size) > int64(q.end-q.pos) {
		t.err = format.Faultf("bad-template", "the template at byte %d has %d bytes, more than the chunk", at, size)
		return t
	}
	q.end = q.pos + int(size)
	t.content = q.content(false)
	if t.err = q.err; t.err != nil && t.err.Reason == "bad-xml" {
		t.err = format.Faultf("bad-template", "the template at byte %d: %w", at, t.err.Err)
	}
	return t
}
