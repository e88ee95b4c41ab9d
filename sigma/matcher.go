package sigma

import (
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
	nulls  []int32 // fields that are there without a value
	words  []int32 // values that keywords look through
	arena  []byte  // what had to be rewritten for this event

	memo    []uint32 // by predicate: turn<<1 | answer
	turn    uint32
	picked  []uint64 // rules to look at, a bit each
	matches []Match
	sources []LogSource // of the event

	sole      []soleValue // by slot
	memory    []memory    // by view
	clues     []int32     // found in the value looked at, by index in slotIndex.finds
	clueSeen  []uint32    // by the same: search
	search    uint32
	sightings [32]sighting
	sweeping  bool   // the index has been asked this turn
	matched   []bool // by rule
	key       []byte
	rest      [][]byte // parts of a join
	routes    map[*formatPlan]*routes
	lanes     map[*Layout]*lane
	recent    map[*formatPlan]int // layout of the last record
	feed      feeder
	view      rawView
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
		engine:   e,
		first:    make([]int32, len(e.fields)),
		last:     make([]int32, len(e.fields)),
		memo:     make([]uint32, e.maxAsk),
		clueSeen: make([]uint32, e.maxFind),
		sole:     make([]soleValue, e.maxSlot),
		memory:   make([]memory, len(e.views)),
		picked:   make([]uint64, (e.maxRule+63)/64),
		matched:  make([]bool, len(e.rules)),
		routes:   map[*formatPlan]*routes{},
		lanes:    map[*Layout]*lane{},
		recent:   map[*formatPlan]int{},
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
	m.nulls, m.sources = m.nulls[:0], m.sources[:0]
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

// null notes that a field, -1 for none, is there without a value.
func (m *Matcher) null(field int32) {
	if field >= 0 && (len(m.nulls) == 0 || m.nulls[len(m.nulls)-1] != field) {
		m.nulls = append(m.nulls, field)
	}
}

// folded returns value i without letter case.
func (m *Matcher) folded(i int32) []byte {
	v := &m.values[i]
	if !v.isFolded {
		n := len(m.arena)
		m.arena, v.isASCII = appendFold(m.arena, v.raw, v.kind == jsonText)
		m.arena = slices.Grow(m.arena, sweepSlack)
		v.fold, v.isFolded = m.arena[n:len(m.arena):len(m.arena)+sweepSlack], true
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

// slotNull says whether a field of a slot is there without a value.
func (m *Matcher) slotNull(v *view, slot int32) bool {
	for _, f := range m.nulls {
		for _, c := range v.slots[slot].candidates {
			if slices.Contains(c, f) {
				return true
			}
		}
	}
	return false
}
