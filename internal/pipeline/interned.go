package pipeline

import (
	"encoding/binary"
	"hash/maphash"
)

// interned keeps texts once, in pages, and numbers them in the order in which they came:
// without a pointer or a string for each, which of ten million of them would be most of
// what they take.
type interned struct {
	pages [][]byte
	at    []placed // in chunks of chunkTexts
	seed  maphash.Seed
	slots []uint64 // open addressing: the high half of a hash, 1 + the number; 0 is free
	n     int
}

// placed is where the texts of one chunk lie: page and offset.
type placed []uint64

const (
	internPage = 1 << 20
	// chunkTexts is how many places are made at once: a slice that grows would be there
	// twice while it does.
	chunkTexts = 1 << 16
)

func newInterned() *interned {
	return &interned{seed: maphash.MakeSeed(), slots: make([]uint64, 1<<10)}
}

// number returns the number of a text, and whether it was there before.
func (s *interned) number(text []byte) (n uint32, known bool) {
	if s.n*4 >= len(s.slots)*3 {
		s.grow()
	}
	h := maphash.Bytes(s.seed, text)
	i := s.free(h, text)
	if v := s.slots[i]; v != 0 {
		return uint32(v) - 1, true
	}
	s.keep(text)
	s.slots[i] = h>>32<<32 | uint64(s.n)
	return uint32(s.n - 1), false
}

// free returns the slot of a text: where it is, or where it would be. A nil text is none
// that is there.
func (s *interned) free(h uint64, text []byte) int {
	mask := len(s.slots) - 1
	i := int(h) & mask
	for ; s.slots[i] != 0; i = (i + 1) & mask {
		if text != nil && s.slots[i]>>32 == h>>32 && string(s.text(uint32(s.slots[i])-1)) == string(text) {
			break
		}
	}
	return i
}

// grow makes room in the table. Slots have but a half of the hashes, so these are made
// again.
func (s *interned) grow() {
	s.slots = make([]uint64, 2*len(s.slots))
	for n := range s.n {
		h := maphash.Bytes(s.seed, s.text(uint32(n)))
		s.slots[s.free(h, nil)] = h>>32<<32 | uint64(n+1)
	}
}

// keep puts a text behind the others.
func (s *interned) keep(text []byte) {
	need := binary.MaxVarintLen64 + len(text)
	last := len(s.pages) - 1
	if last < 0 || len(s.pages[last])+need > cap(s.pages[last]) {
		s.pages = append(s.pages, make([]byte, 0, max(internPage, need)))
		last++
	}
	if s.n%chunkTexts == 0 {
		s.at = append(s.at, make(placed, 0, chunkTexts))
	}
	chunk := &s.at[len(s.at)-1]
	*chunk = append(*chunk, uint64(last)<<32|uint64(len(s.pages[last])))
	s.pages[last] = append(binary.AppendUvarint(s.pages[last], uint64(len(text))), text...)
	s.n++
}

// text returns the text of a number; it must not be changed.
func (s *interned) text(n uint32) []byte {
	at := s.at[n/chunkTexts][n%chunkTexts]
	page := s.pages[at>>32][uint32(at):]
	size, w := binary.Uvarint(page)
	return page[w : w+int(size) : w+int(size)]
}

// settled gives up what it takes to add more.
func (s *interned) settled() { s.slots = nil }
