package match

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"
)

// Sealed gives the head of a file the checksum it should have, so that a fuzzer
// gets behind it.
func Sealed(file []byte) []byte {
	at := 8 * (3 + len((&Index{}).numbers()) + len((&Index{}).counts()) + 3*sectionCount)
	if len(file) < headSize {
		return file
	}
	out := append([]byte(nil), file...)
	binary.LittleEndian.PutUint64(out[at:], xxh3.Hash(out[:at]))
	return out
}

// Mapped says whether a Searcher sees an IPv4 address written as IPv6 in
// hexadecimal.
func Mapped(line []byte) bool {
	var s Searcher
	s.line = line
	s.blocks, _ = s.mapper.blocks(line)
	return s.mapped()
}

// Traits are traits.
type Traits struct{ Foreign, Backslash, Percent, Schemed bool }

// Kinds names the kinds of each byte of a line as a Searcher sees them, in the
// slow way or as fast as the processor can; more: a byte behind the end has one.
func Kinds(line []byte, slow bool) (kinds []string, has Traits, more bool) {
	m := mapper{slow: slow}
	m.out = []block{{token: 1}, {token: 1}, {token: 1}} // from the record before
	blocks, s := m.blocks(line)
	kinds = make([]string, len(line))
	for i := range len(blocks) * blockSize {
		b, at := &blocks[i/blockSize], i%blockSize
		word := ""
		for _, k := range []struct {
			name string
			bits uint64
		}{{"token", b.token}, {"dot", b.dot}, {"colon", b.colon}, {"digit", b.digit}, {"hex", b.hex}, {"hyphen", b.hyphen}, {"open", b.open}} {
			if k.bits>>at&1 != 0 {
				word += k.name + " "
			}
		}
		if i < len(line) {
			kinds[i] = word
		}
		more = more || i >= len(line) && word != ""
	}
	return kinds, Traits{s.foreign, s.backslash, s.percent, s.schemed}, more
}

// Marked maps where the bytes of a set stand in a line, in the slow way or as fast
// as the processor can.
func Marked(line []byte, set [2]uint64, slow bool) []uint64 {
	m := mapper{slow: slow}
	m.marks = []uint64{1, 1, 1, 1} // from the record before
	b := setOf(set)
	return m.marked(line, &b)
}
