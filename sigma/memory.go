package sigma

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// memory keeps which clues a slot's index finds in a value. Most values of most
// fields are those of a few events before: the program, its parent, its user, the
// company that made it. For these a hash and a comparison stand in for the search.
//
// There are two shelves: when the upper one is full it becomes the lower, and what
// was on that is forgotten unless it was taken up in the meantime.
//
// With a value goes what rules have asked of it before, where it is all that the
// slot has.
//
// What is kept is a function of the slot and of the value's bytes as they stand in
// the record, so the memory can change no answer.
type memory struct {
	upper, lower *shelf
	marks        []int32 // of the value being kept
	waits        int     // values before there is a memory at all

	known, forgotten int // values that were known, and shelves cleared
}

// shelf has room for so many values, and for so many bytes and marks of them.
type shelf struct {
	places [1 << memoryBits]uint32 // by hash: an entry, plus one, below more of the hash
	kept   []recollection
	texts  []byte
	marks  []int32
	age    int // how often it was cleared
}

// recollection is a value and what was found in it.
type recollection struct {
	hash    uint64
	slot    int32  // slotIndex.number
	text    uint32 // where it begins in texts
	size    uint16
	kind    valueKind
	foreign bool   // not all is ASCII
	mark    uint32 // where its marks begin: first predicates, then rules
	marks   uint16
	asks    uint16
	learnt  uint8
	answers [mostLearnt]int32 // predicate<<1 | answer
}

// spot is where a recollection is on a shelf, as long as that has the same age.
type spot struct {
	shelf *shelf
	at    int32
	age   int
}

func (p *spot) recollection() *recollection {
	if p.shelf == nil || p.shelf.age != p.age {
		return nil
	}
	return &p.shelf.kept[p.at]
}

const (
	memoryBits  = 10 // of places
	memoryKept  = 1 << memoryBits / 2
	memoryTexts = 64 << 10
	memoryMarks = 8 << 10
	longestKept = 8192 // bytes of a value
	mostMarks   = 1 << 10
	mostLearnt  = 7
	memoryWaits = 64
)

// ready says whether there is a memory yet: a matcher for a few events has none.
func (y *memory) ready() bool {
	if y.upper != nil {
		return true
	}
	if y.waits++; y.waits < memoryWaits {
		return false
	}
	y.upper, y.lower = &shelf{}, &shelf{}
	return true
}

// recall returns where a value is, and its marks: so many predicates, then rules.
func (y *memory) recall(s *slotIndex, kind valueKind, raw []byte, hash uint64) (spot, []int32) {
	if at := y.upper.find(s, kind, raw, hash); at >= 0 {
		y.known++
		return y.upper.spot(at), y.upper.marksOf(at)
	}
	at := y.lower.find(s, kind, raw, hash)
	if at < 0 {
		return spot{}, nil
	}
	y.known++
	marks := y.lower.marksOf(at)
	if !y.upper.fits(len(raw), len(marks)) {
		return y.lower.spot(at), marks
	}
	return y.upper.put(&y.lower.kept[at], raw, marks), marks
}

// keep remembers what was found in a value.
func (y *memory) keep(s *slotIndex, kind valueKind, raw []byte, hash uint64, foreign bool, finds []int32) spot {
	y.marks = y.marks[:0]
	for _, f := range finds {
		y.marks = append(y.marks, s.asksOf(f)...)
	}
	asks := len(y.marks)
	for _, f := range finds {
		y.marks = append(y.marks, s.rulesOf(f)...)
	}
	if len(y.marks) > mostMarks {
		return spot{}
	}
	if !y.upper.fits(len(raw), len(y.marks)) {
		y.upper, y.lower = y.lower, y.upper
		y.upper.clear()
		y.forgotten++
	}
	return y.upper.put(&recollection{slot: s.number, hash: hash, kind: kind, foreign: foreign, asks: uint16(asks)}, raw, y.marks)
}

func (h *shelf) clear() {
	clear(h.places[:])
	h.kept, h.texts, h.marks = h.kept[:0], h.texts[:0], h.marks[:0]
	h.age++
}

func (h *shelf) spot(at int32) spot { return spot{h, at, h.age} }

func (h *shelf) fits(text, marks int) bool {
	return len(h.kept) < memoryKept && len(h.texts)+text <= memoryTexts && len(h.marks)+marks <= memoryMarks
}

// find returns where in kept a value is, -1 for nowhere.
func (h *shelf) find(s *slotIndex, kind valueKind, raw []byte, hash uint64) int32 {
	at := hash >> (64 - memoryBits)
	for _, place := range [...]uint64{at, at ^ 1} {
		p := h.places[place]
		if p == 0 || p>>memoryBits != uint32(hash)>>memoryBits {
			continue
		}
		i := int32(p&(1<<memoryBits-1)) - 1
		r := &h.kept[i]
		if r.hash == hash && r.slot == s.number && r.kind == kind && bytes.Equal(h.texts[r.text:r.text+uint32(r.size)], raw) {
			return i
		}
	}
	return -1
}

func (h *shelf) marksOf(at int32) []int32 {
	r := &h.kept[at]
	return h.marks[r.mark : r.mark+uint32(r.marks)]
}

func (h *shelf) put(r *recollection, raw []byte, marks []int32) spot {
	h.kept = append(roomFor(h.kept, 1, memoryKept), *r)
	at := int32(len(h.kept)) - 1
	r = &h.kept[at]
	r.text, r.size = uint32(len(h.texts)), uint16(len(raw))
	r.mark, r.marks = uint32(len(h.marks)), uint16(len(marks))
	place := r.hash >> (64 - memoryBits)
	if h.places[place] != 0 {
		place ^= 1
	}
	h.places[place] = uint32(r.hash)>>memoryBits<<memoryBits | uint32(at+1)
	h.texts = append(roomFor(h.texts, len(raw), memoryTexts), raw...)
	h.marks = append(roomFor(h.marks, len(marks), memoryMarks), marks...)
	return h.spot(at)
}

// roomFor makes room for n more: a sixteenth of what there may be at first, then four
// times as much each time.
func roomFor[T any](list []T, n, most int) []T {
	if len(list)+n <= cap(list) {
		return list
	}
	return slices.Grow(list, min(max(most/16, 4*cap(list)-len(list), n), most-len(list)))
}

// valueHash tells values of a slot apart: short ones by all their bytes, long ones
// by some from everywhere.
func valueHash(b []byte, slot int32) uint64 {
	const a, c = golden64, 0xd6e8feb86659fd93
	h := uint64(len(b))*a ^ uint64(slot)*c
	if len(b) < 8 {
		var w uint64
		for _, x := range b {
			w = w<<8 | uint64(x)
		}
		return mix(h^w, a)
	}
	step := max(8, len(b)/12)
	for i := 0; i+8 <= len(b); i += step {
		h = mix(h^binary.LittleEndian.Uint64(b[i:]), a)
	}
	return mix(h^binary.LittleEndian.Uint64(b[len(b)-8:]), c)
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
