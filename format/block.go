package format

import "bytes"

// Splunk's input WinEventLog renders an event as a block of lines: a time,
// "LogName=Security" and others of that kind, and Message, which goes on to the time
// of the next.
const (
	blockName = "LogName="
	// maxBlockTime is the longest line with such a time: "04/25/2023 07:01:02.123 PM".
	maxBlockTime = 32
	maxBlockHead = len("<191> ") + maxBlockTime + len(blockName)
)

// blockStart says whether head begins a block, in syslog as well. more says that it is
// too short to tell.
func blockStart(head []byte) (is, more bool) {
	if head[0] == '<' {
		end := bytes.IndexByte(head[:min(len(head), len("<191>"))], '>')
		if end < 0 {
			return false, len(head) < len("<191>")
		}
		if !priority(head) {
			return false, false
		}
		if head = bytes.TrimLeft(head[end+1:], " "); len(head) == 0 {
			return false, true
		}
	}
	const shape = "00/00/0000 00:00:00"
	for i := range min(len(head), len(shape)) {
		if c := head[i]; shape[i] == '0' && (c < '0' || c > '9') || shape[i] != '0' && c != shape[i] {
			return false, false
		}
	}
	if len(head) <= len(shape) {
		return false, true
	}
	end := bytes.IndexByte(head[:min(len(head), maxBlockTime)], '\n')
	if end < 0 {
		return false, len(head) < maxBlockTime
	}
	if !bytes.HasSuffix(bytes.TrimSuffix(head[:end], []byte("\r")), []byte("M")) { // AM or PM
		return false, false
	}
	return begins(head[end+1:], blockName)
}

// priority says whether a line begins as a syslog message.
func priority(line []byte) bool {
	return len(line) > 2 && line[0] == '<' && line[1] >= '0' && line[1] <= '9' && bytes.IndexByte(line[:min(len(line), len("<191>"))], '>') > 0
}

// blockNext says whether a block comes next. It waits for more input only while what
// is there could begin one.
func (f *framer) blockNext() (bool, error) {
	for size := 1; ; {
		head, err := f.in.Peek(size)
		if len(head) == 0 {
			return false, err
		}
		if head[0] != '0' && head[0] != '1' && head[0] != '<' {
			return false, nil
		}
		head, _ = f.in.Peek(max(size, min(f.in.Buffered(), maxBlockHead)))
		is, more := blockStart(head)
		switch {
		case !more:
			return is, nil
		case err == errMore:
			return false, err
		case err != nil:
			return false, nil
		}
		size = len(head) + 1
	}
}

// block reads one block. What goes beyond the limit are lines.
func (f *framer) block() (frame, bool, error) {
	r, err := f.readLine()
	for err == nil && r.fault == nil {
		next, err := f.blockNext()
		if next || err != nil && err != errMore { // the end; the reader meets an error again
			break
		}
		if err != nil {
			return frame{}, false, err
		}
		l, err := f.readLine()
		if err != nil {
			return frame{}, false, err
		}
		if l.fault != nil {
			f.ready = append(f.ready, l)
			break
		}
		if len(r.data)+1+len(l.data) > f.max || priority(l.data) {
			f.back = append(f.back, l)
			break
		}
		r.data = append(append(r.data, '\n'), l.data...)
	}
	r.data = bytes.TrimRight(r.data, "\n")
	return r, err == nil, err
}
