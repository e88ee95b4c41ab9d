package match

import (
	"bytes"
	"math/bits"

	"github.com/zeebo/xxh3"
)

// segments looks at the token behind each mark, a slash above all: a part of a
// path.
func (s *Searcher) segments() {
	line := s.line
	isJSON := len(line) > 0 && (line[0] == '{' || line[0] == '[')
	set := &s.marks
	if isJSON && s.plain == nil && !s.traits.backslash {
		set = &s.inner
	}
	next := 0
	for w, marks := range s.mapper.marked(line, set) {
		for ; marks != 0; marks &= marks - 1 {
			at := w*blockSize + bits.TrailingZeros64(marks)
			if at < next || isJSON && s.isSyntax(at) {
				continue
			}
			from := at + 1
			to := runEnd(s.blocks, from, tokenKind)
			next = to
			for to > from && trailing(line[to-1]) {
				to--
			}
			if to > from && !(isJSON && line[at] == '\\' && to-from == 1 && (at == 0 || line[at-1] != '\\')) { // \n and its like
				s.ask(xxh3.HashSeed(line[from:to], segmentSeed(line[at])), from, to, askSegment)
			}
		}
	}
}

// isSyntax says whether a mark is a quotation mark of JSON itself, not one in a
// string, which has a backslash before it.
func (s *Searcher) isSyntax(at int) bool {
	return s.line[at] == '"' && s.plain == nil && (at == 0 || s.line[at-1] != '\\')
}

// byteSet is a set of ASCII bytes.
type byteSet struct {
	has  [2]uint64
	rows [16]byte // by the low half of a byte: a bit for each high half
}

func setOf(has [2]uint64) byteSet {
	set := byteSet{has: has}
	for i, w := range has {
		for ; w != 0; w &= w - 1 {
			c := 64*i + bits.TrailingZeros64(w)
			set.rows[c&15] |= 1 << (c >> 4)
		}
	}
	return set
}

// without returns the set without one of its bytes.
func (s *byteSet) without(c byte) byteSet {
	has := s.has
	has[c/64] &^= 1 << (c % 64)
	return setOf(has)
}

// marked maps where the bytes of a set stand in a line.
func (m *mapper) marked(line []byte, set *byteSet) []uint64 {
	n := (len(line) + blockSize - 1) / blockSize
	if cap(m.marks) < n {
		m.marks = make([]uint64, n+n/4)
	}
	out := m.marks[:n]
	if m.slow {
		markEach(out, line, set)
		return out
	}
	whole, rest := len(line)/blockSize, len(line)%blockSize
	fastMarks(out[:whole], line, set)
	switch {
	case rest == 0:
	case whole > 0:
		fastMarks(out[whole:], line[len(line)-blockSize:], set)
		out[whole] >>= blockSize - rest
	default:
		m.tail = [blockSize]byte{}
		copy(m.tail[:], line)
		fastMarks(out, m.tail[:], set)
		out[0] &^= ^uint64(0) << rest // the zeros behind the end
	}
	return out
}

// markEach looks for one byte of the set after the other in up to len(dst) blocks.
func markEach(dst []uint64, line []byte, set *byteSet) {
	clear(dst)
	line = line[:min(len(line), len(dst)*blockSize)]
	for i, w := range set.has {
		for ; w != 0; w &= w - 1 {
			c := byte(64*i + bits.TrailingZeros64(w))
			for at := bytes.IndexByte(line, c); at >= 0; {
				dst[at/blockSize] |= 1 << (at % blockSize)
				next := bytes.IndexByte(line[at+1:], c)
				if next < 0 {
					break
				}
				at += 1 + next
			}
		}
	}
}
