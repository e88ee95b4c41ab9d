package format

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"
)

// The journal of systemd is exported (journalctl -o export) as entries with an empty line
// behind each. A line is a field, NAME=value; a name alone has its value below it: its
// length in bytes (64 bits, little-endian), that many bytes, and a line end. An entry is
// read as the JSON object that journalctl -o json makes of it.
//
// The format is described in systemd's "Journal Export Formats".
const (
	entryCursor = "__CURSOR="
	entryTime   = "__REALTIME_TIMESTAMP=" // where there is no cursor
	maxEntryKey = 64                      // the longest name that the journal takes
	maxEntry    = 1 << 30                 // and more than the longest value, in bytes
)

// entryStart says whether head begins an entry; more says that it is too short to tell.
func entryStart(head []byte) (is, more bool) {
	cursor, short := begins(head, entryCursor)
	stamp, shorter := begins(head, entryTime)
	return cursor || stamp, short || shorter
}

// entryNext says whether an entry comes next. It waits for more input only while what
// is there could begin one.
func (f *framer) entryNext() (bool, error) {
	for size := 1; ; size++ {
		head, err := f.in.Peek(size)
		if len(head) == 0 {
			return false, err
		}
		is, more := entryStart(head)
		switch {
		case !more:
			return is, nil
		case err == errMore:
			return false, err
		case err != nil:
			return false, nil
		}
	}
}

// entry is what is read of one entry. Beyond the limit it is counted only.
type entry struct {
	names  []string // in the order in which they come first
	values map[string][]string
	size   int
	max    int
}

func (e *entry) add(name, value string) {
	if e.grow(len(name) + len("=") + len(value)); e.size > e.max {
		return
	}
	if _, ok := e.values[name]; !ok {
		e.names = append(e.names, name)
	}
	e.values[name] = append(e.values[name], value)
}

func (e *entry) grow(n int) {
	if e.size += n; e.size > e.max {
		e.names, e.values = nil, nil
	}
}

// object is the entry as a JSON object; a field that comes more than once is a list.
func (e *entry) object() []byte {
	out := []byte{'{'}
	for i, name := range e.names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendText(out, name), ':')
		values := e.values[name]
		if len(values) == 1 {
			out = appendText(out, values[0])
			continue
		}
		for k, v := range values {
			out = appendText(append(out, "[,"[min(k, 1)]), v)
		}
		out = append(out, ']')
	}
	return append(out, '}')
}

// isEntryKey accepts the names that fields have: capitals, digits and '_'.
func isEntryKey(name string) bool {
	for i := range len(name) {
		if c := name[i]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return name != "" && len(name) <= maxEntryKey
}

// entry reads one entry. A line that is no field ends it, and is read as a line of its
// own, as is a value that is not as long as it should be.
func (f *framer) entry() (frame, bool, error) {
	e := entry{values: map[string][]string{}, max: f.max}
	r := frame{line: f.lines + 1, left: f.left()}
	f.export = f.tape == nil && (f.export || r.line == 1)
	for whole := true; whole; {
		l, err := f.readLine()
		if err == io.EOF || err == nil && l.fault == nil && len(l.data) == 0 {
			break
		}
		if err != nil {
			return frame{}, false, err
		}
		if l.fault != nil {
			r.fault = l.fault // of the whole
			continue
		}
		name, value, ok := strings.Cut(string(l.data), "=")
		switch {
		case !isEntryKey(name):
			f.back = append(f.back, l)
			whole = false
		case ok:
			e.add(name, value)
		default:
			if whole, err = f.entryValue(&e, l); err != nil {
				return frame{}, false, err
			}
		}
	}
	if r.data = e.object(); max(e.size, len(r.data)) > f.max && r.fault == nil {
		r.fault = f.tooLong(max(e.size, len(r.data)))
	}
	if r.fault != nil {
		r.data = nil
	}
	return r, true, nil
}

// entryValue reads the value below the line with its name, and says whether it was as
// long as it should be. One beyond the limit is passed over where the stream began with
// an entry: what somebody had written among other lines must not hide those that follow.
func (f *framer) entryValue(e *entry, name frame) (whole bool, err error) {
	read, missing, err := f.take(8)
	if err != nil {
		return false, err
	}
	if missing == 0 {
		if n := binary.LittleEndian.Uint64(read); n > uint64(f.max) && n <= maxEntry && f.export {
			e.grow(int(n))
			_, missing, err = f.take(int(n) + 1)
			return missing == 0, err
		} else if n <= uint64(f.max) {
			var value []byte
			if value, missing, err = f.take(int(n) + 1); err != nil {
				return false, err
			}
			if missing == 0 && value[n] == '\n' {
				e.add(string(name.data), string(value[:n]))
				return true, nil
			}
			read = append(read, value...)
		}
	}
	left := f.left() + len(read)
	rest, err := f.readLine() // of the last line
	if err != nil && err != io.EOF {
		return false, err
	}
	if rest.fault != nil {
		f.ready = append(f.ready, rest)
	}
	lines := bytes.Split(append(read, rest.data...), []byte("\n"))
	back := []frame{name}
	for i, data := range lines {
		back = append(back, frame{data: data, line: name.line + 1 + i, left: left})
		left -= len(data) + 1
	}
	slices.Reverse(back)
	f.back = append(f.back, back...)
	return false, nil
}

// take reads n bytes, and says how many were missing at the end. Of more than a record
// may have none is held.
func (f *framer) take(n int) (data []byte, missing int, err error) {
	held := n <= f.max+1
	for n > 0 {
		part, err := io.ReadAll(io.LimitReader(f.in, int64(min(n, 64<<10))))
		if err != nil || len(part) == 0 {
			return data, n, err
		}
		f.lines += bytes.Count(part, []byte("\n"))
		n -= len(part)
		if held {
			data = append(data, part...)
		}
	}
	return data, 0, nil
}
