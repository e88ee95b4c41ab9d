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
	w := newSweeper(s.finds, s.gate.finds)
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
