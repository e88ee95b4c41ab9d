package sigma

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// automaton is a regular expression as a table: one look-up a character, however
// the expression is written. Characters that no part of the expression tells
// apart share a column.
type automaton struct {
	columns int
	ascii   [utf8.RuneSelf]uint8
	bounds  []rune // where columns begin, in ascending order; for what is not ASCII
	column  []uint8
	next    []uint16 // by state and column
	atEnd   []bool   // by state: the text matches when it ends here
}

// Of every automaton the first two states are these.
const (
	matched = uint16(0) // whatever comes
	dead    = uint16(1) // nothing can come
)

// Limits beyond which an expression is left to package regexp.
const (
	maxStates  = 1500
	maxColumns = 120
	maxWork    = 3_000_000 // instructions looked at to build the table
)

// match says whether the expression matches somewhere in the text.
func (a *automaton) match(text []byte) bool {
	s := uint16(2)
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			s = a.next[int(s)*a.columns+int(a.ascii[c])]
			i++
		} else {
			r, n := utf8.DecodeRune(text[i:])
			s = a.next[int(s)*a.columns+int(a.columnOf(r))]
			i += n
		}
		if s <= dead {
			return s == matched
		}
	}
	return a.atEnd[s]
}

func (a *automaton) columnOf(r rune) uint8 {
	i, found := slices.BinarySearch(a.bounds, r)
	if !found {
		i--
	}
	return a.column[i]
}

// newAutomaton builds the table; nil when it would be too large.
func newAutomaton(prog *syntax.Prog) *automaton {
	a := &automaton{}
	b := &automatonBuilder{prog: prog, a: a, known: map[string]uint16{}}
	if !b.alphabet() {
		return nil
	}
	start, flag := []uint32{uint32(prog.Start)}, classBegin
	b.states = []subset{{}, {}, {start, flag}}
	b.known[b.key(start, flag)] = 2
	a.next = append(a.next, make([]uint16, 2*a.columns)...)
	for i := range a.columns {
		a.next[a.columns+i] = dead
	}
	a.atEnd = []bool{true, false}
	for i := 2; i < len(b.states); i++ {
		if len(b.states) > maxStates || b.work > maxWork {
			return nil
		}
		b.fill(b.states[i])
	}
	return a
}

// before is what the character before a position is to ^, $ and \b.
type before uint8

const (
	classBegin before = iota // there is none
	classLine                // a line feed
	classWord                // a letter, digit or _
	classOther
)

// subset is a state: where in the program a match may be, before assertions are
// looked at.
type subset struct {
	at     []uint32
	before before
}

type automatonBuilder struct {
	prog   *syntax.Prog
	a      *automaton
	sample []rune // one of each column
	states []subset
	known  map[string]uint16
	seen   []bool
	stack  []uint32
	work   int
}

// alphabet parts all characters into columns.
func (b *automatonBuilder) alphabet() bool {
	cuts := b.cuts()
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	if b.work = len(cuts) * len(b.prog.Inst); b.work > maxWork {
		return false
	}
	columns := map[string]uint8{}
	for _, r := range cuts {
		if r > unicode.MaxRune {
			continue
		}
		key := b.signature(r)
		c, ok := columns[key]
		if !ok {
			if len(columns) >= maxColumns {
				return false
			}
			c = uint8(len(columns))
			columns[key] = c
			b.sample = append(b.sample, r)
		}
		b.a.bounds = append(b.a.bounds, r)
		b.a.column = append(b.a.column, c)
	}
	b.a.columns = len(columns)
	for r := range rune(utf8.RuneSelf) {
		b.a.ascii[r] = b.a.columnOf(r)
	}
	return true
}

// cuts returns where characters may begin to be told apart.
func (b *automatonBuilder) cuts() []rune {
	cuts := []rune{0, '\n', '\n' + 1, '0', '9' + 1, 'A', 'Z' + 1, '_', '_' + 1, 'a', 'z' + 1, utf8.RuneSelf}
	add := func(lo, hi rune) { cuts = append(cuts, lo, hi+1) }
	for _, in := range b.prog.Inst {
		switch in.Op {
		case syntax.InstRune, syntax.InstRune1:
			for i := 0; i+1 < len(in.Rune); i += 2 {
				add(in.Rune[i], in.Rune[i+1])
			}
			if len(in.Rune) == 1 {
				add(in.Rune[0], in.Rune[0])
				for f := unicode.SimpleFold(in.Rune[0]); f != in.Rune[0]; f = unicode.SimpleFold(f) {
					add(f, f)
				}
			}
		}
	}
	return cuts
}

// signature tells which instructions take a character, and what it is to
// assertions.
func (b *automatonBuilder) signature(r rune) string {
	key := []byte{byte(beforeOf(r))}
	for i := range b.prog.Inst {
		if b.takes(&b.prog.Inst[i], r) {
			key = binary.AppendUvarint(key, uint64(i))
		}
	}
	return string(key)
}

func (b *automatonBuilder) takes(in *syntax.Inst, r rune) bool {
	switch in.Op {
	case syntax.InstRune, syntax.InstRune1:
		return in.MatchRune(r)
	case syntax.InstRuneAny:
		return true
	case syntax.InstRuneAnyNotNL:
		return r != '\n'
	}
	return false
}

func beforeOf(r rune) before {
	switch {
	case r == '\n':
		return classLine
	case syntax.IsWordChar(r):
		return classWord
	}
	return classOther
}

func (b *automatonBuilder) key(at []uint32, flag before) string {
	key := []byte{byte(flag)}
	for _, i := range at {
		key = binary.AppendUvarint(key, uint64(i))
	}
	return string(key)
}

// fill computes the row of a state.
func (b *automatonBuilder) fill(s subset) {
	_, end := b.follow(s, -1)
	b.a.atEnd = append(b.a.atEnd, end)
	for _, r := range b.sample {
		to, done := b.follow(s, r)
		if done {
			b.a.next = append(b.a.next, matched)
			continue
		}
		var next []uint32
		for _, i := range to {
			if b.takes(&b.prog.Inst[i], r) {
				next = append(next, b.prog.Inst[i].Out)
			}
		}
		next = append(next, uint32(b.prog.Start)) // it may begin anywhere
		slices.Sort(next)
		next = slices.Compact(next)
		b.a.next = append(b.a.next, b.state(next, beforeOf(r)))
	}
}

func (b *automatonBuilder) state(at []uint32, flag before) uint16 {
	key := b.key(at, flag)
	s, ok := b.known[key]
	if !ok {
		s = uint16(len(b.states))
		b.known[key] = s
		b.states = append(b.states, subset{at, flag})
	}
	return s
}

// follow returns the instructions that are to take the next character, r, or -1
// for the end; done says that the expression has matched before it.
func (b *automatonBuilder) follow(s subset, r rune) (to []uint32, done bool) {
	if b.seen == nil {
		b.seen = make([]bool, len(b.prog.Inst))
	}
	clear(b.seen)
	prior := map[before]rune{classBegin: -1, classLine: '\n', classWord: 'a', classOther: ' '}[s.before]
	holds := syntax.EmptyOpContext(prior, r)
	b.stack = append(b.stack[:0], s.at...)
	b.work += len(b.seen) / 8
	for len(b.stack) > 0 {
		b.work++
		i := b.stack[len(b.stack)-1]
		b.stack = b.stack[:len(b.stack)-1]
		if b.seen[i] {
			continue
		}
		b.seen[i] = true
		switch in := &b.prog.Inst[i]; in.Op {
		case syntax.InstMatch:
			return nil, true
		case syntax.InstAlt, syntax.InstAltMatch:
			b.stack = append(b.stack, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstNop:
			b.stack = append(b.stack, in.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^holds == 0 {
				b.stack = append(b.stack, in.Out)
			}
		case syntax.InstFail:
		default:
			to = append(to, i)
		}
	}
	return to, false
}
