package sigma

import (
	"bytes"
	"math"
	"strconv"

	"github.com/vedette-soc/vedette/event"
)

// value reads the value of c at i and returns where it ends, -1 when it is not to
// be read here.
func (l *lane) value(c *member, i int) int {
	b := l.b
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		end := stringEnd(b, i+1)
		if end < 0 {
			return -1
		}
		if c.field >= 0 || c.word || c.place.move >= 0 {
			l.put(c, jsonText, b[i+1:end])
		}
		return end + 1
	case '{':
		if l.lists > 0 && c.field >= 0 {
			l.put(c, noText, nil)
		}
		return l.object(c, i+1)
	case '[':
		return l.list(c, i+1)
	}
	end, kind := wordEnd(b, i)
	if kind == 0 {
		return -1
	}
	if kind == 'n' {
		l.null(c)
		return end
	}
	if c.field >= 0 || c.word || c.place.move >= 0 {
		text := b[i:end]
		if kind == '0' {
			if text = l.number(text); text == nil {
				return -1
			}
		}
		l.put(c, plainText, text)
	}
	return end
}

// stringEnd returns where the quote is that ends the string from i on.
func stringEnd(b []byte, i int) int {
	for k := i; ; k++ {
		q := bytes.IndexByte(b[k:], '"')
		if q < 0 {
			return -1
		}
		k += q
		slashes := k
		for slashes > i && b[slashes-1] == '\\' {
			slashes--
		}
		if (k-slashes)&1 == 0 {
			return k
		}
	}
}

// wordEnd returns where true, false, null or a number ends, and which it is: 't',
// 'f', 'n', '0', or 0 for none of them.
func wordEnd(b []byte, i int) (int, byte) {
	for _, w := range [...]string{"true", "false", "null"} {
		if b[i] == w[0] {
			if bytes.HasPrefix(b[i:], []byte(w)) {
				return i + len(w), w[0]
			}
			return i, 0
		}
	}
	end := i
	for end < len(b) && (b[end] >= '0' && b[end] <= '9' || b[end] == '-' || b[end] == '+' || b[end] == '.' || b[end]|0x20 == 'e') {
		end++
	}
	if end == i {
		return i, 0
	}
	return end, '0'
}

// number returns the text that decoding would give a number, nil when that is not
// sure. Whole numbers keep their digits; others are those of the nearest float64.
func (l *lane) number(text []byte) []byte {
	digits := bytes.TrimPrefix(text, []byte("-"))
	if len(digits) == 0 || len(digits) > 1 && digits[0] == '0' && digits[1] != '.' && digits[1]|0x20 != 'e' {
		return nil
	}
	if bytes.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) < 0 {
		if digits[0] == '0' && len(text) > 1 {
			return nil // -0
		}
		return text
	}
	if len(text) > 17 || digits[0] < '0' || digits[0] > '9' {
		return nil
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsInf(f, 0) {
		return nil
	}
	l.m.view.reworded = true
	n := len(l.m.arena)
	l.m.arena = event.AppendFloat(l.m.arena, f)
	return l.m.arena[n:len(l.m.arena):len(l.m.arena)]
}

// list reads the elements of a list from i on: each is a value of c, and the
// members of objects among them are values of what they are called below c.
func (l *lane) list(c *member, i int) int {
	b := l.b
	wanted := c.field >= 0 || c.word
	if c.place.move >= 0 {
		return -1
	}
	l.lists++
	defer func() { l.lists-- }()
	if l.lists > laneDepth {
		return -1
	}
	if i = skipSpace(b, i); i < len(b) && b[i] == ']' {
		l.null(c)
		return i + 1
	}
	for {
		if i = skipSpace(b, i); i >= len(b) {
			return -1
		}
		switch b[i] {
		case '[':
			if wanted || l.below(c) {
				return -1
			}
			i = l.list(c, i+1)
		case '{':
			if c.field >= 0 {
				l.put(c, noText, nil)
			}
			i = l.element(c, i+1)
		default:
			i = l.value(c, i)
		}
		if i < 0 {
			return -1
		}
		if i = skipSpace(b, i); i >= len(b) {
			return -1
		}
		switch b[i] {
		case ',':
			i++
		case ']':
			return i + 1
		default:
			return -1
		}
	}
}

// element reads an object in a list, whose members may have been in others.
func (l *lane) element(c *member, i int) int {
	scope := l.scope
	l.made++
	l.scope = l.made
	i = l.object(c, i)
	l.scope = scope
	return i
}

// below says whether fields below c are wanted; a list in a list has none.
func (l *lane) below(c *member) bool {
	return len(l.plan.keywords) > 0 || l.m.engine.parents[c.place.name]
}

// put gives the field of c a value, or lets it contend for another name.
func (l *lane) put(c *member, kind valueKind, raw []byte) {
	if at := c.place.move; at >= 0 && l.lists == 0 {
		l.moved[at] = moved{l.turn, c, kind, raw}
		return
	}
	if c.drop && len(raw) == 0 && kind != noText {
		return
	}
	l.add(c.field, c.word, kind, raw)
}

// null notes that c is there without a value.
func (l *lane) null(c *member) {
	field := c.field
	if at := c.place.move; at >= 0 && l.lists == 0 {
		field = l.target[at].field
	}
	if !l.only {
		l.m.null(field)
	}
}

// add gives the matcher a value; words only when it asks for them.
func (l *lane) add(field int32, word bool, kind valueKind, raw []byte) {
	if l.only {
		if word && kind != noText {
			l.m.add(-1, true, kind, raw)
		}
		return
	}
	if field >= 0 {
		l.m.add(field, false, kind, raw)
	}
}

// settle gives contended names to the first that has a text; the others keep the
// names they would have had.
func (l *lane) settle() {
	taken := ""
	for i := range l.moved {
		v := &l.moved[i]
		if v.turn != l.turn {
			continue
		}
		to := l.layout.Move[i].To
		if to == taken {
			l.add(v.from.field, v.from.word, v.kind, v.raw)
			continue
		}
		if len(v.raw) == 0 && v.kind != noText {
			continue // as if it were not there
		}
		taken = to
		l.add(l.target[i].field, l.target[i].word, v.kind, v.raw)
	}
}

// wholeNumber says whether a field has one value, a whole number in its shortest
// spelling.
func wholeNumber(m *Matcher, field int32) bool {
	i := m.first[field]
	if i < 0 || m.values[i].next >= 0 {
		return false
	}
	v := m.values[i].raw
	if len(v) == 0 || len(v) > 18 || v[0] == '0' && len(v) > 1 {
		return false
	}
	for _, c := range v {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
