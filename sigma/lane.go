package sigma

import (
	"errors"
)

// ErrDecode says that a record cannot be matched by its bytes alone, because it
// is irregular (a name twice, bytes that are not UTF-8 in a name, no JSON, very
// many members) or its format is one that only decoding understands. Decode it
// and give the event to Matcher.Event, which then also says what is wrong with it.
var ErrDecode = errors.New("sigma: the record must be decoded to be matched")

// Record returns the rules that a JSON record of that format matches, as Event
// does for what the format decodes the record to; only much faster, because no
// event is made and only the fields that rules ask for are looked at. The error
// is ErrDecode or nil. What it returns holds until the matcher's next event, and
// record must not change before, if Why is to be asked.
func (m *Matcher) Record(format string, record []byte) ([]Match, error) {
	f := m.engine.planOf(format)
	if f == nil || f.idle() {
		m.begin()
		return nil, nil
	}
	if len(f.layouts) == 0 {
		return nil, ErrDecode
	}
	last := m.recent[f]
	for i := range f.layouts {
		at := (last + i) % len(f.layouts)
		m.begin()
		l := m.lane(f, &f.layouts[at])
		if m.view = (rawView{record: record, lane: l}); l.read(m, record) {
			if at != last {
				m.recent[f] = at
			}
			m.route(f)
			return m.finish(), nil
		}
	}
	m.begin()
	return nil, ErrDecode
}

// lane reads records of one layout. It remembers the members that it has met and
// what they are to the engine, and which came after which: in the records of one
// source the next member is mostly one of the two that came next the last times.
type lane struct {
	plan   *formatPlan
	layout *Layout
	root   *member
	known  int
	names  map[string]*member // by event field
	whole  []int32
	moved  []moved // by index in Layout.Move
	target []target

	// of the record being read
	m     *Matcher
	b     []byte
	turn  uint64 // of the record
	scope uint64 // of the record, or of the object in a list being read
	made  uint64 // scopes so far
	met   uint32 // bits of needs
	count int
	depth int
	lists int  // lists around the members being read
	only  bool // only words are wanted
}

// moved is a value that contends for another name.
type moved struct {
	turn uint64
	from *member
	kind valueKind
	raw  []byte
}

// target is what a name that is contended for is to the engine.
type target struct {
	field int32
	word  bool
}

func (m *Matcher) lane(f *formatPlan, layout *Layout) *lane {
	l := m.lanes[layout]
	if l == nil {
		l = &lane{plan: f, layout: layout, root: &member{field: -1}, m: m, names: map[string]*member{}, moved: make([]moved, len(layout.Move))}
		for _, name := range layout.Whole {
			i, ok := f.wanted[name]
			if ok {
				l.whole = append(l.whole, i)
			}
		}
		for i := range layout.Move {
			field, word := f.wants(layout.Move[i].To)
			l.target = append(l.target, target{field, word})
		}
		m.lanes[layout] = l
	}
	return l
}

// limits are those of the formats' own reader; what is beyond them is its to
// refuse.
const (
	laneDepth   = 24
	laneMembers = 10_000
	laneName    = 512
)

// read takes the values out of a record. It returns false when the record is not
// of the layout or not regular.
func (l *lane) read(m *Matcher, record []byte) bool {
	if l.known >= maxMemory { // names that hardly come again: begin anew
		l.root, l.known = &member{field: -1}, 0
		clear(l.names)
	}
	i := l.scan(record)
	if i < 0 || skipSpace(record, i) != len(record) || l.met != 1<<len(l.layout.Needs)-1 {
		return false
	}
	l.settle()
	for _, f := range l.whole {
		if !wholeNumber(m, f) {
			return false
		}
	}
	return true
}

// scan reads the members of a record and returns where it ends, or -1.
func (l *lane) scan(record []byte) int {
	l.made++
	l.turn, l.scope = l.made, l.made
	l.b, l.met, l.count, l.depth, l.lists = record, 0, 0, 0, 0
	i := skipSpace(record, 0)
	if i >= len(record) || record[i] != '{' {
		return -1
	}
	return l.object(l.root, i+1)
}

// words reads the last record again, for all values that keywords look through.
// Most records need not: see slotIndex.gate.
func (l *lane) words(m *Matcher) {
	l.only = true
	l.scan(m.view.record)
	l.settle()
	l.only = false
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// object reads the members of n from i, which is behind the '{', and returns
// where the object ends; -1 for what is not to be read here.
func (l *lane) object(n *member, i int) int {
	if l.depth++; l.depth > laneDepth {
		return -1
	}
	b := l.b
	if i = skipSpace(b, i); i < len(b) && b[i] == '}' {
		l.depth--
		if n.field >= 0 && l.lists == 0 {
			l.put(n, noText, nil)
		}
		return i + 1
	}
	for here := &n.first; ; {
		c := here.at(b, i)
		if c != nil {
			i += len(c.quoted)
		} else if c, i = l.member(n, i); i < 0 {
			return -1
		} else {
			here[0], here[1] = c, here[0]
		}
		here = &c.next
		if i < len(b) && b[i] <= ' ' {
			i = skipSpace(b, i)
		}
		if !l.enter(c) {
			return -1
		}
		if i = l.value(c, i); i < 0 || i >= len(b) {
			return -1
		}
		if b[i] <= ' ' {
			if i = skipSpace(b, i); i >= len(b) {
				return -1
			}
		}
		switch b[i] {
		case ',':
			if i++; i < len(b) && b[i] <= ' ' {
				i = skipSpace(b, i)
			}
		case '}':
			l.depth--
			return i + 1
		default:
			return -1
		}
	}
}

// enter notes that a member is there. In one object it, and what is the same field
// by another name, must be there once: decoding knows which one counts.
func (l *lane) enter(c *member) bool {
	if c.place.decode || l.count > laneMembers {
		return false
	}
	l.count++
	if !l.only {
		for _, field := range c.above {
			l.m.null(field)
		}
	}
	l.met |= c.place.needs
	if c.lead.scope == l.scope {
		return false
	}
	c.lead.scope = l.scope
	return true
}
