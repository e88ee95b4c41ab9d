package sigma

import "encoding/binary"

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
		if h := g * golden >> shift; t.bits[h>>6]&(1<<(h&63)) != 0 && t.has(text, i, g, h) {
			return true
		}
	}
	return false
}

// has says whether a text stands in the value whose gram g is at i.
func (t *gramTable) has(text []byte, i int, g, h uint32) bool {
	for k := t.first[h/bitsOfHash]; k < t.first[h/bitsOfHash+1]; k++ {
		if e := &t.grams[k]; e.gram == g && t.stands(e, text, i) {
			return true
		}
	}
	return false
}

// edgeTable finds texts that values begin or end with, by their outermost bytes:
// eight, or four of shorter ones. A bit for each of these sorts most values out.
type edgeTable struct {
	finds []int32
	bits  [16]uint64
	eight map[uint64][]int32
	four  map[uint32][]int32
	short []int32 // texts of less than four bytes
}

func (t *edgeTable) build(finds []find, end bool) {
	t.eight, t.four = map[uint64][]int32{}, map[uint32][]int32{}
	for _, i := range t.finds {
		lit := finds[i].lit
		if len(lit) < 4 {
			t.short = append(t.short, i)
			continue
		}
		four := edge4(lit, end)
		t.mark(four)
		if len(lit) < 8 {
			t.four[four] = append(t.four[four], i)
			continue
		}
		eight := edge8(lit, end)
		t.mark(mix8(eight))
		t.eight[eight] = append(t.eight[eight], i)
	}
}

func (t *edgeTable) mark(k uint32) {
	h := k * golden >> 22
	t.bits[h>>6] |= 1 << (h & 63)
}

func (t *edgeTable) marked(k uint32) bool {
	h := k * golden >> 22
	return t.bits[h>>6]&(1<<(h&63)) != 0
}

func mix8(k uint64) uint32 { return uint32(k) ^ uint32(k>>32)*5 }

func edge8(b []byte, end bool) uint64 {
	if end {
		b = b[len(b)-8:]
	}
	return binary.LittleEndian.Uint64(b)
}

func edge4(b []byte, end bool) uint32 {
	if end {
		b = b[len(b)-4:]
	}
	return binary.LittleEndian.Uint32(b)
}

// look says whether one of the texts is there; with a function, it gives that
// each of them.
func (t *edgeTable) look(finds []find, text []byte, end bool, each func(i int32)) bool {
	found := false
	if len(text) >= 4 && t.marked(edge4(text, end)) {
		if len(text) >= 8 {
			if k := edge8(text, end); t.marked(mix8(k)) {
				found = lookList(finds, t.eight[k], text, end, each)
			}
		}
		if !found || each != nil {
			found = lookList(finds, t.four[edge4(text, end)], text, end, each) || found
		}
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
