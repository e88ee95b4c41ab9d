package pattern

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// gram is how many bytes of a text are looked for first, leastText how long a text must
// be: of one with three the fourth may be anything, also the end.
const (
	gram      = 4
	leastText = 3
)

// gateBits is how many bits tell whether four bytes begin anything: 32 KiB, which a
// processor keeps at hand.
const gateBits = 1 << 18

// gate finds which of many texts are in another. Each text is found by the four bytes
// of it that are likely to be the rarest, in logs and among the texts.
type gate struct {
	clues []clue
	bits  []uint64
	at    map[uint32][]int32 // places in clues by four bytes of them, as word gives these
}

// clue is a text of which a part is to be tried where it is found.
type clue struct {
	text string
	part part
}

// word is four bytes with their letters small, some signs being others then.
func word(s string) uint32 {
	return (uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24) | smalls&0xffffffff
}

func bit(w uint32) uint32 { return w * 2654435761 >> 14 }

func (g *gate) build() {
	others := map[uint32]int{} // how many texts have four bytes
	for _, c := range g.clues {
		for i := 0; i+gram <= len(c.text); i++ {
			others[word(c.text[i:])]++
		}
	}
	cost := func(text string) int { return common(text[:gram]) + 4*bits.Len(uint(others[word(text)])) }
	g.bits, g.at = make([]uint64, gateBits/64), make(map[uint32][]int32, len(g.clues))
	for n, c := range g.clues {
		if len(c.text) < gram {
			for last := range 256 {
				g.put(word(c.text+string([]byte{byte(last)})), n)
			}
			continue
		}
		best := 0
		for i := 1; i+gram <= len(c.text); i++ {
			if cost(c.text[i:]) < cost(c.text[best:]) {
				best = i
			}
		}
		g.put(word(c.text[best:]), n)
	}
}

// common says how often a text is likely to be in a log: the sum of what its bytes are.
func common(text string) (n int) {
	for i := range len(text) {
		switch c := text[i]; {
		case strings.IndexByte("etaoinsrlcdmhp", c) >= 0:
			n += 6
		case strings.IndexByte("./:\"=", c) >= 0:
			n += 6
		case c >= '0' && c <= '9':
			n += 5
		case c >= 'a' && c <= 'z':
			n += 2
		default:
			n += 3
		}
	}
	return n
}

func (g *gate) put(w uint32, clue int) {
	g.at[w] = append(g.at[w], int32(clue))
	g.bits[bit(w)/64] |= 1 << (bit(w) % 64)
}

// look calls found with the part of every clue that is in text, whose letters are small.
func (g *gate) look(text string, found func(part)) {
	var w uint32
	for i := 0; i <= len(text); i++ {
		w >>= 8
		if i < len(text) {
			w |= uint32(text[i])<<24 | smalls&0xffffffff
		} else {
			w |= 0x20 << 24
		}
		if b := bit(w); g.bits[b/64]>>(b%64)&1 == 0 {
			continue
		}
		for _, n := range g.at[w] {
			if strings.Contains(text, g.clues[n].text) {
				found(g.clues[n].part)
			}
		}
	}
}

// disguises are ways to write a text so that its own bytes are not there: letters by
// their number, and values made harmless.
var disguises = [][]byte{[]byte(`\u00`), []byte("[."), []byte("(."), []byte("[dot"), []byte("(dot")}

// may reports whether a clue may be in a record, whose letters may be large, and which
// may have backslashes where an event has none. A name in another script is written
// otherwise in an event: a record with a byte that is not ASCII may hold anything.
func (g *gate) may(record []byte) bool {
	plain := record
	if bytes.IndexByte(record, '\\') >= 0 {
		var room [2048]byte
		plain = without(record, '\\', room[:0])
	}
	return g.scan(plain) || slices.ContainsFunc(disguises, func(d []byte) bool { return bytes.Contains(record, d) })
}

// without appends b to dst but for one byte.
func without(b []byte, c byte, dst []byte) []byte {
	for {
		i := bytes.IndexByte(b, c)
		if i < 0 {
			return append(dst, b...)
		}
		dst, b = append(dst, b[:i]...), b[i+1:]
	}
}

const (
	tops   = 0x8080808080808080
	smalls = 0x2020202020202020 // makes letters small, and some signs others
)

// scan looks at eight bytes at a time, of which four begin something.
func (g *gate) scan(b []byte) bool {
	set := (*[gateBits / 64]uint64)(g.bits)
	i := 0
	for ; i+8 <= len(b); i += gram {
		x := binary.LittleEndian.Uint64(b[i:])
		if x&tops != 0 {
			return true
		}
		x |= smalls
		h0, h1, h2, h3 := bit(uint32(x)), bit(uint32(x>>8)), bit(uint32(x>>16)), bit(uint32(x>>24))
		b0, b1, b2, b3 := set[h0/64]>>(h0%64)&1, set[h1/64]>>(h1%64)&1, set[h2/64]>>(h2%64)&1, set[h3/64]>>(h3%64)&1
		if b0|b1|b2|b3 == 0 {
			continue
		}
		if b0 != 0 && g.confirm(b, i, uint32(x)) || b1 != 0 && g.confirm(b, i+1, uint32(x>>8)) || b2 != 0 && g.confirm(b, i+2, uint32(x>>16)) || b3 != 0 && g.confirm(b, i+3, uint32(x>>24)) {
			return true
		}
	}
	var tail [16]byte // the end, and nothing after it
	n := copy(tail[:], b[i:])
	for at := range n {
		x := binary.LittleEndian.Uint64(tail[at:])
		w := uint32(x | smalls)
		if h := bit(w); x&tops != 0 || set[h/64]>>(h%64)&1 != 0 && g.confirm(b, i+at, w) {
			return true
		}
	}
	return false
}

// confirm looks for the whole texts around b[i], where a word begins of which the bit is
// set.
func (g *gate) confirm(b []byte, i int, w uint32) bool {
	for _, c := range g.at[w] {
		text := g.clues[c].text
		from, to := max(0, i-max(0, len(text)-gram)), min(len(b), i+len(text))
		if strings.Contains(strings.ToLower(string(b[from:to])), text) {
			return true
		}
	}
	return false
}
