package sigma

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxWildcards = 256 // pieces of one pattern
	maxDashed    = 625 // texts that one with dashes becomes before it is encoded
)

// pattern is a text of a rule cut at its wildcards. A value fits when it begins
// with the first piece, ends with the last, and has the others in between in
// order; where the text begins or ends with '*' that piece is empty.
type pattern struct {
	pieces []piece // one more than there are '*'
}

// piece is a run of elements between two '*'.
type piece []element

// element is one thing a piece wants: a rune as it stands, any rune, or any dash.
type element struct {
	sort elementSort
	r    rune
}

type elementSort uint8

const (
	exactly elementSort = iota
	anyRune             // '?'
	anyDash             // one of dashes
)

// dashes are what Windows programs take for the mark of an option, and the
// dashes that look like it.
const dashes = "-/–—―"

// parsePattern reads Sigma's wildcards. A backslash takes the meaning from a
// following '*', '?' or '\'; before anything else it stands for itself.
func parsePattern(s string) pattern {
	var p pattern
	cur := piece{}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch {
		case r == '\\' && i < len(s) && strings.IndexByte(`*?\`, s[i]) >= 0:
			cur = append(cur, element{exactly, rune(s[i])})
			i++
		case r == '*':
			p.pieces = append(p.pieces, cur)
			cur = piece{}
		case r == '?':
			cur = append(cur, element{anyRune, 0})
		default:
			cur = append(cur, element{exactly, r})
		}
	}
	p.pieces = append(p.pieces, cur)
	p.squeeze()
	return p
}

// plainPattern takes every byte of s for itself.
func plainPattern(s string) pattern {
	cur := piece{}
	for _, r := range s {
		cur = append(cur, element{exactly, r})
	}
	return pattern{[]piece{cur}}
}

// squeeze makes one '*' of several in a row.
func (p *pattern) squeeze() {
	out := p.pieces[:0]
	for i, c := range p.pieces {
		if len(c) == 0 && i > 0 && i < len(p.pieces)-1 {
			continue
		}
		out = append(out, c)
	}
	p.pieces = out
}

// literal says whether the pattern has no wildcard.
func (p *pattern) literal() bool {
	if len(p.pieces) != 1 {
		return false
	}
	for _, e := range p.pieces[0] {
		if e.sort != exactly {
			return false
		}
	}
	return true
}

// text returns what a literal pattern stands for.
func (p *pattern) text() string {
	var b strings.Builder
	for _, e := range p.pieces[0] {
		b.WriteRune(e.r)
	}
	return b.String()
}

// widen makes the pattern fit a part of a value: contains, startswith, endswith.
func (p *pattern) widen(place Modifier) {
	if (place == Contains || place == EndsWith) && len(p.pieces[0]) > 0 {
		p.pieces = append([]piece{{}}, p.pieces...)
	}
	if (place == Contains || place == StartsWith) && len(p.pieces[len(p.pieces)-1]) > 0 || len(p.pieces) == 1 && place != "" {
		p.pieces = append(p.pieces, piece{})
	}
}

// dash lets every dash that begins an option be any of them: it stands before a
// letter, digit or '_' and behind none.
func (p *pattern) dash() {
	for _, c := range p.pieces {
		for i := range c {
			if c[i].sort != exactly || !strings.ContainsRune(dashes, c[i].r) {
				continue
			}
			if (i == 0 || !c[i-1].word()) && i+1 < len(c) && c[i+1].word() {
				c[i] = element{sort: anyDash}
			}
		}
	}
}

// dashed returns the texts that a pattern without wildcards stands for: several where
// it has dashes of which each may be any.
func (p *pattern) dashed() ([]string, error) {
	out := []string{""}
	for _, e := range p.pieces[0] {
		fits := string(e.r)
		if e.sort == anyDash {
			fits = dashes
		}
		var next []string
		for _, head := range out {
			for _, r := range fits {
				next = append(next, head+string(r))
			}
		}
		if out = next; len(out) > maxDashed {
			return nil, fmt.Errorf("windash makes more than %d texts of %q: say it in parts", maxDashed, p.text())
		}
	}
	return out, nil
}

func (e element) word() bool {
	return e.sort == exactly && (e.r == '_' || unicode.IsLetter(e.r) || unicode.IsDigit(e.r))
}

// fold maps the letters of the pattern to the one form that foldRune gives.
func (p *pattern) fold() {
	for _, c := range p.pieces {
		for i := range c {
			if c[i].sort == exactly {
				c[i].r = foldRune(c[i].r)
			}
		}
	}
}

// foldRune maps all letters that differ only in case (Unicode simple folding) to
// one: for ASCII the small letter.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}

// key tells the pattern from all others.
func (p *pattern) key() string {
	var b strings.Builder
	for i, c := range p.pieces {
		if i > 0 {
			b.WriteString("*\x00")
		}
		for _, e := range c {
			if e.sort != exactly {
				b.WriteByte(byte(e.sort))
				b.WriteByte(0)
				continue
			}
			b.WriteRune(e.r)
			if e.r == 0 || e.r == '*' {
				b.WriteByte(3)
			}
		}
	}
	return b.String()
}
