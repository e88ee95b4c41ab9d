package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// sheet is a table in a file, as consoles and tools export what they list: values with
// separators between them below a row of names. Each row becomes the JSON object that
// these services would give, and is recognised like any other; values that are JSON
// themselves stay so. Fields in quotes may hold separators and line ends (RFC 4180).
type sheet struct {
	header string // as it stands in the file
	names  []string
	timed  []bool // by column: it is called as a time is
	comma  byte

	fields []string // of the row being read
	field  strings.Builder
	quoted bool
	size   int
}

const (
	minColumns = 3
	maxColumns = 1000
)

// newSheet returns the table whose names are in a line, nil when it does not look like
// that: at least three names, all different, one of them that of a time.
func newSheet(line string) *sheet {
	line = strings.TrimPrefix(line, byteOrderMark)
	for _, comma := range [...]byte{',', ';', '\t'} {
		if strings.Count(line, string(comma)) < minColumns-1 {
			continue
		}
		s := &sheet{comma: comma}
		if s.feed(line) && s.isHeader() {
			s.header, s.names, s.fields = line, s.fields, nil
			return s
		}
	}
	return nil
}

func (s *sheet) isHeader() bool {
	if len(s.fields) < minColumns || len(s.fields) > maxColumns {
		return false
	}
	seen := map[string]bool{}
	for i, name := range s.fields {
		if i == 0 && name == "" { // where data frames have the number of the row
			s.timed = append(s.timed, false)
			continue
		}
		if seen[name] || !isColumn(name) {
			return false
		}
		seen[name] = true
		s.timed = append(s.timed, isTime(name))
	}
	return slices.Contains(s.timed, true)
}

// isColumn accepts words, with what consoles put between and around them.
func isColumn(name string) bool {
	if name == "" || len(name) > skimName || !letter(name[0]) && name[0] != '_' && name[0] != '@' {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if !letter(c) && (c < '0' || c > '9') && strings.IndexByte(" _.-@/()[]:#", c) < 0 {
			return false
		}
	}
	return true
}

// isTime says whether a column is called as a time is.
func isTime(name string) bool {
	name = strings.ToLower(name)
	if at := strings.IndexAny(name, "[("); at > 0 { // "TimeGenerated [UTC]"
		name = strings.TrimSpace(name[:at])
	}
	for _, word := range [...]string{"time", "date", "timestamp"} {
		if strings.HasPrefix(name, word) || strings.HasSuffix(name, word) {
			return true
		}
	}
	return name == "ts"
}

// feed reads a line of a row and says whether the row ends with it; so does one that
// has more values than a row may have.
func (s *sheet) feed(line string) bool {
	s.size += len(line) + 1
	if len(s.fields) > maxColumns {
		return true
	}
	for i := 0; ; {
		if s.quoted {
			end := strings.IndexByte(line[i:], '"')
			if end < 0 {
				s.field.WriteString(line[i:])
				s.field.WriteByte('\n')
				return false
			}
			s.field.WriteString(line[i : i+end])
			i += end + 1
			if i < len(line) && line[i] == '"' {
				s.field.WriteByte('"')
				i++
				continue
			}
			s.quoted = false
		} else if i < len(line) && line[i] == '"' && s.field.Len() == 0 {
			s.quoted = true
			i++
			continue
		}
		end := strings.IndexByte(line[i:], s.comma)
		last := end < 0
		if last {
			end = len(line) - i
		}
		s.field.WriteString(line[i : i+end])
		s.fields = append(s.fields, s.field.String())
		s.field.Reset()
		if i += end + 1; last {
			return true
		}
	}
}

// begin forgets what was read of a row.
func (s *sheet) begin() {
	s.fields, s.quoted, s.size = s.fields[:0], false, 0
	s.field.Reset()
}

// object returns the row that was read as a JSON object of its values.
func (s *sheet) object() ([]byte, *Fault) {
	if len(s.fields) > maxColumns {
		return nil, Faultf("bad-csv", "the row has %d values, more than %d", len(s.fields), maxColumns)
	}
	out := []byte{'{'}
	for i, v := range s.fields {
		if v == "" || i < len(s.names) && s.names[i] == "" {
			continue
		}
		name := fmt.Sprintf("column %d", i+1)
		if i < len(s.names) {
			name = s.names[i]
			if s.timed[i] {
				v = consoleTime(v)
			}
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(appendText(out, name), ':')
		if (v[0] == '{' || v[0] == '[') && json.Valid([]byte(v)) {
			out = append(out, v...)
		} else {
			out = appendText(out, v)
		}
	}
	return append(out, '}'), nil
}

// consoleTimes are times as consoles show them to people, which they export as well:
// Kibana, then those of Microsoft, where a day above twelve says that it comes first.
var consoleTimes = [...]string{"Jan 2, 2006 @ 15:04:05", "1/2/2006, 3:04:05 PM", "1/2/2006 3:04:05 PM", "2/1/2006, 3:04:05 PM", "2/1/2006 3:04:05 PM"}

// consoleTime writes such a time as records do; others stay.
func consoleTime(s string) string {
	if len(s) > 40 || !strings.HasSuffix(s, "M") && !strings.Contains(s, " @ ") {
		return s
	}
	for _, layout := range consoleTimes {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format("2006-01-02T15:04:05.999999999")
		}
	}
	return s
}

func appendText(dst []byte, s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text can be
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// table looks whether the stream, of which first is the first line, is a table: no
// format may know that line, nor the one below it. A table that was truncated goes on
// with rows that have as many values.
func (s *source) table(first frame) error {
	before := s.sheet
	s.sheet = nil
	if first.line != 1 || first.fault != nil || s.array || s.xml != nil || len(s.ready)+len(s.back) > 0 || !s.mereText(first.data) {
		return nil
	}
	t := newSheet(string(first.data))
	if t == nil {
		if before != nil && before.fits(string(first.data)) {
			s.sheet, s.back = before, append(s.back, first)
		}
		return nil
	}
	l, err := s.readLine()
	if err == errMore {
		return errHeader
	}
	if err != nil {
		return nil // the reader meets the error again
	}
	s.back = append(s.back, l)
	if l.fault == nil && s.mereText(l.data) {
		s.sheet = t
	}
	return nil
}

// fits says whether a line may be the first of a row of the table.
func (s *sheet) fits(line string) bool {
	s.begin()
	return !s.feed(line) || len(s.fields) == len(s.names)
}

func (s *source) mereText(line []byte) bool {
	name := s.rec.Recognise(line)
	return name == "text" || name == "syslog"
}

// row returns the next row of the table. When a quote in it is never closed, its first
// line is reported, and the others are read again.
func (s *source) row() (frame, error) {
	t := s.sheet
	for {
		l, err := s.readLine()
		if err != nil || l.fault != nil {
			return l, err
		}
		if len(bytes.TrimSpace(l.data)) == 0 {
			continue
		}
		t.begin()
		first := l.data
		var more []frame
		for !t.feed(string(l.data)) {
			next, err := s.readLine()
			if err != nil && err != io.EOF {
				return frame{}, err
			}
			if err == nil {
				more = append(more, next)
			}
			if err == io.EOF || next.fault != nil || t.size+len(next.data) > s.max {
				for i := len(more) - 1; i >= 0; i-- {
					s.back = append(s.back, more[i])
				}
				return frame{data: first, line: l.line, fault: Faultf("bad-csv", "a quote of the row is not closed within %d bytes", s.max)}, nil
			}
			l.data = next.data
		}
		data, fault := t.object()
		if fault != nil {
			data = first
		}
		return frame{data: data, line: l.line, fault: fault}, nil
	}
}
