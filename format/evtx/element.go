package evtx

// element is one element as it was written, with substitutions still open.
type element struct {
	name       *name
	attributes []attribute
	content    []piece
	data       bool   // it is Data, which has its name in EventData from an attribute
	key        string // that name as JSON, where it is a literal
}

type attribute struct {
	name    *name
	content []piece
}

type pieceKind uint8

const (
	literal      pieceKind = iota
	substitution           // of a value of the template's instance
	child                  // an element
	instance               // of a template
)

// piece is one part of a content.
type piece struct {
	kind     pieceKind
	optional bool
	slot     uint16
	text     string // as it stands in JSON between quotes
	element  *element
	instance *use
}

// element reads an element from its opening token on.
func (p *parser) element() *element {
	if p.depth++; p.depth > maxDepth {
		p.fail("too-deep", "elements are nested deeper than %d", maxDepth)
	}
	attributes := p.u8()&more != 0
	if p.depends {
		p.u16()
	}
	p.u32() // the size of what follows, which its tokens tell as well
	e := &element{name: p.name()}
	if attributes {
		p.u32() // likewise
		for p.peek() == tokenAttribute {
			p.pos++
			p.spend(1)
			a := attribute{name: p.name()}
			for ok := true; ok && p.err == nil; {
				p.spend(1)
				a.content, ok = p.scalar(a.content)
			}
			e.attributes = append(e.attributes, a)
		}
	}
	e.label()
	switch token := p.u8(); token {
	case tokenCloseStart:
		e.content = p.content(true)
	case tokenCloseEmpty:
	default:
		p.fail("bad-xml", "token %#x at byte %d in place of the end of a start tag", token, p.pos)
	}
	p.depth--
	return e
}

// label notes the name that Data has in EventData.
func (e *element) label() {
	if e.data = e.name.text == "Data"; !e.data {
		return
	}
	for _, a := range e.attributes {
		if a.name.text == "Name" && len(a.content) == 1 && a.content[0].kind == literal && a.content[0].text != "" {
			e.key = `"` + a.content[0].text + `"`
		}
	}
}

// name is the name of an element, attribute or entity.
type name struct {
	text   string // as it stands in JSON between quotes
	quoted string
	size   int // bytes where it is written
}

var noName = &name{quoted: `""`}

// name reads an offset and the name there, which may follow at once.
func (p *parser) name() *name {
	at := p.u32()
	if p.err != nil {
		return noName
	}
	n := p.chunk.names[at]
	if n == nil {
		if n = p.nameAt(at); p.err != nil {
			return noName
		}
		p.chunk.names[at] = n
	}
	if int64(at) == int64(p.pos) {
		p.take(n.size)
	}
	return n
}

// nameAt reads the next name's offset, a hash, the count, and UTF-16 with a NUL.
func (p *parser) nameAt(at uint32) *name {
	if int64(at) >= int64(len(p.chunk.data)) {
		p.fail("bad-xml", "a name at byte %d, which is not in the chunk", at)
		return noName
	}
	q := parser{chunk: p.chunk, pos: int(at), end: len(p.chunk.data)}
	q.take(6)
	start := q.pos
	text := q.text()
	size := 6 + q.pos - start + 2
	if q.err != nil {
		p.fail(q.err.Reason, "the name at byte %d: %w", at, q.err.Err)
		return noName
	}
	quoted := `"` + text + `"`
	return &name{text: quoted[1 : len(quoted)-1], quoted: quoted, size: size}
}
