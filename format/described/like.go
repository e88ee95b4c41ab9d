package described

import (
	"fmt"
	"strings"
)

// like is a pattern of a whole line: literal text, and between it parts that are
// captured: %{name}, %{name:ip}, %{name:int}, %{name:word}, with '?' behind when
// it may be empty, %{} when it is of no interest. A part reaches to where the
// rest of the pattern fits; a line fits only as a whole, so that text that an
// attacker chooses cannot pass for what stands behind it.
type like struct {
	start string // literal before the first part
	parts []capture
}

type capture struct {
	name  string
	kind  kind
	empty bool   // may be
	after string // literal behind; "" only for the last
}

type kind uint8

const (
	anything kind = iota
	aWord
	anInt
	anAddress
)

var kinds = map[string]kind{"": anything, "word": aWord, "int": anInt, "ip": anAddress}

// maxParts is how many parts a pattern may have.
const maxParts = 24

type match struct {
	values [maxParts]string
	steps  int
}

// maxSteps bounds the work for one line and pattern.
const maxSteps = 2000

// compileLike compiles a pattern, or says what is wrong with it.
func compileLike(text string) (like, string) {
	var l like
	start, rest, more := strings.Cut(text, "%{")
	l.start = start
	for more {
		inside, after, ok := strings.Cut(rest, "}")
		if !ok {
			return l, fmt.Sprintf("%q: a %%{ does not end", text)
		}
		var c capture
		inside, c.empty = strings.CutSuffix(inside, "?")
		name, kind, _ := strings.Cut(inside, ":")
		if c.kind, ok = kinds[kind]; !ok {
			return l, fmt.Sprintf("%q: %q is no kind of text; there are word, int, ip", text, kind)
		}
		if name != "" && name != "@pairs" && name != "@colons" && name != "@json" && !pairKey(name) {
			return l, fmt.Sprintf("%q: %q cannot be the name of a field", text, name)
		}
		c.name = name
		c.after, rest, more = strings.Cut(after, "%{")
		if more && c.after == "" && c.kind == anything {
			return l, fmt.Sprintf("%q: between two parts must be text, unless the first is a word, int or ip", text)
		}
		l.parts = append(l.parts, c)
	}
	if len(l.parts) > maxParts {
		return l, fmt.Sprintf("%q: more than %d parts", text, maxParts)
	}
	return l, ""
}

func (l *like) match(line string, m *match) bool {
	rest, ok := strings.CutPrefix(line, l.start)
	return ok && l.rest(rest, 0, m)
}

// rest matches the parts from i on.
func (l *like) rest(s string, i int, m *match) bool {
	if i == len(l.parts) {
		return s == ""
	}
	c := &l.parts[i]
	last := i == len(l.parts)-1
	for from := 0; ; {
		if m.steps++; m.steps > maxSteps {
			return false
		}
		end := len(s)
		if c.after == "" && !last {
			end = c.reach(s)
		}
		if c.after != "" {
			if last && from == 0 { // the literal ends the line
				if !strings.HasSuffix(s, c.after) {
					return false
				}
				end = len(s) - len(c.after)
			} else {
				at := strings.Index(s[from:], c.after)
				if at < 0 {
					return false
				}
				end = from + at
			}
		}
		if c.fits(s[:end]) && l.rest(s[end+len(c.after):], i+1, m) {
			m.values[i] = s[:end]
			return true
		}
		if c.after == "" || last || c.kind != anything && end > 64 {
			return false
		}
		from = end + 1
	}
}

// reach returns how far text of the part's kind goes.
func (c *capture) reach(s string) int {
	n := 0
	for n < len(s) {
		b := s[n]
		digit := b >= '0' && b <= '9'
		if c.kind == anInt && !digit || c.kind == aWord && b == ' ' ||
			c.kind == anAddress && !digit && (b|0x20 < 'a' || b|0x20 > 'f') && b != '.' && b != ':' {
			break
		}
		n++
	}
	for c.kind == anAddress && n > 0 && (s[n-1] == ':' || s[n-1] == '.') && !plainAddress(s[:n]) {
		n-- // what ends the address ends no address
	}
	return n
}

func (c *capture) fits(s string) bool {
	if s == "" {
		return c.empty
	}
	switch c.kind {
	case aWord:
		return strings.IndexByte(s, ' ') < 0
	case anInt:
		for i := range len(s) {
			if (s[i] < '0' || s[i] > '9') && (i > 0 || s[0] != '-') {
				return false
			}
		}
		return true
	case anAddress:
		return plainAddress(s)
	}
	return true
}
