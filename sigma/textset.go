package sigma

import (
	"encoding/binary"
	"maps"
	"slices"
)

// textSet answers whether one of many texts is in a value, all in the same place:
// anywhere, at the beginning or at the end.
type textSet struct {
	fit   fit
	finds []find
	parts gramTable
	edge  edgeTable
}

func newTextSet(place fit, texts []string) *textSet {
	s := &textSet{fit: place}
	for i, t := range texts {
		s.finds = append(s.finds, find{lit: []byte(t)})
		s.parts.finds = append(s.parts.finds, int32(i))
	}
	if place == fitPart {
		s.parts.build(s.finds, plainGram)
		return s
	}
	s.edge.finds = s.parts.finds
	s.edge.build(s.finds, place == fitSuffix)
	return s
}

func (s *textSet) in(text []byte) bool {
	if s.fit != fitPart {
		return s.edge.look(s.finds, text, s.fit == fitSuffix, nil)
	}
	t := &s.parts
	shift := t.shift & 31
	for i := 0; i+gram <= len(text); i += t.stride {
		g := binary.LittleEndian.Uint32(text[i:])
		h := g * golden >> shift
		if w := t.words[h/32]; w.has(h) && t.has(text, i, g, w.first(h)) {
			return true
		}
	}
	return false
}

// has says whether a text stands in the value whose gram g is at i; k is the first entry
// for it.
func (t *gramTable) has(text []byte, i int, g uint32, k int32) bool {
	for {
		e := &t.grams[k]
		if e.gram == g && t.stands(e, text, i) {
			return true
		}
		if k = e.next; k == 0 {
			return false
		}
	}
}

// edgeTable finds texts that values begin or end with, by their outermost bytes:
// eight, or four of shorter ones. A bit for each of these sorts most values out.
type edgeTable struct {
	finds []int32
	bits  []uint64
	keys  []edgeKey // by hash, or in the next free place
	shift uint
	order []int32 // finds with the same outermost bytes side by side
	short []int32 // texts of less than four bytes
}

// edgeKey says where in order the texts with these outermost bytes are.
type edgeKey struct {
	key      uint64
	from, to int32 // the same for a free place
}

func (t *edgeTable) build(finds []find, end bool) {
	if len(t.finds) == 0 {
		return
	}
	lists := map[uint64][]int32{}
	for _, i := range t.finds {
		lit := finds[i].lit
		switch {
		case len(lit) < 4:
			t.short = append(t.short, i)
		case len(lit) < 8:
			k := edge4(lit, end)
			lists[k] = append(lists[k], i)
		default:
			k := edge8(lit, end)
			lists[k] = append(lists[k], i)
		}
	}
	size := uint(3)
	for 1<<size < 2*len(lists) {
		size++
	}
	t.keys, t.shift = make([]edgeKey, 1<<size), 64-size
	t.bits = make([]uint64, len(t.keys)*8/64)
	for _, k := range slices.Sorted(maps.Keys(lists)) {
		h := k * golden64
		t.bits[h>>t.shift>>3] |= 1 << (h >> (t.shift - 3) & 63)
		at := h >> t.shift
		for t.keys[at].to > 0 {
			at = (at + 1) % uint64(len(t.keys))
		}
		from := int32(len(t.order))
		t.order = append(t.order, lists[k]...)
		t.keys[at] = edgeKey{k, from, int32(len(t.order))}
	}
}

// with returns the texts that have these outermost bytes.
func (t *edgeTable) with(k uint64) []int32 {
	h := k * golden64
	if t.bits[h>>t.shift>>3]&(1<<(h>>(t.shift-3)&63)) == 0 {
		return nil
	}
	for at := h >> t.shift; ; at = (at + 1) % uint64(len(t.keys)) {
		if e := &t.keys[at]; e.key == k || e.to == 0 {
			return t.order[e.from:e.to]
		}
	}
}

func edge8(b []byte, end bool) uint64 {
	if end {
		b = b[len(b)-8:]
	}
	return binary.LittleEndian.Uint64(b)
}

func edge4(b []byte, end bool) uint64 {
	if end {
		b = b[len(b)-4:]
	}
	return uint64(binary.LittleEndian.Uint32(b))
}

// look says whether one of the texts is there; with a function, it gives that
// each of them.
func (t *edgeTable) look(finds []find, text []byte, end bool, each func(i int32)) bool {
	found := false
	if len(text) >= 8 {
		found = lookList(finds, t.with(edge8(text, end)), text, end, each)
	}
	if len(text) >= 4 && (!found || each != nil) {
		found = lookList(finds, t.with(edge4(text, end)), text, end, each) || found
	}
	if len(t.short) > 0 && (!found || each != nil) {
		found = lookList(finds, t.short, text, end, each) || found
	}
	return found
}

func lookList(finds []find, list []int32, text []byte, end bool, each func(i int32)) bool {
	found := false
	for _, i := range list {
		lit := finds[i].lit
		if len(lit) > len(text) {
			continue
		}
		part := text[:len(lit)]
		if end {
			part = text[len(text)-len(lit):]
		}
		if string(part) != string(lit) {
			continue
		}
		if found = true; each == nil {
			return true
		}
		each(i)
	}
	return found
}

func (s *textSet) texts() [][]byte {
	out := make([][]byte, len(s.finds))
	for i := range s.finds {
		out[i] = s.finds[i].lit
	}
	return out
}
