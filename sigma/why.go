package sigma

import (
	"bytes"
	"unicode/utf8"
)

// Reason is a part of a rule that an event satisfies.
type Reason struct {
	Search string // the name in the detection
	Field  string // Sigma's name; "" for keywords
	Value  string // what the event has there, cut behind maxShown bytes
}

const (
	maxShown   = 256
	maxReasons = 64
)

// Why returns which searches of the rule the event satisfies, and by which
// values. It may be asked until the matcher's next event. Parts that hold because
// something is absent have no reason.
func (m *Matcher) Why(match Match) []Reason {
	v := m.engine.views[match.view]
	m.nextTurn()
	for i := range v.rules {
		if int(v.rules[i].rule) != match.Rule {
			continue
		}
		var out []Reason
		for _, s := range v.rules[i].searches {
			if m.wanted(v, v.rules[i].root, s.node) && m.eval(v, s.node) {
				out = m.reasons(v, s.node, s.name, out)
			}
		}
		return out
	}
	return nil
}

// wanted says whether a search counts for the rule, not against it.
func (m *Matcher) wanted(v *view, n, search int32) bool {
	if n == search {
		return true
	}
	node := &v.nodes[n]
	if node.op == opAsk || node.op == opNot {
		return false
	}
	for _, k := range v.kidsOf(node) {
		if m.wanted(v, k, search) {
			return true
		}
	}
	return false
}

// reasons collects the values behind a node that holds.
func (m *Matcher) reasons(v *view, n int32, search string, out []Reason) []Reason {
	node := &v.nodes[n]
	if len(out) >= maxReasons || node.op == opNot || !m.eval(v, n) {
		return out
	}
	if node.op != opAsk {
		for _, k := range v.kidsOf(node) {
			out = m.reasons(v, k, search, out)
		}
		return out
	}
	p := &v.asks[node.at]
	s := &v.slots[p.slot]
	if p.sort == askNull {
		return out
	}
	if i := m.valueFor(v, p); i >= 0 {
		r := Reason{Search: search, Field: s.name, Value: shorten(m.around(p, i))}
		for _, had := range out {
			if had == r {
				return out
			}
		}
		return append(out, r)
	}
	return out
}

// valueFor returns the value that a predicate holds for.
func (m *Matcher) valueFor(v *view, p *predicate) int32 {
	s := &v.slots[p.slot]
	if s.keyword {
		m.needWords() // in no order: take the shortest
		best := int32(-1)
		for _, i := range m.words {
			if m.fits(v, p, i) && (best < 0 || plainer(m.plain(i), m.plain(best))) {
				best = i
			}
		}
		return best
	}
	for _, field := range m.fieldsOf(s) {
		for i := m.first[field]; i >= 0; i = m.values[i].next {
			if m.values[i].kind != noText && (p.sort == askExists || m.fits(v, p, i)) {
				return i
			}
		}
	}
	return -1
}

// plainer orders values for people: short ones first.
func plainer(a, b []byte) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return bytes.Compare(a, b) < 0
}

// around returns value i; of a long one what stands around a text that is part
// of it.
func (m *Matcher) around(p *predicate, i int32) []byte {
	b := m.plain(i)
	if len(b) <= maxShown || p.sort != askText || p.text.fit != fitPart || !m.values[i].isASCII {
		return b
	}
	at := bytes.Index(m.folded(i), p.text.lit)
	if at < maxShown/2 || len(m.folded(i)) != len(b) {
		return b
	}
	return b[at-maxShown/2:]
}

func shorten(b []byte) string {
	if len(b) <= maxShown {
		return string(b)
	}
	n := maxShown
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return string(b[:n]) + "…"
}
