package evtx

import (
	"encoding/binary"

	"github.com/vedette-soc/vedette/format"
)

// Tokens of binary XML ([MS-EVEN6] 2.2.12). Those that may carry more bear it as
// a flag.
const (
	tokenEnd          = 0x00
	tokenOpen         = 0x01
	tokenCloseStart   = 0x02
	tokenCloseEmpty   = 0x03
	tokenCloseElement = 0x04
	tokenText         = 0x05
	tokenAttribute    = 0x06
	tokenCData        = 0x07
	tokenCharacter    = 0x08
	tokenEntity       = 0x09
	tokenPITarget     = 0x0a
	tokenPIData       = 0x0b
	tokenInstance     = 0x0c
	tokenNormal       = 0x0d
	tokenOptional     = 0x0e
	tokenFragment     = 0x0f

	more = 0x40
)

// parser reads binary XML from one region of a chunk. The first error stays, and
// from then on everything reads as the end.
type parser struct {
	chunk   *chunk
	pos     int
	end     int
	depth   int
	depends bool // elements carry a dependency: those of a template do
	err     *format.Fault
}

func (p *parser) fail(reason, text string, args ...any) {
	if p.err == nil {
		p.err = format.Faultf(reason, text, args...)
	}
	p.pos = p.end
}

func (p *parser) take(n int) []byte {
	if n > p.end-p.pos || n < 0 {
		p.fail("bad-xml", "the binary XML ends at byte %d in the middle of something", p.end)
		return nil
	}
	p.pos += n
	return p.chunk.data[p.pos-n : p.pos]
}

func (p *parser) u8() byte {
	if b := p.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (p *parser) u16() uint16 {
	if b := p.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (p *parser) u32() uint32 {
	if b := p.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// peek is the next token without its flag.
func (p *parser) peek() byte {
	if p.pos >= p.end {
		return tokenEnd
	}
	return p.chunk.data[p.pos] &^ more
}

func (p *parser) spend(steps int) {
	if p.err == nil && !p.chunk.spend(steps) {
		p.fail("too-complex", "the chunk takes more work to read than any that Windows makes")
	}
}

// text reads counted UTF-16, as it stands in JSON between quotes.
func (p *parser) text() string {
	b := p.take(2 * int(p.u16()))
	p.spend(1 + len(b)/stepBytes)
	if p.err != nil {
		return ""
	}
	return string(appendUTF16(nil, b))
}

// content reads what an element holds up to its end tag, or a document up to its
// end.
func (p *parser) content(inElement bool) []piece {
	var out []piece
	for p.err == nil {
		p.spend(1)
		switch token := p.peek(); token {
		case tokenEnd, tokenCloseElement:
			if inElement != (token == tokenCloseElement) {
				p.fail("bad-xml", "token %#x at byte %d: the end of nothing, or an element without end", token, p.pos)
			} else if p.pos < p.end {
				p.pos++
			}
			return out
		case tokenOpen:
			out = append(out, piece{kind: child, element: p.element()})
		case tokenInstance:
			p.pos++
			out = append(out, piece{kind: instance, instance: p.instance()})
		case tokenFragment:
			p.take(4)
		case tokenPITarget:
			p.pos++
			p.name()
		case tokenPIData:
			p.pos++
			p.text()
		default:
			var ok bool
			if out, ok = p.scalar(out); !ok {
				p.fail("bad-xml", "token %#x at byte %d is unknown here", token, p.pos)
			}
		}
	}
	return out
}

// scalar reads one piece of text or a substitution; ok is false when neither is
// next. Pieces of text that follow each other become one.
func (p *parser) scalar(out []piece) (_ []piece, ok bool) {
	token := p.peek()
	if token < tokenText || token > tokenOptional {
		return out, false
	}
	text := ""
	switch token {
	case tokenText:
		p.pos++
		if kind := p.u8(); kind != kindString && p.err == nil {
			p.fail("bad-xml", "a text of type %#x at byte %d", kind, p.pos)
		}
		text = p.text()
	case tokenCData:
		p.pos++
		text = p.text()
	case tokenCharacter:
		p.pos++
		text = string(appendRune(nil, rune(p.u16())))
	case tokenEntity:
		p.pos++
		text = entity(p.name())
	case tokenNormal, tokenOptional:
		p.pos++
		out = append(out, piece{kind: substitution, slot: p.u16(), optional: token == tokenOptional})
		p.u8() // the type is that of the value
		return out, true
	default:
		return out, false
	}
	if n := len(out); n > 0 && out[n-1].kind == literal {
		out[n-1].text += text
		p.spend(len(out[n-1].text) / stepBytes)
		return out, true
	}
	return append(out, piece{kind: literal, text: text}), true
}

// entity returns what an entity of XML stands for; others stay as they are.
func entity(n *name) string {
	switch n.text {
	case "lt":
		return "<"
	case "gt":
		return ">"
	case "amp":
		return "&"
	case "quot":
		return `\"`
	case "apos":
		return "'"
	}
	return "&" + n.text + ";"
}
