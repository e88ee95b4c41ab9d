package sigma

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"
)

// fit is how a text of a rule lies in a value.
type fit uint8

const (
	fitWhole fit = iota
	fitPrefix
	fitSuffix
	fitPart
	fitAny  // every value
	fitGlob // several pieces, or pieces with '?' or dashes
)

// text is a compiled pattern: a literal, or a glob.
type text struct {
	fit    fit
	lit    []byte // folded unless cased
	pieces []globPiece
}

type globPiece struct {
	lit      []byte    // of pieces with exact runes only
	elements []element // of others
	run      []byte    // the longest stretch of exact runes among elements
	before   int       // elements before run
}

// maxLoose bounds a piece with '?' or dashes: searching it costs its length for
// each byte of the value.
const maxLoose = 256

var (
	errWildcards = errors.New("a text with too many wildcards: 256 '*' at most")
	errLoose     = errors.New("a text with '?' or dashes of more than 256 characters between two '*'")
)

func compileText(p pattern) (text, error) {
	if len(p.pieces) > maxWildcards {
		return text{}, errWildcards
	}
	t := text{fit: fitGlob}
	for _, c := range p.pieces {
		gp, err := compilePiece(c)
		if err != nil {
			return t, err
		}
		t.pieces = append(t.pieces, gp)
	}
	ps := t.pieces
	empty := func(i int) bool { return len(ps[i].lit) == 0 && ps[i].elements == nil }
	lit := func(i int) bool { return ps[i].elements == nil }
	switch {
	case len(ps) == 1 && lit(0):
		t.fit, t.lit = fitWhole, ps[0].lit
	case len(ps) == 2 && empty(0) && empty(1):
		t.fit = fitAny
	case len(ps) == 2 && lit(0) && empty(1):
		t.fit, t.lit = fitPrefix, ps[0].lit
	case len(ps) == 2 && empty(0) && lit(1):
		t.fit, t.lit = fitSuffix, ps[1].lit
	case len(ps) == 3 && empty(0) && lit(1) && empty(2):
		t.fit, t.lit = fitPart, ps[1].lit
	}
	return t, nil
}

func compilePiece(c piece) (globPiece, error) {
	var b strings.Builder
	for _, e := range c {
		if e.sort != exactly {
			if len(c) > maxLoose {
				return globPiece{}, errLoose
			}
			gp := globPiece{elements: c}
			gp.run, gp.before = longestRun(c)
			return gp, nil
		}
		b.WriteRune(e.r)
	}
	return globPiece{lit: []byte(b.String())}, nil
}

func longestRun(c piece) (run []byte, before int) {
	for i := 0; i < len(c); i++ {
		var b []byte
		j := i
		for ; j < len(c) && c[j].sort == exactly; j++ {
			b = utf8.AppendRune(b, c[j].r)
		}
		if len(b) > len(run) {
			run, before = b, i
		}
		i = j
	}
	return run, before
}

// match says whether the text fits a value in the same form (folded or not).
func (t *text) match(v []byte) bool {
	switch t.fit {
	case fitWhole:
		return bytes.Equal(v, t.lit)
	case fitPrefix:
		return bytes.HasPrefix(v, t.lit)
	case fitSuffix:
		return bytes.HasSuffix(v, t.lit)
	case fitPart:
		return bytes.Contains(v, t.lit)
	case fitAny:
		return true
	}
	return t.glob(v)
}

// glob takes each piece at the first place behind the one before. That is enough:
// a piece found later leaves less for the others. Nothing is tried twice.
func (t *text) glob(v []byte) bool {
	last := len(t.pieces) - 1
	n, ok := t.pieces[0].at(v)
	if !ok {
		return false
	}
	if last == 0 {
		return n == len(v)
	}
	v = v[n:]
	for i := 1; i < last; i++ {
		end, ok := t.pieces[i].find(v)
		if !ok {
			return false
		}
		v = v[end:]
	}
	return t.pieces[last].ends(v)
}

// at says whether v begins with the piece, and how many bytes that are.
func (p *globPiece) at(v []byte) (int, bool) {
	if p.elements == nil {
		return len(p.lit), bytes.HasPrefix(v, p.lit)
	}
	i := 0
	for _, e := range p.elements {
		if i >= len(v) {
			return 0, false
		}
		r, n := rune(v[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(v[i:])
		}
		if !e.fits(r) {
			return 0, false
		}
		i += n
	}
	return i, true
}

func (e element) fits(r rune) bool {
	switch e.sort {
	case anyRune:
		return true
	case anyDash:
		return strings.ContainsRune(dashes, r)
	}
	return e.r == r
}

// find returns where the first occurrence of the piece in v ends.
func (p *globPiece) find(v []byte) (int, bool) {
	if p.elements == nil {
		i := bytes.Index(v, p.lit)
		return i + len(p.lit), i >= 0
	}
	if len(p.run) > 0 {
		return p.findByRun(v)
	}
	for i := 0; i <= len(v); {
		if n, ok := p.at(v[i:]); ok {
			return i + n, true
		}
		i++
		for i < len(v) && !utf8.RuneStart(v[i]) {
			i++
		}
	}
	return 0, false
}

// findByRun looks at the places where the run is only.
func (p *globPiece) findByRun(v []byte) (int, bool) {
	for from := 0; ; {
		i := bytes.Index(v[from:], p.run)
		if i < 0 {
			return 0, false
		}
		i += from
		start, back := i, 0
		for ; back < p.before && start > 0; back++ {
			_, n := utf8.DecodeLastRune(v[:start])
			start -= n
		}
		if back == p.before {
			if n, ok := p.at(v[start:]); ok {
				return start + n, true
			}
		}
		from = i + 1
	}
}

// ends says whether v ends with the piece.
func (p *globPiece) ends(v []byte) bool {
	if p.elements == nil {
		return bytes.HasSuffix(v, p.lit)
	}
	start := len(v)
	for range p.elements {
		if start == 0 {
			return false
		}
		_, n := utf8.DecodeLastRune(v[:start])
		start -= n
	}
	_, ok := p.at(v[start:])
	return ok
}
