package format

import (
	"bufio"
	"bytes"
	"io"
)

// frame is one record as bytes, with the line it begins in.
type frame struct {
	data  []byte // with a fault, the first line of what does not end
	line  int    // in a container, the record's number
	left  int    // bytes from here to the end of the tape
	place string // of damage in a container
	fault *Fault
}

// framer cuts a stream into records in memory bounded by max.
type framer struct {
	in     *bufio.Reader
	max    int
	lines  int     // line ends read so far
	begun  bool    // past the place of a byte order mark
	array  bool    // inside a JSON array of records
	around int     // objects around the array
	xml    *root   // the event in XML that comes next
	events bool    // inside an Events element
	tape   *tape   // in is this, of a stream that still grows
	own    int     // where in its record that begins, behind a syslog header
	opened []byte  // of the event that comes next, what is read already
	export bool    // the stream began with an entry of a journal
	back   []frame // lines to be read again, the next one last
	ready  []frame // records that are already cut, the next one last
}

func (f *framer) init(in io.Reader, limit int) {
	f.in = bufio.NewReaderSize(in, 64<<10)
	f.max = limit
}

// next returns the next record that is not blank.
func (f *framer) next() (frame, error) {
	for {
		if n := len(f.ready); n > 0 {
			r := f.ready[n-1]
			f.ready = f.ready[:n-1]
			return r, nil
		}
		r, ok, err := f.step()
		if err != nil || ok {
			return r, err
		}
	}
}

// step reads one line or array element; ok is false when it held no record.
func (f *framer) step() (frame, bool, error) {
	if f.array {
		return f.element()
	}
	if len(f.back) == 0 {
		if f.xml == nil {
			if err := f.begin(); err != nil {
				return frame{}, false, err
			}
		}
		switch {
		case f.xml != nil:
			return f.event()
		case f.array:
			return frame{}, false, nil
		}
		if is, err := f.entryNext(); err != nil {
			return frame{}, false, err
		} else if is {
			return f.entry()
		}
		if is, err := f.blockNext(); err != nil {
			return frame{}, false, err
		} else if is {
			return f.block()
		}
	}
	l, err := f.readLine()
	if err != nil || l.fault != nil {
		return l, err == nil, err
	}
	text := bytes.TrimSpace(l.data)
	switch {
	case len(text) == 0, punctuation(text):
		return frame{}, false, nil
	case f.tape != nil && list(text):
		return f.document(l)
	case text[0] != '{':
		return l, true, nil
	}
	text = bytes.TrimSuffix(text, []byte(","))
	l.data = text
	if text[len(text)-1] == '}' {
		return l, true, nil
	}
	return f.document(l)
}

// list says whether a line begins an array of objects.
func list(text []byte) bool {
	return text[0] == '[' && bytes.HasPrefix(trimSpace(text[1:]), []byte("{"))
}

// punctuation is what a pretty-printed array leaves on lines of its own.
func punctuation(text []byte) bool {
	switch string(text) {
	case "[", "]", ",", "],", "[]":
		return true
	}
	return false
}

// maxLead is how far begin looks ahead.
const maxLead = 16 << 10

// begin looks at the start of a line: it skips a byte order mark and enters an
// array of objects or an event in XML. It waits for more input only while what is
// there could be the beginning of one of these.
func (f *framer) begin() error {
	fresh := !f.begun
	for size := 1; ; {
		head, err := f.in.Peek(size)
		if len(head) == 0 {
			return err
		}
		if err == nil {
			head, _ = f.in.Peek(min(max(size, f.in.Buffered()), maxLead))
		}
		if fresh {
			mark, more := cutMark(head)
			if more && err == nil {
				size = len(head) + 1
				continue
			}
			if mark > 0 {
				if _, err := f.in.Discard(mark); err != nil {
					return err
				}
				size = 1
				continue
			}
		}
		f.begun = true
		lead, event, more := eventStart(head, f.events)
		own := 0
		if event == nil && !more && lead == 0 {
			own, event, more = headedEvent(head)
		}
		if more && len(head) < maxLead {
			if err == errMore {
				return err
			}
			if err == nil {
				size = len(head) + 1
				continue
			}
		}
		if lead > 0 && !more || event != nil {
			f.lines += bytes.Count(head[:lead], []byte("\n"))
			f.events = f.tape != nil || event != nil && (f.events || bytes.Contains(head[:lead], []byte(eventsTag)))
			f.xml, f.own = event, own
			if _, err := f.in.Discard(lead); err != nil || event != nil {
				return err
			}
			size = 1
			continue
		}
		if f.tape != nil {
			return nil // a list has no end that must come: see Cutter
		}
		open, around, more := arrayStart(head, fresh)
		if more && err == nil && len(head) < maxLead {
			size = len(head) + 1
			continue
		}
		if open == 0 {
			return nil
		}
		f.lines += bytes.Count(head[:open], []byte("\n"))
		f.array, f.around = true, around
		_, err = f.in.Discard(open)
		return err
	}
}

const byteOrderMark = "\xef\xbb\xbf"

// cutMark returns the length of the byte order mark that head begins with;
// more says that head is too short to tell.
func cutMark(head []byte) (n int, more bool) {
	if len(head) < len(byteOrderMark) {
		return 0, string(head) == byteOrderMark[:len(head)]
	}
	if string(head[:len(byteOrderMark)]) == byteOrderMark {
		return len(byteOrderMark), false
	}
	return 0, false
}

// readLine returns the next line without its end. A line longer than max is
// passed over and reported.
func (f *framer) readLine() (frame, error) {
	if n := len(f.back); n > 0 {
		l := f.back[n-1]
		f.back = f.back[:n-1]
		return l, nil
	}
	f.lines++
	l := frame{line: f.lines, left: f.left()}
	size := 0
	for {
		part, err := f.in.ReadSlice('\n')
		size += len(part)
		if size <= f.max+2 {
			l.data = append(l.data, part...)
		} else {
			l.data = nil
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && (err != io.EOF || size == 0) {
			return frame{}, err
		}
		break
	}
	l.data = bytes.TrimSuffix(bytes.TrimSuffix(l.data, []byte("\n")), []byte("\r"))
	if size > f.max && (l.data == nil || len(l.data) > f.max) {
		l.data = nil
		l.fault = f.tooLong(size)
	}
	return l, nil
}

func (f *framer) tooLong(size int) *Fault {
	return Faultf("too-long", "the record has %d bytes, more than the limit of %d; raise the limit to read it", size, f.max)
}

// split cuts a record that turned out to be several JSON objects side by side.
func (f *framer) split(r frame) bool {
	var parts []frame
	rest, line := r.data, r.line
	for len(rest) > 0 && rest[0] == '{' {
		var b balance
		n, done := b.feed(rest)
		if !done {
			break
		}
		parts = append(parts, frame{data: rest[:n:n], line: line})
		next := bytes.TrimLeft(rest[n:], " \t\r\n,")
		line += bytes.Count(rest[:len(rest)-len(next)], []byte("\n"))
		rest = next
	}
	if len(parts) == 0 || len(parts) == 1 && len(rest) == 0 {
		return false
	}
	if len(rest) > 0 {
		parts = append(parts, frame{data: rest, line: line})
	}
	for i := len(parts) - 1; i >= 0; i-- {
		f.ready = append(f.ready, parts[i])
	}
	return true
}
