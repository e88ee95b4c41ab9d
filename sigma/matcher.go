package sigma

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// Matcher looks at one event after the other. Not safe for concurrent use.
type Matcher struct {
	engine *Engine
	values []value
	first  []int32 // by event field: its first value, -1 none
	last   []int32
	filled []int32 // fields that have values
	words  []int32 // values that keywords look through
	arena  []byte  // what had to be rewritten for this event

	memo    []uint32 // by predicate: turn<<1 | answer
	turn    uint32
	picked  []uint64 // rules to look at, a bit each
	matches []Match

	sweeping bool   // the index has been asked this turn
	matched  []bool // by rule
	key      []byte
	rest     [][]byte // parts of a join
	routes   map[*formatPlan]*routes
	lanes    map[*Layout]*lane
	recent   map[*formatPlan]int // layout of the last record
	feed     feeder
	view     rawView
}

// Match is a rule that an event matches.
type Match struct {
	Rule int   // index for Engine.Rule
	view int32 // where it matched, for Matcher.Why
}

type valueKind uint8

const (
	plainText valueKind = iota
	jsonText            // the inside of a JSON string, escapes and all
	noText              // an object or list: there, but without text
)

// value is one value of a field. The forms that predicates ask for are made when
// the first one asks.
type value struct {
	raw      []byte
	fold     []byte
	plain    []byte
	next     int32 // next value of the same field, -1 none
	kind     valueKind
	isFolded bool
	isASCII  bool
	isPlain  bool
}

// Matcher returns a new matcher.
func (e *Engine) Matcher() *Matcher {
	m := &Matcher{
		engine:  e,
		first:   make([]int32, len(e.fields)),
		last:    make([]int32, len(e.fields)),
		memo:    make([]uint32, e.maxAsk),
		picked:  make([]uint64, (e.maxRule+63)/64),
		matched: make([]bool, len(e.rules)),
		routes:  map[*formatPlan]*routes{},
		lanes:   map[*Layout]*lane{},
		recent:  map[*formatPlan]int{},
	}
	for i := range m.first {
		m.first[i] = -1
	}
	return m
}

// begin forgets the last event.
func (m *Matcher) begin() {
	for _, f := range m.filled {
		m.first[f] = -1
	}
	m.view = rawView{}
	m.filled, m.words, m.values, m.arena, m.matches = m.filled[:0], m.words[:0], m.values[:0], m.arena[:0], m.matches[:0]
}

// add gives a field, -1 for none, one more value.
func (m *Matcher) add(field int32, word bool, kind valueKind, raw []byte) {
	i := int32(len(m.values))
	m.values = append(m.values, value{raw: raw, kind: kind, next: -1})
	if word {
		m.words = append(m.words, i)
	}
	if field < 0 {
		return
	}
	if m.first[field] < 0 {
		m.first[field] = i
		m.filled = append(m.filled, field)
	} else {
		m.values[m.last[field]].next = i
	}
	m.last[field] = i
}

// folded returns value i without letter case.
func (m *Matcher) folded(i int32) []byte {
	v := &m.values[i]
	if !v.isFolded {
		n := len(m.arena)
		m.arena, v.isASCII = appendFold(m.arena, v.raw, v.kind == jsonText)
		v.fold, v.isFolded = m.arena[n:len(m.arena):len(m.arena)], true
	}
	return v.fold
}

// plain returns value i as it is in the event.
func (m *Matcher) plain(i int32) []byte {
	v := &m.values[i]
	if !v.isPlain {
		n := len(m.arena)
		switch {
		case v.kind == jsonText && slices.Contains(v.raw, '\\'):
			m.arena = appendUnescaped(m.arena, v.raw)
			v.plain = m.arena[n:len(m.arena):len(m.arena)]
		case !utf8.Valid(v.raw):
			v.plain = toValid(v.raw)
		default:
			v.plain = v.raw
		}
		v.isPlain = true
	}
	return v.plain
}

// fieldsOf returns the event fields that a slot reads: those of the first
// candidate that has a value.
func (m *Matcher) fieldsOf(s *slot) []int32 {
	for _, c := range s.candidates {
		for _, f := range c {
			if m.first[f] >= 0 {
				return c
			}
		}
	}
	return nil
}

func (m *Matcher) slotEmpty(v *view, slot int32) bool {
	s := &v.slots[slot]
	if s.keyword {
		m.needWords()
		return len(m.words) == 0
	}
	return m.fieldsOf(s) == nil
}

// run looks at the rules of one view.
func (m *Matcher) run(at int32) {
	v := m.engine.views[at]
	m.nextTurn()
	picked := m.picked[:(len(v.rules)+63)/64]
	clear(picked)
	for _, r := range v.index.always {
		picked[r>>6] |= 1 << (r & 63)
	}
	for _, i := range v.index.words {
		m.lookAtWords(&v.index.slots[i], picked)
	}
	for _, f := range m.filled {
		if int(f) >= len(v.index.fields) {
			continue
		}
		for _, i := range v.index.fields[f] {
			m.look(v, &v.index.slots[i], f, picked)
		}
	}
	m.sweeping = true
	for w, set := range picked {
		for ; set != 0; set &= set - 1 {
			r := &v.rules[w<<6+bits.TrailingZeros64(set)]
			if !m.matched[r.rule] && m.eval(v, r.root) {
				m.matched[r.rule] = true
				m.matches = append(m.matches, Match{int(r.rule), at})
			}
		}
	}
	m.sweeping = false
}

// nextTurn makes all answers unknown.
func (m *Matcher) nextTurn() {
	if m.turn++; m.turn >= 1<<31 {
		clear(m.memo)
		m.turn = 1
	}
}

// finish puts the matches in the order of the rules.
func (m *Matcher) finish() []Match {
	for _, x := range m.matches {
		m.matched[x.Rule] = false
	}
	if len(m.matches) > 1 {
		slices.SortFunc(m.matches, func(a, b Match) int { return a.Rule - b.Rule })
	}
	return m.matches
}

func (m *Matcher) eval(v *view, n int32) bool {
	node := &v.nodes[n]
	switch node.op {
	case opAsk:
		return m.answer(v, node.ask)
	case opAnd:
		for _, k := range node.kids {
			if !m.eval(v, k) {
				return false
			}
		}
		return true
	case opOr:
		for _, k := range node.kids {
			if m.eval(v, k) {
				return true
			}
		}
		return false
	case opNot:
		return !m.eval(v, node.kids[0])
	}
	count := 0
	for _, k := range node.kids {
		if m.eval(v, k) {
			count++
		}
	}
	return count >= node.count
}

// answer asks a predicate once for each turn.
func (m *Matcher) answer(v *view, ask int32) bool {
	memo := m.memo[ask]
	if memo>>1 == m.turn {
		return memo&1 != 0
	}
	answer := uint32(0)
	if m.holds(v, &v.asks[ask]) {
		answer = 1
	}
	m.memo[ask] = m.turn<<1 | answer
	return answer != 0
}

// lookAtWords finds the clues in all values that keywords look through.
func (m *Matcher) lookAtWords(s *slotIndex, picked []uint64) {
	if len(s.gate.bits) > 0 && m.view.lane != nil && len(s.there) == 0 && !s.gate.mayHold(s.finds, m.view.record) && m.transparent() {
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
	if len(s.gate.bits) > 0 && m.view.lane != nil && !s.gate.mayHold(s.finds, m.values[i].raw) && m.transparent() {
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
		m.lookShort(s, text, picked)
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

func (m *Matcher) lookShort(s *slotIndex, text []byte, picked []uint64) {
	t := &s.short
	for _, i := range t.bytes {
		if bytes.IndexByte(text, s.finds[i].lit[0]) >= 0 {
			m.found(&s.finds[i], picked)
		}
	}
	if t.bits == nil {
		return
	}
	for i := 0; i+2 <= len(text); i++ {
		k := binary.LittleEndian.Uint16(text[i:])
		if t.bits[k>>6]&(1<<(k&63)) == 0 {
			continue
		}
		for _, f := range t.pairs[k] {
			if lit := s.finds[f].lit; len(lit) == 2 || i+2 < len(text) && text[i+2] == lit[2] {
				m.found(&s.finds[f], picked)
			}
		}
	}
}
