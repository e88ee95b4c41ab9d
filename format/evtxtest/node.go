package evtxtest

import (
	"encoding/binary"
	"unicode/utf16"
)

// Node is a part of a record's binary XML.
type Node interface{ write(writer) }

// Element is an element. One without content is written as an empty one.
type Element struct {
	Name       string
	Attributes []Attribute
	Content    []Node
}

// Attribute is an attribute of an element.
type Attribute struct {
	Name    string
	Content []Node
}

// Text is a text; CData the same in another token; Entity a reference by name;
// Char one by number; Bytes are written as they are.
type (
	Text   string
	CData  string
	Entity string
	Char   uint16
	Bytes  []byte
)

// Slot is a substitution of the value of that number; Optional one that is left
// out when it is null.
type (
	Slot     uint16
	Optional uint16
)

// Instruction is a processing instruction.
type Instruction struct{ Target, Data string }

// Template is a definition, written into a chunk at its first use.
type Template struct{ Content []Node }

// Use is an instance of a template.
type Use struct {
	Template *Template
	Values   []Value
}

// Value is a typed value: the bytes, or for type 0x21 the content.
type Value struct {
	Kind byte
	Data []byte
	XML  []Node
}

// writer writes binary XML into a chunk.
type writer struct {
	*chunk
	depends bool // elements carry a dependency: those of a template do
}

func (w writer) raw(b ...byte) { w.buf = append(w.buf, b...) }

func (w writer) content(nodes []Node) {
	for _, n := range nodes {
		n.write(w)
	}
}

// sized writes what fn writes behind its size.
func (w writer) sized(fn func()) {
	at := len(w.buf)
	w.u32(0)
	fn()
	binary.LittleEndian.PutUint32(w.buf[at:], uint32(len(w.buf)-at-4))
}

// name writes a name's offset, and the name at its first use.
func (w writer) name(s string) {
	at, known := w.names[s]
	if !known {
		at = uint32(len(w.buf) + 4)
		w.names[s] = at
	}
	w.u32(at)
	if known {
		return
	}
	hash := uint32(0)
	for _, c := range utf16.Encode([]rune(s)) {
		hash = hash*65599 + uint32(c)
	}
	w.u32(0)
	w.u16(uint16(hash))
	w.text(s)
	w.u16(0)
}

func (w writer) text(s string) {
	w.u16(uint16(len(utf16.Encode([]rune(s)))))
	w.raw(Wide(s)...)
}

// Wide is a text as UTF-16LE.
func Wide(s string) []byte {
	var out []byte
	for _, c := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, c)
	}
	return out
}

func (e Element) write(w writer) {
	token := byte(0x01)
	if len(e.Attributes) > 0 {
		token = 0x41
	}
	w.raw(token)
	if w.depends {
		w.u16(0xffff)
	}
	w.sized(func() {
		w.name(e.Name)
		if len(e.Attributes) > 0 {
			w.sized(func() { e.attributes(w) })
		}
		if len(e.Content) == 0 {
			w.raw(0x03)
			return
		}
		w.raw(0x02)
		w.content(e.Content)
		w.raw(0x04)
	})
}

func (e Element) attributes(w writer) {
	for i, a := range e.Attributes {
		token := byte(0x46)
		if i == len(e.Attributes)-1 {
			token = 0x06
		}
		w.raw(token)
		w.name(a.Name)
		w.content(a.Content)
	}
}

func (t Text) write(w writer)     { w.raw(0x05, 0x01); w.text(string(t)) }
func (c CData) write(w writer)    { w.raw(0x07); w.text(string(c)) }
func (e Entity) write(w writer)   { w.raw(0x09); w.name(string(e)) }
func (c Char) write(w writer)     { w.raw(0x08); w.u16(uint16(c)) }
func (b Bytes) write(w writer)    { w.raw(b...) }
func (s Slot) write(w writer)     { w.raw(0x0d); w.u16(uint16(s)); w.raw(0x01) }
func (o Optional) write(w writer) { w.raw(0x0e); w.u16(uint16(o)); w.raw(0x01) }

func (i Instruction) write(w writer) {
	w.raw(0x0a)
	w.name(i.Target)
	w.raw(0x0b)
	w.text(i.Data)
}

func (u Use) write(w writer) {
	w.raw(0x0c, 1)
	w.u32(0x12345678)
	at, known := w.templates[u.Template]
	if !known {
		at = uint32(len(w.buf) + 4)
		w.templates[u.Template] = at
	}
	w.u32(at)
	if !known {
		w.u32(0)
		w.raw(0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		w.sized(func() {
			w.raw(0x0f, 1, 1, 0)
			writer{w.chunk, true}.content(u.Template.Content)
			w.raw(0)
		})
	}
	u.values(w)
}

func (u Use) values(w writer) {
	w.u32(uint32(len(u.Values)))
	descriptors := len(w.buf)
	w.raw(make([]byte, 4*len(u.Values))...)
	for i, v := range u.Values {
		from := len(w.buf)
		w.raw(v.Data...)
		writer{w.chunk, false}.content(v.XML)
		d := w.buf[descriptors+4*i:]
		binary.LittleEndian.PutUint16(d, uint16(len(w.buf)-from))
		d[2] = v.Kind
	}
}
