package sigma

import (
	"bytes"
)

// Join makes one field of several, for what one log writes in one piece and
// another in parts. Parts that are absent, empty or "-" are left out; without the
// first there is no field.
type Join struct {
	Field  string
	Of     []string
	With   string   // between the parts
	Begins []Rename // beginnings to replace, letter case aside
}

func readJoin(n *node) (Join, error) {
	if err := n.only("field", "of", "with", "begins"); err != nil {
		return Join{}, err
	}
	j := Join{Field: n.scalar("field"), Of: n.strings("of"), With: n.scalar("with")}
	var err error
	if j.Begins, err = readRenames(n.get("begins")); err != nil {
		return j, err
	}
	if j.Field == "" || len(j.Of) == 0 || len(j.Of) == 1 && len(j.Begins) == 0 {
		return j, faultf(n.line, "a join needs the name of a field and two fields to make it of, or one and beginnings to replace")
	}
	return j, nil
}

// planJoin is a join by the engine's fields.
type planJoin struct {
	field  int32
	of     []int32
	with   string
	begins []Rename
}

// join makes the joined fields of the event.
func (m *Matcher) join(f *formatPlan) {
	for i := range f.joins {
		j := &f.joins[i]
		first := m.part(j.of[0])
		if first == nil {
			continue
		}
		rest := m.rest[:0]
		for _, of := range j.of[1:] {
			if p := m.part(of); p != nil {
				rest = append(rest, p)
			}
		}
		m.rest = rest
		n := len(m.arena)
		for _, b := range j.begins {
			if len(first) >= len(b.From) && bytes.EqualFold(first[:len(b.From)], []byte(b.From)) {
				m.arena = append(m.arena, b.To...)
				first = first[len(b.From):]
				break
			}
		}
		m.arena = append(m.arena, first...)
		for _, p := range rest {
			m.arena = append(append(m.arena, j.with...), p...)
		}
		m.add(j.field, false, plainText, m.arena[n:len(m.arena):len(m.arena)])
	}
}

// part returns the first text of a field, nil when it says nothing.
func (m *Matcher) part(field int32) []byte {
	i := m.first[field]
	if i < 0 || m.values[i].kind == noText {
		return nil
	}
	b := m.plain(i)
	if len(b) == 0 || len(b) == 1 && b[0] == '-' {
		return nil
	}
	return b
}
