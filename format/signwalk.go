package format

import "strings"

// signWalk goes once through a JSON object and notes which members that signs
// name it has. It allocates nothing and forgives what is cut off or broken:
// what was seen until then counts.
type signWalk struct {
	src   string
	pos   int
	found keySet
}

func (w *signWalk) space() {
	for w.pos < len(w.src) && (w.src[w.pos] == ' ' || w.src[w.pos] == '\t' || w.src[w.pos] == '\n' || w.src[w.pos] == '\r') {
		w.pos++
	}
}

// object walks the object at pos below node n; false when it does not end.
func (w *signWalk) object(n *signNode, depth int) bool {
	w.space()
	if w.pos >= len(w.src) || w.src[w.pos] != '{' || depth > skimDepth {
		return false
	}
	w.pos++
	for {
		w.space()
		if w.pos >= len(w.src) {
			return false
		}
		switch w.src[w.pos] {
		case '}':
			w.pos++
			return true
		case ',':
			w.pos++
			continue
		}
		key, ok := w.str()
		if !ok {
			return false
		}
		w.space()
		if w.pos >= len(w.src) || w.src[w.pos] != ':' {
			return false
		}
		w.pos++
		if !w.value(n.children[key], depth) {
			return false
		}
	}
}

// value walks the value at pos, of a member that n stands for, if any.
func (w *signWalk) value(n *signNode, depth int) bool {
	w.space()
	if w.pos >= len(w.src) {
		return false
	}
	if n == nil {
		return w.skip()
	}
	c := w.src[w.pos]
	if n.key >= 0 && c != 'n' { // null is absence
		w.found.set(n.key)
	}
	switch {
	case c == '{' && n.children != nil:
		return w.object(n, depth+1)
	case c == '[' && n.children != nil:
		return w.list(n, depth+1)
	case c == '"' && n.tests != nil:
		text, ok := w.str()
		w.test(n, text)
		return ok
	case n.tests != nil && c != '{' && c != '[':
		from := w.pos
		ok := w.skip()
		w.test(n, w.src[from:w.pos])
		return ok
	}
	return w.skip()
}

func (w *signWalk) test(n *signNode, text string) {
	for i := range n.tests {
		if resembles(text, n.tests[i].texts) {
			w.found.set(n.tests[i].key)
		}
	}
}

// list walks the first object of a list and skips the others.
func (w *signWalk) list(n *signNode, depth int) bool {
	from := w.pos
	w.pos++
	w.space()
	if w.pos < len(w.src) && w.src[w.pos] == '{' && !w.object(n, depth) {
		return false
	}
	w.pos = from
	return w.skip()
}

// str steps over the string at pos and returns what is in it, escapes as they
// are.
func (w *signWalk) str() (string, bool) {
	if w.src[w.pos] != '"' {
		return "", false
	}
	from := w.pos + 1
	end := closing(w.src, from)
	if end < 0 {
		w.pos = len(w.src)
		return "", false
	}
	w.pos = end + 1
	return w.src[from:end], true
}

// closing returns where the quote is that ends a JSON string beginning at from, -1
// when there is none. Each byte is looked at once, whatever is escaped.
func closing(s string, from int) int {
	for q := from; ; q++ {
		n := strings.IndexByte(s[q:], '"')
		if n < 0 {
			return -1
		}
		q += n
		b := q
		for b > from && s[b-1] == '\\' {
			b--
		}
		if (q-b)%2 == 0 {
			return q
		}
	}
}

// marks are the bytes at which skip must look.
var marks = [256]bool{'"': true, '{': true, '[': true, '}': true, ']': true, ',': true}

// skip steps over the value at pos, whatever it is.
func (w *signWalk) skip() bool {
	depth := 0
	for w.pos < len(w.src) {
		if !marks[w.src[w.pos]] {
			w.pos++
			continue
		}
		switch w.src[w.pos] {
		case '"':
			if _, ok := w.str(); !ok {
				return false
			}
			if depth == 0 {
				return true
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return true // the end of what is around a bare value
			}
			if depth--; depth == 0 {
				w.pos++
				return true
			}
		case ',':
			if depth == 0 {
				return true
			}
		}
		w.pos++
	}
	return false
}
