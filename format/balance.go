package format

import (
	"bytes"
	"io"
)

// balance follows the brackets of one JSON value across pieces of it.
type balance struct {
	stack   []byte // open brackets
	quoted  bool
	escaped bool
	last    byte // last byte outside of strings that is not white space
}

// feed goes through p and returns how much of it belongs to the value, and
// whether the value ends there.
func (b *balance) feed(p []byte) (n int, done bool) {
	for i := 0; i < len(p); i++ {
		c := p[i]
		if b.quoted {
			switch {
			case b.escaped:
				b.escaped = false
			case c == '\\':
				b.escaped = true
			case c == '"':
				b.quoted = false
			}
			continue
		}
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '"':
			b.quoted = true
		case '{', '[':
			if len(b.stack) <= MaxDepth {
				b.stack = append(b.stack, c)
			}
		case '}', ']':
			if len(b.stack) > 0 {
				b.stack = b.stack[:len(b.stack)-1]
			}
			if len(b.stack) == 0 {
				return i + 1, true
			}
		}
		b.last = c
	}
	return len(p), false
}

// broken says that the value cannot go on in the given line: a new record
// begins there, or the value is deeper than any that would be read.
func (b *balance) broken(line []byte) bool {
	if b.quoted || len(b.stack) > MaxDepth {
		return true
	}
	text := bytes.TrimSpace(line)
	if len(text) == 0 || text[0] != '{' {
		return false
	}
	if b.stack[len(b.stack)-1] == '{' {
		return b.last != ':'
	}
	return b.last != '[' && b.last != ','
}

var errUnended = Faultf("bad-json", "%w", errTruncated)

// document reads on from a line that begins an object without ending it, until
// the object ends. When it does not, the first line is reported, and the others
// are read again as lines of their own.
func (f *framer) document(first frame) (frame, bool, error) {
	var b balance
	if n, done := b.feed(first.data); done {
		if len(bytes.TrimSpace(first.data[n:])) > 0 {
			return first, true, nil // the decoder says what follows
		}
		return first, true, nil
	}
	doc := first.data
	size := len(doc)
	var taken []frame
	for {
		if f.xml != nil && len(f.back) == 0 { // an event comes next
			return f.giveBack(first, taken, size)
		}
		l, err := f.readLine()
		if err == io.EOF || err == nil && (l.fault != nil || b.broken(l.data)) {
			if err == nil {
				taken = append(taken, l)
			}
			return f.giveBack(first, taken, size)
		}
		if err != nil {
			return frame{}, false, err
		}
		n, done := b.feed(l.data)
		if size += n + 1; size > f.max && f.tape != nil {
			return f.giveBack(first, append(taken, l), size)
		}
		if size <= f.max {
			doc = append(append(doc, '\n'), l.data[:n]...)
			taken = append(taken, l)
		} else {
			doc, taken = nil, nil
		}
		if done {
			return f.finish(first, l, n, doc, size)
		}
	}
}

func (f *framer) finish(first, l frame, n int, doc []byte, size int) (frame, bool, error) {
	if rest := bytes.TrimLeft(l.data[n:], " \t\r,"); len(rest) > 0 {
		f.back = append(f.back, frame{data: rest, line: l.line, left: l.left - (len(l.data) - len(rest))})
	}
	if doc == nil {
		return frame{line: first.line, fault: f.tooLong(size)}, true, nil
	}
	return frame{data: doc, line: first.line}, true, nil
}

func (f *framer) giveBack(first frame, taken []frame, size int) (frame, bool, error) {
	for i := len(taken) - 1; i >= 0; i-- {
		if l := taken[i]; l.fault != nil {
			f.ready = append(f.ready, l)
		} else {
			f.back = append(f.back, l)
		}
	}
	first.fault = errUnended
	if size > f.max {
		first.fault = f.tooLong(size)
	}
	return first, true, nil
}

// element reads one element of an array of records; ok is false at its end.
func (f *framer) element() (frame, bool, error) {
	c, err := f.skip(" \t\r\n,")
	if err == io.EOF {
		f.array = false
		return frame{line: f.lines + 1, fault: errUnended}, true, nil
	}
	if err != nil {
		return frame{}, false, err
	}
	switch c {
	case '{':
		return f.value()
	case ']':
		return frame{}, false, f.endArray()
	default: // not an array of objects after all: what is left are lines
		f.array = false
		return frame{}, false, nil
	}
}

// skip passes over the bytes in set and returns the one after, unread.
func (f *framer) skip(set string) (byte, error) {
	for {
		c, err := f.in.ReadByte()
		if err != nil {
			return 0, err
		}
		if bytes.IndexByte([]byte(set), c) < 0 {
			return c, f.in.UnreadByte()
		}
		if c == '\n' {
			f.lines++
		}
	}
}

// value reads one bracketed value, passing over it when it is too long.
func (f *framer) value() (frame, bool, error) {
	r := frame{line: f.lines + 1}
	var b balance
	size := 0
	for {
		if _, err := f.in.Peek(1); err != nil {
			if err == io.EOF {
				f.array = false
				return frame{line: r.line, fault: errUnended}, true, nil
			}
			return frame{}, false, err
		}
		part, _ := f.in.Peek(f.in.Buffered())
		n, done := b.feed(part)
		f.lines += bytes.Count(part[:n], []byte("\n"))
		if size += n; size <= f.max {
			r.data = append(r.data, part[:n]...)
		} else {
			r.data = nil
		}
		if _, err := f.in.Discard(n); err != nil {
			return frame{}, false, err
		}
		if done {
			break
		}
	}
	if size > f.max {
		r.fault = f.tooLong(size)
	}
	return r, true, nil
}

// endArray leaves an array, and the objects around it.
func (f *framer) endArray() error {
	f.array = false
	if _, err := f.in.Discard(1); err != nil || f.around == 0 {
		return err
	}
	b := balance{stack: bytes.Repeat([]byte{'{'}, f.around)}
	for {
		if _, err := f.in.Peek(1); err != nil {
			return err
		}
		part, _ := f.in.Peek(f.in.Buffered())
		n, done := b.feed(part)
		f.lines += bytes.Count(part[:n], []byte("\n"))
		if _, err := f.in.Discard(n); err != nil || done {
			return err
		}
	}
}
