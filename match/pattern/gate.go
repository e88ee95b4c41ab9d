package pattern

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// gram is how many bytes of a text are looked for first.
const gram = 4

// gateBits is how many bits tell whether four bytes begin anything.
const gateBits = 1 << 16

// gate finds which of many texts are in another. Each text is found by the four bytes
// of it that are in the fewest other texts.
type gate struct {
	clues []clue
	bits  []uint64
	at    map[uint32][]int32 // places in clues by their four bytes
}

// clue is a text of which a part is to be tried where it is found.
type clue struct {
	text string
	part part
}

func word(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

func bit(w uint32) uint32 { return w * 2654435761 >> 16 }

func (g *gate) build() {
	how := map[uint32]int{}
	for _, c := range g.clues {
		for i := 0; i+gram <= len(c.text); i++ {
			how[word(c.text[i:])]++
		}
	}
	g.bits, g.at = make([]uint64, gateBits/64), make(map[uint32][]int32, len(g.clues))
	for n, c := range g.clues {
		best := word(c.text)
		for i := 1; i+gram <= len(c.text); i++ {
			if w := word(c.text[i:]); how[w] < how[best] {
				best = w
			}
		}
		g.at[best] = append(g.at[best], int32(n))
		g.bits[bit(best)/64] |= 1 << (bit(best) % 64)
	}
}

// look calls found with the part of every clue that is in text, whose letters are small.
func (g *gate) look(text string, found func(part)) {
	if len(text) < gram {
		return
	}
	w := word(text) << 8
	for i := gram - 1; i < len(text); i++ {
		w = w>>8 | uint32(text[i])<<24
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

// may reports whether a clue may be in a record, whose letters may be large.
func (g *gate) may(record []byte) bool {
	var w uint32
	for i, c := range record {
		if c >= utf8.RuneSelf {
			return true // a name in another script is written otherwise in an event
		}
		if c-'A' < 26 {
			c |= 0x20
		}
		w = w>>8 | uint32(c)<<24
		if b := bit(w); g.bits[b/64]>>(b%64)&1 != 0 && i >= gram-1 && len(g.at[w]) > 0 && g.confirm(record, i, w) {
			return true
		}
	}
	return slices.ContainsFunc(disguises, func(d []byte) bool { return bytes.Contains(record, d) })
}

// confirm looks for the whole texts that end or go on around record[i].
func (g *gate) confirm(record []byte, i int, w uint32) bool {
	for _, n := range g.at[w] {
		text := g.clues[n].text
		from, to := max(0, i+1-len(text)), min(len(record), i+1-gram+len(text))
		if strings.Contains(string(bytes.ToLower(record[from:to])), text) {
			return true
		}
	}
	return false
}
