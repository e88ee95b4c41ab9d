package sigma

import "encoding/binary"

// lookAtWords finds the clues in all values that keywords look through.
func (m *Matcher) lookAtWords(s *slotIndex, picked []uint64) {
	if s.gate.few != nil && m.view.lane != nil && len(s.there) == 0 && !m.recordMayHold(s) {
		return
	}
	m.needWords()
	for _, i := range m.words {
		m.lookAt(s, i, picked)
	}
}

// recordMayHold says whether a text of the gate may be anywhere in the record.
func (m *Matcher) recordMayHold(s *slotIndex) bool {
	if s.sweeper == nil || len(m.view.record) < sweepBlock*2 {
		return s.gate.mayHold(s.finds, m.view.record) || !m.transparent()
	}
	may, clear := s.sweeper.sweep(s.finds, m.view.record, m.sightings[:])
	if may {
		return true
	}
	if !m.view.known && clear {
		m.view.known, m.view.clear = true, !m.view.reworded
	}
	return !m.transparent()
}

// look finds the clues in the values of the one field that a slot has them from.
func (m *Matcher) look(s *slotIndex, field int32, picked []uint64) {
	first := m.first[field]
	if m.values[first].next >= 0 {
		m.lookAtAll(s, field, picked)
		return
	}
	p := m.lookAt(s, first, picked)
	m.sole[s.slot] = soleValue{m.turn, p}
	if r := p.recollection(); r != nil {
		for _, a := range r.answers[:r.learnt] {
			m.memo[a>>1] = m.turn<<1 | uint32(a&1)
		}
	}
}

// lookAtAll finds the clues in the values of a field.
func (m *Matcher) lookAtAll(s *slotIndex, field int32, picked []uint64) {
	for i := m.first[field]; i >= 0; i = m.values[i].next {
		m.lookAt(s, i, picked)
	}
}

// lookAt finds the clues in a value, or remembers them; it returns where the value
// is kept.
func (m *Matcher) lookAt(s *slotIndex, i int32, picked []uint64) spot {
	for _, r := range s.there {
		picked[r>>6] |= 1 << (r & 63)
	}
	v := &m.values[i]
	if v.kind == noText || len(s.finds) == 0 && len(s.foreign) == 0 {
		return spot{}
	}
	y := &m.memory[s.view]
	known := !s.word && len(v.raw) <= longestKept && y.ready()
	var hash uint64
	if known {
		hash = valueHash(v.raw, s.number)
		if p, marks := y.recall(s, v.kind, v.raw, hash); p.shelf != nil {
			m.remember(s, p.recollection(), marks, picked)
			return p
		}
	}
	foreign := m.lookFor(s, i)
	for _, f := range m.clues {
		m.found(s, f, picked)
	}
	if foreign {
		for _, r := range s.foreign {
			picked[r>>6] |= 1 << (r & 63)
		}
	}
	if known {
		return y.keep(s, v.kind, v.raw, hash, foreign, m.clues)
	}
	return spot{}
}

// remember does what finding the clues would do.
func (m *Matcher) remember(s *slotIndex, r *recollection, marks []int32, picked []uint64) {
	if r.foreign {
		for _, r := range s.foreign {
			picked[r>>6] |= 1 << (r & 63)
		}
	}
	yes := m.turn<<1 | 1
	for _, ask := range marks[:r.asks] {
		m.memo[ask] = yes
	}
	for _, r := range marks[r.asks:] {
		picked[r>>6] |= 1 << (r & 63)
	}
}

// lookFor searches a value for clues, each of which is then once in m.clues, and
// says whether it has characters that are not ASCII.
func (m *Matcher) lookFor(s *slotIndex, i int32) (foreign bool) {
	m.clues = m.clues[:0]
	if s.gate.few != nil && m.without(s, m.values[i].raw) {
		return false
	}
	if m.search++; m.search == 0 {
		clear(m.clueSeen)
		m.search = 1
	}
	text := m.folded(i)
	if h := wholeHash(text); s.wholes[h>>6]&(1<<(h&63)) != 0 {
		if f, ok := s.whole[string(text)]; ok {
			m.clue(f)
		}
	}
	if len(s.prefix.finds) > 0 {
		s.prefix.look(s.finds, text, false, m.clue)
	}
	if len(s.suffix.finds) > 0 {
		s.suffix.look(s.finds, text, true, m.clue)
	}
	if len(s.parts.words) > 0 {
		m.lookInside(s, text)
	}
	if s.brief != nil {
		s.brief.each(s.finds, text, m.sightings[:], m.clue)
	}
	if len(s.short.finds) > 0 {
		s.short.look(s.finds, text, m.clue)
	}
	return !m.values[i].isASCII
}

// without says that no text of the gate is in a value, by its bytes as they stand.
// In an event that was decoded these stand for themselves.
func (m *Matcher) without(s *slotIndex, raw []byte) bool {
	if m.view.lane != nil {
		return !s.gate.mayHold(s.finds, raw) && m.transparent()
	}
	if s.sweeper == nil || len(raw) < 2*sweepBlock {
		return !s.gate.mayHold(s.finds, raw) && !opaque(raw)
	}
	may, clear := s.sweeper.sweep(s.finds, raw, m.sightings[:])
	return !may && clear
}

// clue notes that a clue is there.
func (m *Matcher) clue(f int32) {
	if m.clueSeen[f] != m.search {
		m.clueSeen[f] = m.search
		m.clues = append(m.clues, f)
	}
}

// found notes what a clue says.
func (m *Matcher) found(s *slotIndex, f int32, picked []uint64) {
	for _, ask := range s.asksOf(f) {
		m.memo[ask] = m.turn<<1 | 1
	}
	for _, r := range s.rulesOf(f) {
		picked[r>>6] |= 1 << (r & 63)
	}
}

func (m *Matcher) lookInside(s *slotIndex, text []byte) {
	t := &s.parts
	shift := t.shift & 31
	words := t.words
	for i := 0; i+gram <= len(text); i += t.stride {
		g := binary.LittleEndian.Uint32(text[i:])
		h := g * golden >> shift
		w := words[h/32]
		if !w.has(h) {
			continue
		}
		for k := w.first(h); ; {
			e := &t.grams[k]
			if e.gram == g && m.clueSeen[e.find] != m.search && t.stands(e, text, i) {
				m.clue(e.find)
			}
			if k = e.next; k == 0 {
				break
			}
		}
	}
}
