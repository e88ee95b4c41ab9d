package sigma

import (
	"maps"
	"slices"
)

// index finds the rules of a view that may match an event: those of whose clues
// one is found.
type index struct {
	slots   []slotIndex
	from    [][2]int32 // by slot: the event field that it reads, and that in its place; -1 none
	several []int32    // slots that read others
	words   []int32    // slots of keywords
	always  []int32    // rules without a witness
}

// slotIndex holds the clues of one slot.
type slotIndex struct {
	slot    int32
	number  int32 // among those of all views
	view    int
	word    bool // for keywords: of all values, of which many never come again
	finds   []find
	marks   []int32          // of all finds: first predicates, then rules
	marked  []marking        // by find
	whole   map[string]int32 // to finds
	wholes  [4]uint64        // a bit for each key of whole
	prefix  edgeTable
	suffix  edgeTable
	parts   gramTable
	short   shortTable
	brief   *sweeper  // finds texts of which parts would have to look at every place of a value; nil for none
	gate    gramTable // over values as they are in the record; empty when it would not help
	sweeper *sweeper  // does the same for whole records; nil where it cannot
	foreign []int32   // rules
	there   []int32   // rules
}

// find is a clue found: predicates that hold, and the rules to look at. Once the
// index is there these two are in slotIndex.marks.
type find struct {
	lit   []byte
	asks  []int32
	rules []int32
}

// marking is where in slotIndex.marks the predicates of a find begin, its rules, and
// those of the next.
type marking struct{ asks, rules, end int32 }

// pack puts what all finds say into one list.
func (s *slotIndex) pack() {
	for i := range s.finds {
		f := &s.finds[i]
		var k marking
		k.asks = int32(len(s.marks))
		s.marks = append(s.marks, f.asks...)
		k.rules = int32(len(s.marks))
		s.marks = append(s.marks, f.rules...)
		k.end = int32(len(s.marks))
		s.marked = append(s.marked, k)
		f.asks, f.rules = nil, nil
	}
	s.marks, s.marked = slices.Clip(s.marks), slices.Clip(s.marked)
}

func (s *slotIndex) asksOf(f int32) []int32 { return s.marks[s.marked[f].asks:s.marked[f].rules] }

func (s *slotIndex) rulesOf(f int32) []int32 { return s.marks[s.marked[f].rules:s.marked[f].end] }

func buildIndex(v *view) index {
	b := indexBuilder{place: map[int32]int{}, finds: map[clue]*find{}}
	for i := range v.rules {
		w := v.witnessOf(v.rules[i].root)
		if w.none {
			b.index.always = append(b.index.always, int32(i))
			continue
		}
		for _, c := range w.clues {
			b.note(c, int32(i))
		}
	}
	for _, c := range b.order {
		b.index.slots[b.place[c.slot]].add(c, *b.finds[c])
	}
	for i := range b.index.slots {
		s := &b.index.slots[i]
		s.shorten()
		s.parts.build(s.finds, plainGram)
		s.short.build(s.finds)
		if s.gated() {
			s.gate.finds = s.parts.finds
			s.gate.build(s.finds, rawGram)
			s.sweeper = newSweeper(s.finds, s.gate.finds, true)
		} else {
			s.sweep(v)
		}
		s.prefix.build(s.finds, false)
		s.suffix.build(s.finds, true)
		s.pack()
	}
	return b.index
}

type indexBuilder struct {
	index index
	place map[int32]int // of a slot in index.slots
	finds map[clue]*find
	order []clue
}

// note makes a rule one to look at when a clue is found.
func (b *indexBuilder) note(c clue, rule int32) {
	if _, ok := b.place[c.slot]; !ok {
		b.place[c.slot] = len(b.index.slots)
		b.index.slots = append(b.index.slots, slotIndex{slot: c.slot, whole: map[string]int32{}})
	}
	s := &b.index.slots[b.place[c.slot]]
	switch c.sort {
	case clueThere:
		s.there = appendNew(s.there, rule)
		return
	case clueForeign:
		s.foreign = appendNew(s.foreign, rule)
		return
	}
	f := b.finds[c]
	if f == nil {
		f = &find{lit: []byte(c.lit)}
		if c.ask >= 0 {
			f.asks = []int32{c.ask}
		}
		b.finds[c] = f
		b.order = append(b.order, c)
	}
	f.rules = appendNew(f.rules, rule)
}

// shorten has what is short found by a sweeper of its own, so that the others can be
// looked for with a longer stride.
func (s *slotIndex) shorten() {
	brief := func(length int) (in, out []int32) {
		for _, f := range s.parts.finds {
			if len(s.finds[f].lit) < length {
				in = append(in, f)
			} else {
				out = append(out, f)
			}
		}
		return in, out
	}
	var shorts, ones []int32
	for _, f := range s.short.finds {
		if len(s.finds[f].lit) > 1 {
			shorts = append(shorts, f)
		} else {
			ones = append(ones, f)
		}
	}
	in, out := []int32(nil), s.parts.finds
	least := gram + 2 // for a stride of more than two
	if s.onlyParts() {
		least = gram + 1 // of more than one: there can be a gate
	}
	if few, _ := brief(least); len(few) > 0 {
		for length := gram + maxStride - 1; length > gram && len(in) == 0; length-- {
			if in, out = brief(length); len(shorts)+len(in) > maxBrief {
				in, out = nil, s.parts.finds
			}
		}
	}
	all := slices.Concat(shorts, in)
	if s.brief = newSweeper(s.finds, all, false); s.brief != nil {
		s.parts.finds, s.short.finds = out, ones
	}
}

// maxBrief bounds the texts of slotIndex.brief: more of them are taken for one another.
const maxBrief = 32

// sweep lets the index also answer all other questions for texts that the slot's
// values are, begin or end with or have in them, where it looks for some in the same
// way: each value is read once, not once for each of them.
func (s *slotIndex) sweep(v *view) {
	place := map[clue]int32{}
	lists := map[clueSort]*[]int32{cluePrefix: &s.prefix.finds, clueSuffix: &s.suffix.finds, cluePart: &s.parts.finds}
	for sort, list := range lists {
		for _, f := range *list {
			place[clue{sort: sort, lit: string(s.finds[f].lit)}] = f
		}
	}
	if s.brief != nil {
		for _, bucket := range s.brief.buckets {
			for _, e := range bucket {
				place[clue{sort: cluePart, lit: string(s.finds[e.find].lit)}] = e.find
			}
		}
	}
	for lit, f := range s.whole {
		place[clue{sort: clueWhole, lit: lit}] = f
	}
	for i := range v.asks {
		p := &v.asks[i]
		if p.slot != s.slot || p.cased {
			continue
		}
		texts, sort := p.plainTexts()
		if sort == clueWhole && len(s.whole) == 0 || lists[sort] != nil && len(*lists[sort]) == 0 {
			continue // it is not looked for otherwise
		}
		long := func(t string) bool { return len(s.parts.words) > 0 && len(t) >= s.parts.stride+gram-1 }
		if sort == cluePart && slices.ContainsFunc(texts, func(t string) bool { _, ok := place[clue{sort: sort, lit: t}]; return !ok && !long(t) }) {
			continue
		}
		p.swept = len(texts) > 0
		for _, t := range texts {
			c := clue{sort: sort, lit: t}
			f, ok := place[c]
			if !ok {
				f = int32(len(s.finds))
				place[c] = f
				s.add(c, find{lit: []byte(t)})
			}
			if !slices.Contains(s.finds[f].asks, int32(i)) {
				s.finds[f].asks = append(s.finds[f].asks, int32(i))
			}
		}
	}
	if len(s.parts.words) > 0 {
		s.parts = gramTable{finds: s.parts.finds}
		s.parts.build(s.finds, plainGram)
	}
}

// plainTexts returns texts of which a value that the predicate holds for has one,
// and the other way round; none where it asks for something else.
func (p *predicate) plainTexts() (texts []string, sort clueSort) {
	place := p.text.fit
	switch p.sort {
	case askText:
		texts = []string{string(p.text.lit)}
	case askSet:
		return slices.Sorted(maps.Keys(p.set)), clueWhole
	case askTexts:
		place = p.texts.fit
		for _, t := range p.texts.texts() {
			texts = append(texts, string(t))
		}
	default:
		return nil, 0
	}
	sort, ok := map[fit]clueSort{fitWhole: clueWhole, fitPrefix: cluePrefix, fitSuffix: clueSuffix, fitPart: cluePart}[place]
	if !ok {
		return nil, 0
	}
	return texts, sort
}

// read notes which fields the slots read.
func (ix *index) read(slots []slot) {
	ix.from, ix.several, ix.words = make([][2]int32, len(ix.slots)), nil, nil
	for i := range ix.slots {
		s := &slots[ix.slots[i].slot]
		ix.from[i] = [2]int32{-1, -1}
		switch {
		case s.keyword:
			ix.words = append(ix.words, int32(i))
		case len(s.candidates) > 2 || slices.ContainsFunc(s.candidates, func(c []int32) bool { return len(c) != 1 }):
			ix.several = append(ix.several, int32(i))
		default:
			for k, c := range s.candidates {
				ix.from[i][k] = c[0]
			}
		}
	}
}

// decidedBy says whether the values of some event fields, letter case aside, tell which
// rules are to be looked at.
func (v *view) decidedBy(fields []int32) bool {
	if len(v.index.always) > 0 {
		return false
	}
	for i := range v.index.slots {
		s := &v.index.slots[i]
		if sl := &v.slots[s.slot]; sl.keyword || len(s.foreign) > 0 || !sl.within(fields) {
			return false
		}
	}
	return true
}

// within says whether a slot reads no other event fields.
func (s *slot) within(fields []int32) bool {
	for _, c := range s.candidates {
		for _, f := range c {
			if !slices.Contains(fields, f) {
				return false
			}
		}
	}
	return true
}

func appendNew(list []int32, i int32) []int32 {
	if len(list) > 0 && list[len(list)-1] == i {
		return list
	}
	return append(list, i)
}

func (s *slotIndex) add(c clue, f find) {
	i := int32(len(s.finds))
	if c.sort == clueWhole {
		if j, ok := s.whole[c.lit]; ok { // asked for as a set and alone
			both := append(slices.Clone(s.finds[j].rules), f.rules...)
			slices.Sort(both)
			s.finds[j].rules = slices.Compact(both)
			s.finds[j].asks = append(slices.Clone(s.finds[j].asks), f.asks...)
			return
		}
		s.whole[c.lit] = i
		h := wholeHash([]byte(c.lit))
		s.wholes[h>>6] |= 1 << (h & 63)
	}
	s.finds = append(s.finds, f)
	switch c.sort {
	case cluePrefix:
		s.prefix.finds = append(s.prefix.finds, i)
	case clueSuffix:
		s.suffix.finds = append(s.suffix.finds, i)
	case cluePart:
		s.parts.finds = append(s.parts.finds, i)
	case clueShort:
		s.short.finds = append(s.short.finds, i)
	}
}

// wholeHash tells most texts apart by their length and ends.
func wholeHash(b []byte) uint8 {
	h := uint32(len(b))
	if len(b) > 0 {
		h = h*31 + uint32(b[0])<<8 + uint32(b[len(b)-1])<<16 + uint32(b[len(b)/2])
	}
	return uint8(h * golden >> 24)
}
