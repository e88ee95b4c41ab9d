package format

import (
	"bufio"
	"bytes"
	"io"
)

// Windows events in XML follow each other on one line, or in an <Events> element
// as Event Viewer saves them, and span lines where their texts do. They are cut at
// </Event>, and those of ePolicy Orchestrator, each of which is a document, likewise.
const (
	eventsTag = "<Events"
	eventsEnd = "</Events>"
	// maxEventHeader is how far a syslog header before an event may reach.
	maxEventHeader = 512
)

// root is an element that is an event: its tag, what follows that, and its end.
type root struct{ tag, first, end string }

var roots = [...]root{
	{"<Event", "<System", "</Event>"},
	{"<EPOevent", "<MachineInfo", "</EPOevent>"},
	{"<EPOEvent", "<MachineInfo", "</EPOEvent>"},
	{"<UpdateEvents", "<MachineInfo", "</UpdateEvents>"},
}

// rooted returns the element that s begins with; nil when there is none. more says
// that s is too short to tell.
func rooted(s []byte) (r *root, more bool) {
	for i := range roots {
		after, is, short := opened(s, roots[i].tag)
		if is {
			is, short = begins(after, roots[i].first)
		}
		if is {
			return &roots[i], false
		}
		more = more || short
	}
	return nil, more
}

// headedEvent returns the event that the syslog message at the beginning of head
// carries, and where in it that begins. more says that it is too short to tell.
func headedEvent(head []byte) (own int, event *root, more bool) {
	if len(head) < 2 || head[0] != '<' || head[1] < '0' || head[1] > '9' {
		return 0, nil, len(head) == 1 && head[0] == '<'
	}
	line := head[:min(len(head), maxEventHeader)]
	end := bytes.IndexByte(line, '\n')
	if end >= 0 {
		line = line[:end]
	}
	for own = 1; ; own++ {
		at := bytes.IndexByte(line[own:], '<')
		if at < 0 {
			break
		}
		own += at
		if rest := head[own:]; len(rest) > 1 && (rest[1] == 'E' || rest[1] == 'U') {
			if event, more = rooted(rest); event != nil || more {
				return own, event, more
			}
		}
	}
	if end >= 0 && bytes.HasSuffix(bytes.TrimRight(line, " \r"), []byte("?>")) { // the event is below its XML declaration
		rest := trimSpace(head[end:])
		event, more = rooted(rest)
		return len(head) - len(rest), event, more || len(rest) == 0
	}
	return 0, nil, end < 0 && len(line) < maxEventHeader
}

// eventStart returns how many bytes lead up to the event that head begins with, and
// which; inside, what ends the Events element leads up to none. more says that head is
// too short to tell.
func eventStart(head []byte, inside bool) (lead int, event *root, more bool) {
	rest := trimSpace(head)
	if len(rest) == 0 || rest[0] != '<' {
		return 0, nil, false
	}
	if inside {
		if is, more := begins(rest, eventsEnd); is || more {
			return len(head) - len(rest) + len(eventsEnd), nil, more
		}
	}
	if is, more := begins(rest, "<?xml"); more {
		return 0, nil, true
	} else if is {
		end := bytes.Index(rest, []byte("?>"))
		if end < 0 {
			return 0, nil, true
		}
		if rest = trimSpace(rest[end+2:]); len(rest) == 0 {
			return 0, nil, true
		}
	}
	if after, is, more := opened(rest, eventsTag); more {
		return 0, nil, true
	} else if is {
		if rest = after; len(rest) == 0 {
			return 0, nil, true
		}
	}
	if event, more = rooted(rest); event == nil {
		return 0, nil, more
	}
	return len(head) - len(rest), event, false
}

// opened steps over a tag with its attributes.
func opened(s []byte, tag string) (after []byte, is, more bool) {
	if is, more := begins(s, tag); !is {
		return nil, false, more
	}
	if len(s) == len(tag) {
		return nil, false, true
	}
	if !endsName(s[len(tag)]) {
		return nil, false, false
	}
	end := bytes.IndexByte(s, '>')
	if end < 0 {
		return nil, false, true
	}
	return trimSpace(s[end+1:]), true, false
}

func endsName(c byte) bool { return c == '>' || c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// begins says that s begins with a text, or that it is too short to tell.
func begins(s []byte, text string) (is, more bool) {
	if len(s) < len(text) {
		return false, string(s) == text[:len(s)]
	}
	return string(s[:len(text)]) == text, false
}

func trimSpace(s []byte) []byte { return bytes.TrimLeft(s, " \t\r\n") }

// event reads one event in XML, and the rest of its line when syslog carries it. When it does not end, its first line is reported,
// and the others are read again as lines of their own.
func (f *framer) event() (frame, bool, error) {
	root := f.xml
	f.xml = nil
	r := frame{line: f.lines + 1, data: f.opened, left: f.left()}
	f.opened = nil
	for {
		part, err := f.in.ReadSlice('>')
		r.data = append(r.data, part...)
		if len(r.data) > f.max {
			return f.endless(r)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF:
			return f.unended(r, Faultf("bad-xml", "the event does not end"))
		case err != nil:
			return frame{}, false, err
		}
		if bytes.HasSuffix(r.data, []byte(root.end)) {
			if f.own > 0 {
				return f.restOfLine(r)
			}
			f.lines += bytes.Count(r.data, []byte("\n"))
			return r, true, nil
		}
		if at := lastTag(r.data); at > f.own && len(r.data)-at > len(root.tag) && string(r.data[at:at+len(root.tag)]) == root.tag && endsName(r.data[at+len(root.tag)]) {
			f.own = 0
			if line := bytes.LastIndexByte(r.data[:at], '\n') + 1; line > 0 && len(r.data)-line > 1 && r.data[line] == '<' && r.data[line+1] <= '9' {
				at, f.own = line, at-line // syslog carries it
			}
			f.xml, f.opened = root, bytes.Clone(r.data[at:])
			r.data = r.data[:at]
			return f.unended(r, Faultf("bad-xml", "the event does not end before the next begins"))
		}
	}
}

// restOfLine reads what follows an event on its line.
func (f *framer) restOfLine(r frame) (frame, bool, error) {
	rest, err := f.readLine()
	if err != nil && err != io.EOF {
		return frame{}, false, err
	}
	lines := bytes.Count(r.data, []byte("\n"))
	r.data = append(r.data, rest.data...)
	if rest.fault != nil || len(r.data) > f.max {
		f.lines = r.line - 1
		return f.unended(r, f.tooLong(len(r.data)))
	}
	f.lines = r.line + lines
	return r, true, nil
}

// lastTag returns where the last tag of s begins.
func lastTag(s []byte) int {
	const longest = 256
	from := max(0, len(s)-longest)
	return from + bytes.LastIndexByte(s[from:], '<')
}

// endless reports an event that goes beyond the limit, or the first of its lines.
func (f *framer) endless(r frame) (frame, bool, error) {
	rest, err := f.readLine()
	if err != nil && err != io.EOF {
		return frame{}, false, err
	}
	f.lines = r.line - 1
	r.data = append(r.data, rest.data...)
	fault := f.tooLong(len(r.data))
	if at := bytes.LastIndexByte(r.data, '\n'); at > 0 && rest.fault != nil {
		f.back = append(f.back, rest) // a line that is too long by itself
		r.data = r.data[:at]
		f.lines++
	}
	return f.unended(r, fault)
}

// unended gives the lines of an event back but for the first, which has a fault.
func (f *framer) unended(r frame, fault *Fault) (frame, bool, error) {
	lines := bytes.Split(r.data, []byte("\n"))
	f.lines += len(lines)
	if f.xml != nil {
		f.lines-- // the last goes on
	}
	left := r.left - len(r.data)
	for i := len(lines) - 1; i > 0; i-- {
		left += len(lines[i])
		l := frame{data: bytes.TrimSuffix(lines[i], []byte("\r")), line: r.line + i, left: left}
		if len(l.data) > f.max {
			l = frame{line: l.line, left: left, fault: f.tooLong(len(l.data))}
		}
		left++ // the line end before it
		f.back = append(f.back, l)
	}
	return frame{data: bytes.TrimSuffix(lines[0], []byte("\r")), line: r.line, fault: fault}, true, nil
}
