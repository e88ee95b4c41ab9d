package csv

import (
	"strings"

	"github.com/vedette-soc/vedette/internal/collect"
)

// Bounds of a row whose quoted fields run over several lines.
const (
	maxRow      = 256 << 10
	maxRowLines = 200
)

// rows reads records: a quoted field may hold line breaks, a line that begins
// with # is a comment.
type rows struct {
	lines   *collect.Lines
	out     collect.Sink
	comma   byte // 0: not known yet
	comment string
	again   []line // lines that a stray quote had swallowed
	fields  []string
	text    string
	line    int
}

type line struct {
	text   string
	number int
	fault  string
}

func (r *rows) read() (line, bool) {
	if len(r.again) > 0 {
		l := r.again[0]
		r.again = r.again[1:]
		return l, true
	}
	if !r.lines.Next() {
		return line{}, false
	}
	return line{r.lines.Text(), r.lines.Number(), r.lines.Fault()}, true
}

func (r *rows) next() bool {
	for {
		l, ok := r.read()
		if !ok {
			return false
		}
		if l.fault != "" && l.fault != collect.NotUTF8 {
			r.out.Drop(l.fault, l.number, l.text)
			continue
		}
		trimmed := strings.TrimSpace(l.text)
		if trimmed == "" {
			continue
		}
		if trimmed[0] == '#' {
			// The last comment that looks like a row is the header: abuse.ch style.
			if c := strings.TrimSpace(strings.TrimLeft(trimmed, "# ")); strings.ContainsAny(c, ",;\t|") {
				r.comment = c
			}
			continue
		}
		if r.comma == 0 {
			r.comma = sniff(l.text)
		}
		if r.record(l) {
			return true
		}
	}
}

// record reads on while a quote is open. If it never closes, only the line it
// stands in is lost: the others are read again on their own.
func (r *rows) record(first line) bool {
	fields, open := split(first.text, r.comma)
	text, swallowed := first.text, []line(nil)
	for open {
		l, ok := r.read()
		if ok {
			swallowed = append(swallowed, l)
		}
		if !ok || len(swallowed) > maxRowLines || len(text) > maxRow || l.fault != "" && l.fault != collect.NotUTF8 {
			r.again = append(swallowed, r.again...)
			r.out.Drop("open-quote", first.number, first.text)
			return false
		}
		text += "\n" + l.text
		if strings.Count(l.text, `"`)%2 == 1 { // an even number cannot close what is open
			fields, open = split(text, r.comma)
		}
	}
	r.fields, r.text, r.line = fields, text, first.number
	return true
}

// header returns the columns that a comment above the first row names, nil if
// there is no comment with as many columns.
func (r *rows) header() []string {
	if r.comment == "" {
		return nil
	}
	fields, open := split(r.comment, r.comma)
	if open || len(fields) != len(r.fields) {
		return nil
	}
	return fields
}

// sniff returns the delimiter that occurs most often outside quotes, a comma if none does.
func sniff(line string) byte {
	best, most := byte(','), 1
	for _, c := range []byte(",;\t|") {
		if fields, _ := split(line, c); len(fields) > most {
			best, most = c, len(fields)
		}
	}
	return best
}

// split cuts a row at comma into fields without their quotes and surrounding
// space; a doubled quote in a quoted field is one quote (RFC 4180). open says that
// a quoted field has no end yet.
func split(row string, comma byte) (fields []string, open bool) {
	for {
		row = strings.TrimLeft(row, " \r\n")
		if comma != '\t' {
			row = strings.TrimLeft(row, "\t")
		}
		var field string
		if strings.HasPrefix(row, `"`) {
			var ok bool
			if field, row, ok = quoted(row[1:]); !ok {
				return nil, true
			}
		}
		end := strings.IndexByte(row, comma)
		if end < 0 {
			return append(fields, strings.TrimSpace(field+row)), false
		}
		fields = append(fields, strings.TrimSpace(field+row[:end]))
		row = row[end+1:]
	}
}

// quoted returns the field up to the closing quote and what follows it.
func quoted(s string) (field, rest string, ok bool) {
	var b strings.Builder
	for {
		end := strings.IndexByte(s, '"')
		if end < 0 {
			return "", "", false
		}
		b.WriteString(s[:end])
		s = s[end+1:]
		if !strings.HasPrefix(s, `"`) {
			return b.String(), s, true
		}
		b.WriteByte('"')
		s = s[1:]
	}
}
