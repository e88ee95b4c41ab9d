package csv

import (
	"strings"

	"github.com/vedette-soc/vedette/internal/collect"
)

// maxRow bounds a row whose quoted fields run over several lines.
const maxRow = 256 << 10

// rows reads records: a quoted field may hold line breaks, a line that begins
// with # is a comment.
type rows struct {
	lines   *collect.Lines
	out     collect.Sink
	name    string
	comma   byte // 0: not known yet
	comment string
	fields  []string
	text    string
	line    int
}

func (r *rows) next() bool {
	for r.lines.Next() {
		text := r.lines.Text()
		r.line = r.lines.Number()
		if f := r.lines.Fault(); f != "" && f != collect.NotUTF8 {
			r.out.Drop(f, r.line, text)
			continue
		}
		trimmed := strings.TrimSpace(text)
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
			r.comma = sniff(text)
		}
		if r.record(text) {
			return true
		}
	}
	return false
}

// record reads on while a quote is open.
func (r *rows) record(text string) bool {
	fields, open := split(text, r.comma)
	for parts := []string{text}; open; {
		if len(text) > maxRow || !r.lines.Next() || r.lines.Fault() == "binary" {
			r.out.Drop("open-quote", r.line, parts[0])
			return false
		}
		parts = append(parts, r.lines.Text())
		text += "\n" + r.lines.Text()
		fields, open = split(text, r.comma)
	}
	r.fields, r.text = fields, text
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
