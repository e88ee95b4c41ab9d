package sigma

import (
	"bytes"
	"unicode/utf8"
)

// member is a name met in records, with the names below it.
type member struct {
	quoted []byte // as in the record: "name":
	path   string // dotted
	field  int32
	word   bool
	first  likely // below it
	next   likely // beside it
	place  place
	lead   *member // the first of all members that are the same field
	scope  uint64  // in which the lead was met last
	drop   bool    // an empty text counts as absent
	above  []int32 // as of formatPlan.above
	byName map[string]*member
}

// likely are the members that stood at a place the last times, the last one first.
type likely [2]*member

// at returns the member that stands at i, if it is one of them.
func (k *likely) at(b []byte, i int) *member {
	if c := k[0]; c == nil || bytes.HasPrefix(b[i:], c.quoted) {
		return c
	}
	if c := k[1]; c != nil && bytes.HasPrefix(b[i:], c.quoted) {
		k[0], k[1] = c, k[0]
		return c
	}
	return nil
}

// member finds the member whose name stands at i.
func (l *lane) member(n *member, i int) (*member, int) {
	b := l.b
	if i >= len(b) || b[i] != '"' {
		return nil, -1
	}
	end := bytes.IndexByte(b[i+1:], '"')
	if end < 0 {
		return nil, -1
	}
	name := b[i+1 : i+1+end]
	after := i + end + 2
	if after >= len(b) || b[after] != ':' {
		return nil, -1
	}
	if c := n.byName[string(name)]; c != nil {
		return c, after + 1
	}
	if bytes.IndexByte(name, '\\') >= 0 || !utf8.Valid(name) {
		return nil, -1
	}
	c := l.learn(n, string(name))
	if c == nil {
		return nil, -1
	}
	return c, after + 1
}

func (l *lane) learn(n *member, name string) *member {
	c := &member{quoted: []byte(`"` + name + `":`), path: name}
	if n != l.root {
		c.path = n.path + "." + name
	}
	if len(c.path) > laneName-64 {
		return nil
	}
	if l.known >= maxMemory {
		return nil
	}
	l.known++
	l.placeMember(c, name)
	if n.byName == nil {
		n.byName = map[string]*member{}
	}
	n.byName[name] = c
	return c
}

// placeMember says what a member is to the engine.
func (l *lane) placeMember(c *member, name string) {
	c.place = l.layout.place(c.path, name)
	if c.place.move >= 0 && l.layout.sole(c.place.move) {
		c.place.name, c.place.move, c.drop = l.layout.Move[c.place.move].To, -1, true
	}
	c.field, c.word = l.plan.wants(c.place.name)
	c.above = l.plan.above(c.place.name)
	if at := c.place.move; at >= 0 && len(c.above)+len(l.plan.above(l.layout.Move[at].To)) > 0 || c.drop && len(c.above) > 0 {
		c.place.decode = true
	}
	c.lead = c
	if c.field < 0 && !c.word {
		return
	}
	if lead := l.names[c.place.name]; lead != nil {
		c.lead = lead
		return
	}
	l.names[c.place.name] = c
}
