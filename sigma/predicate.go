package sigma

import (
	"bytes"
	"net/netip"
)

// sort is what a predicate asks of the values of its slot.
type sort uint8

const (
	askText    sort = iota // one fits a text
	askSet                 // one is in a set of whole texts
	askTexts               // one has one of many texts in it
	askRegexp              // one matches
	askNet                 // one is an address in a network
	askOrder               // one is a number in an order to another
	askNull                // there is none
	askExists              // there is one, or the field is there without
	askField               // one compares to one of another field
	askNothing             // never holds
)

// predicate asks one thing about the values of one field. Equal predicates are
// one, and answered once for an event.
type predicate struct {
	slot  int32
	gate  int32 // predicate that holds whenever this one does; -1 none
	sort  sort
	cased bool // compares the text as it is, not folded
	swept bool // the index has looked for it in all values
	alien bool // the text has characters that are not ASCII
	text  text
	set   map[string]struct{} // folded
	texts *textSet
	re    *expression
	need  [][]byte // one of these folded texts is in every value that re matches
	net   netip.Prefix
	order Modifier // gt, gte, lt, lte, "" for equal
	part  Modifier // of a time; "" for the number itself
	num   number
	other int32 // slot of the other field
	fit   fit   // of fieldref
}

// holds answers the predicate for the values of the event.
func (m *Matcher) holds(v *view, p *predicate) bool {
	switch p.sort {
	case askNothing:
		return false
	case askNull:
		return m.slotEmpty(v, p.slot)
	case askExists:
		return !m.slotEmpty(v, p.slot) || m.slotNull(v, p.slot)
	}
	if m.sweeping && (p.swept || p.gate >= 0 && !m.answer(v, p.gate)) {
		return false
	}
	s := &v.slots[p.slot]
	if s.keyword {
		m.needWords()
		for _, i := range m.words {
			if m.fits(v, p, i) {
				return true
			}
		}
		return false
	}
	for _, field := range m.fieldsOf(s) {
		for i := m.first[field]; i >= 0; i = m.values[i].next {
			if m.fits(v, p, i) {
				return true
			}
		}
	}
	return false
}

// fits asks the predicate of one value.
func (m *Matcher) fits(v *view, p *predicate, i int32) bool {
	if m.values[i].kind == noText {
		return false
	}
	switch p.sort {
	case askText:
		if p.cased {
			return p.text.match(m.plain(i))
		}
		text := m.folded(i)
		return !(p.alien && m.values[i].isASCII) && p.text.match(text)
	case askSet:
		_, ok := p.set[string(m.folded(i))]
		return ok
	case askTexts:
		return p.texts.in(m.folded(i))
	case askRegexp:
		return p.matchRegexp(m, i)
	case askNet:
		a, ok := parseAddr(m.plain(i))
		return ok && p.net.Contains(a)
	case askOrder:
		return p.compare(m.plain(i))
	case askField:
		return m.matchField(v, p, i)
	}
	return false
}

func (p *predicate) matchRegexp(m *Matcher, i int32) bool {
	if len(p.need) > 0 {
		found := false
		f := m.folded(i)
		for _, n := range p.need {
			if found = bytes.Contains(f, n); found {
				break
			}
		}
		if !found {
			return false
		}
	}
	return p.re.match(m.plain(i))
}

// matchField compares value i with the values of the other field.
func (m *Matcher) matchField(v *view, p *predicate, i int32) bool {
	form := m.folded
	if p.cased {
		form = m.plain
	}
	for _, field := range m.fieldsOf(&v.slots[p.other]) {
		for j := m.first[field]; j >= 0; j = m.values[j].next {
			if m.values[j].kind == noText {
				continue
			}
			t := text{fit: p.fit, lit: form(j)}
			if t.match(form(i)) {
				return true
			}
		}
	}
	return false
}

// parseAddr reads an address; IPv4 in IPv6 is IPv4, and the zone behind '%' is left out.
func parseAddr(b []byte) (netip.Addr, bool) {
	if i := bytes.IndexByte(b, '%'); i >= 0 && i+1 < len(b) && bytes.IndexByte(b[:i], ':') >= 0 {
		b = b[:i]
	}
	if len(b) < 2 || len(b) > 45 {
		return netip.Addr{}, false
	}
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' && c != ':' && (c|0x20 < 'a' || c|0x20 > 'f') {
			return netip.Addr{}, false
		}
	}
	a, err := netip.ParseAddr(string(b))
	return a.Unmap(), err == nil
}
