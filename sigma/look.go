package sigma

import (
	"encoding/binary"
	"slices"
)

// lookAtWords finds the clues in all values that keywords look through.
func (m *Matcher) lookAtWords(s *slotIndex, picked []uint64) {
	if s.gate.few != nil && m.view.lane != nil && len(s.there) == 0 && !s.gate.mayHold(s.finds, m.view.record) && m.transparent() {
		return
	}
	m.needWords()
	for _, i := range m.words {
		m.lookAt(s, i, picked)
	}
}

// look finds the clues in the values that a slot has from one field.
func (m *Matcher) look(v *view, s *slotIndex, field int32, picked []uint64) {
	sl := &v.slots[s.slot]
	if len(sl.candidates) > 1 && !slices.Contains(m.fieldsOf(sl), field) {
		return
	}
	for i := m.first[field]; i >= 0; i = m.values[i].next {
		m.lookAt(s, i, picked)
	}
}

func (m *Matcher) lookAt(s *slotIndex, i int32, picked []uint64) {
	for _, r := range s.there {
		picked[r>>6] |= 1 << (r & 63)
	}
	if m.values[i].kind == noText || len(s.finds) == 0 && len(s.foreign) == 0 {
		return
	}
	if s.gate.few != nil && m.view.lane != nil && !s.gate.mayHold(s.finds, m.values[i].raw) && m.transparent() {
		return
	}
	text := m.folded(i)
	if !m.values[i].isASCII {
		for _, r := range s.foreign {
			picked[r>>6] |= 1 << (r & 63)
		}
	}
	if h := wholeHash(text); s.wholes[h>>6]&(1<<(h&63)) != 0 {
		if f, ok := s.whole[string(text)]; ok {
			m.found(&s.finds[f], picked)
		}
	}
	if len(s.prefix.finds) > 0 {
		s.prefix.look(s.finds, text, false, func(i int32) { m.found(&s.finds[i], picked) })
	}
	if len(s.suffix.finds) > 0 {
		s.suffix.look(s.finds, text, true, func(i int32) { m.found(&s.finds[i], picked) })
	}
	if len(s.parts.bits) > 0 {
		m.lookInside(s, text, picked)
	}
	if len(s.short.finds) > 0 {
		s.short.look(s.finds, text, func(i int32) { m.found(&s.finds[i], picked) })
	}
}

// found notes that a clue is there.
func (m *Matcher) found(f *find, picked []uint64) {
	for _, ask := range f.asks {
		m.memo[ask] = m.turn<<1 | 1
	}
	for _, r := range f.rules {
		picked[r>>6] |= 1 << (r & 63)
	}
}

func (m *Matcher) lookInside(s *slotIndex, text []byte, picked []uint64) {
	t := &s.parts
	shift := t.shift & 31
	set := t.bits
	for i := 0; i+gram <= len(text); i += t.stride {
		g := binary.LittleEndian.Uint32(text[i:])
		h := g * golden >> shift
		if set[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		for e := t.heads[h>>3]; e >= 0; e = t.grams[e].next {
			entry := &t.grams[e]
			if entry.gram != g {
				continue
			}
			f := &s.finds[entry.find]
			start := i - int(entry.at)
			if start >= 0 && start+len(f.lit) <= len(text) && string(text[start:start+len(f.lit)]) == string(f.lit) {
				m.found(f, picked)
			}
		}
	}
}
