package sigma

// Swept says what the instructions for 32 bytes at once, and what plain Go, find of
// texts in bytes as they stand in a record, and whether these are transparent. ok is
// false where the instructions are not for these texts.
func Swept(texts []string, raw []byte) (fast, slow, fastClear, slowClear, ok bool) {
	s := slotIndex{}
	for i, t := range texts {
		s.finds = append(s.finds, find{lit: []byte(t)})
		s.gate.finds = append(s.gate.finds, int32(i))
	}
	s.gate.build(s.finds, rawGram)
	w := newSweeper(s.finds, s.gate.finds, true)
	if s.gate.few == nil || w == nil {
		return false, false, false, false, false
	}
	var room [32]sighting
	fast, fastClear = w.sweep(s.finds, raw, room[:])
	return fast, s.gate.mayHold(s.finds, raw), fastClear, !opaque(raw), true
}

// Remembered says how often a matcher knew a value, and how often it forgot some.
func Remembered(m *Matcher) (known, forgotten int) {
	for i := range m.memory {
		known, forgotten = known+m.memory[i].known, forgotten+m.memory[i].forgotten
	}
	return known, forgotten
}

// FoundInside returns which of some texts the index finds in a folded value, and
// whether a set of those of four bytes or more says that one is there.
func FoundInside(texts []string, value []byte) (found []bool, any bool) {
	s := slotIndex{}
	var long []string
	for i, t := range texts {
		s.finds = append(s.finds, find{lit: []byte(t)})
		if len(t) < gram {
			s.short.finds = append(s.short.finds, int32(i))
			continue
		}
		s.parts.finds = append(s.parts.finds, int32(i))
		long = append(long, t)
	}
	s.shorten()
	s.parts.build(s.finds, plainGram)
	s.short.build(s.finds)
	m := Matcher{clueSeen: make([]uint32, len(texts)), search: 1}
	if len(s.parts.words) > 0 {
		m.lookInside(&s, value)
	}
	if s.brief != nil {
		s.brief.each(s.finds, append(value, make([]byte, sweepSlack)...)[:len(value)], m.sightings[:], m.clue)
	}
	s.short.look(s.finds, value, m.clue)
	found = make([]bool, len(texts))
	for _, f := range m.clues {
		found[f] = true
	}
	return found, len(long) > 0 && newTextSet(fitPart, long).in(value)
}

// Shared says how many log sources two engines look at rules for in the same way, made once.
func Shared(a, b *Engine) int {
	n := 0
	for _, v := range a.views {
		for _, w := range b.views {
			if &v.nodes[0] == &w.nodes[0] {
				n++
				break
			}
		}
	}
	return n
}

// Numbers returns the numbers of an engine's slots.
func Numbers(e *Engine) (out []int32) {
	for _, v := range e.views {
		for i := range v.index.slots {
			out = append(out, v.index.slots[i].number)
		}
	}
	return out
}

// Made says how many rules a Compiler has compiled since it began, and of how many
// rules and log sources it keeps what it made.
func Made(c *Compiler) (compiled, rules, views int) {
	return c.number, len(c.made.drafts), len(c.made.views)
}

// Hits is how many hits a correlator remembers.
func (c *Correlator) Hits() int { return c.hits() }
