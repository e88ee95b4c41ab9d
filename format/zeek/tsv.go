package zeek

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// header is the state that the '#' lines of a TSV log set.
type header struct {
	separator string
	set       string
	empty     string
	unset     string
	path      string
	names     []string // full field names
	types     []string
	columns   []string // names as written
	context   []byte   // the lines that set all this
	lines     map[string]string
}

// maxColumns bounds a header; Zeek's widest log has about 40 columns.
const maxColumns = 1024

// maxColumnName bounds the name of a column, in bytes.
const maxColumnName = 256

// kinds are the header lines that decide how rows are read, in the order in
// which they are kept. "#open" and "#close" are not among them.
var kinds = []string{"separator", "set_separator", "empty_field", "unset_field", "path", "fields", "types"}

func (h *header) read(line string) error {
	if rest, ok := strings.CutPrefix(line, "#separator "); ok {
		sep := unescape(rest)
		if sep == "" {
			return format.Faultf("bad-header", "#separator is empty")
		}
		*h = header{separator: sep, set: ",", empty: "(empty)", unset: "-", lines: map[string]string{"separator": line}}
		h.settle()
		return nil
	}
	if h.separator == "" { // a log whose first line was cut off
		*h = header{separator: "\t", set: ",", empty: "(empty)", unset: "-", lines: map[string]string{}}
	}
	kind, rest, _ := strings.Cut(strings.TrimPrefix(line, "#"), h.separator)
	switch kind {
	case "set_separator":
		h.set = unescape(rest)
	case "empty_field":
		h.empty = unescape(rest)
	case "unset_field":
		h.unset = unescape(rest)
	case "path":
		h.path = rest
	case "fields":
		h.columns = strings.Split(rest, h.separator)
	case "types":
		h.types = strings.Split(rest, h.separator)
	default:
		return nil // #open, #close, a comment
	}
	if len(h.columns) > maxColumns || len(h.types) > maxColumns || !plain(h.path) {
		*h = header{}
		return format.Faultf("bad-header", "the header has more than %d columns or a path that is no log name", maxColumns)
	}
	for _, c := range h.columns {
		if len(c) > maxColumnName || !utf8.ValidString(c) {
			*h = header{}
			return format.Faultf("bad-header", "%.40q is no name of a column: at most %d bytes of UTF-8", c, maxColumnName)
		}
	}
	h.lines[kind] = line
	h.settle()
	return nil
}

// settle computes what rows need from the header lines.
func (h *header) settle() {
	path := h.path
	if path == "" {
		path = "unknown"
	}
	h.names = make([]string, len(h.columns))
	for i, c := range h.columns {
		h.names[i] = "zeek." + path + "." + c
	}
	var context []byte
	for _, k := range kinds {
		if l, ok := h.lines[k]; ok {
			context = append(append(context, l...), '\n')
		}
	}
	h.context = context
}

// row reads one line of values.
func (h *header) row(line string) (event.Fields, string, error) {
	if len(h.names) == 0 {
		return nil, "", format.Faultf("no-header", "the row has no #fields header before it")
	}
	if !utf8.ValidString(line) {
		line = strings.ToValidUTF8(line, "\ufffd")
	}
	if n := strings.Count(line, h.separator) + 1; n != len(h.names) {
		return nil, "", format.Faultf("columns", "the row has %d columns, its header %d", n, len(h.names))
	}
	f := make(event.Fields, 2*len(h.names)+16)
	for i, name := range h.names {
		var raw string
		raw, line, _ = strings.Cut(line, h.separator)
		if raw == h.unset {
			continue
		}
		kind := "string"
		if i < len(h.types) {
			kind = h.types[i]
		}
		v, err := h.value(kind, raw)
		if err != nil {
			return nil, "", format.Faultf("value", "column %s: %.60q is not of type %s", h.columns[i], raw, kind)
		}
		f[name] = v
	}
	path := h.path
	if path == "" {
		path = "unknown"
	}
	return f, path, nil
}

// value reads one value, as Zeek's JSON writer would have written it.
func (h *header) value(kind, raw string) (any, error) {
	if inner, ok := element(kind); ok {
		return h.list(inner, raw)
	}
	switch kind {
	case "bool":
		return raw == "T", boolean(raw)
	case "count", "int", "port":
		return strconv.ParseInt(raw, 10, 64)
	case "double", "interval":
		return strconv.ParseFloat(raw, 64)
	case "time":
		t, err := epoch(raw)
		return stamp(t), err
	}
	if raw == h.empty {
		return "", nil
	}
	return unescape(raw), nil
}

func element(kind string) (inner string, ok bool) {
	for _, c := range [...]string{"set[", "vector[", "list["} {
		if rest, found := strings.CutPrefix(kind, c); found {
			return strings.TrimSuffix(rest, "]"), true
		}
	}
	return "", false
}

func (h *header) list(inner, raw string) (any, error) {
	if raw == h.empty {
		return []string{}, nil
	}
	parts := strings.Split(raw, h.set)
	switch inner {
	case "bool", "count", "int", "port", "double", "interval":
		out := make([]any, len(parts))
		for i, p := range parts {
			if p == h.unset {
				continue
			}
			v, err := h.value(inner, p)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	}
	out := make([]string, len(parts))
	for i, p := range parts {
		v, err := h.value(inner, p)
		if err != nil {
			return nil, err
		}
		out[i], _ = v.(string)
	}
	return out, nil
}

type badValue struct{}

func (badValue) Error() string { return "bad value" }

func boolean(raw string) error {
	if raw != "T" && raw != "F" {
		return badValue{}
	}
	return nil
}

// epoch reads "1521911720.865716" without going through a float, and
// "2.385616957e+09", which Zeek writes for times after 2038.
func epoch(raw string) (time.Time, error) {
	if strings.ContainsAny(raw, "eE") {
		x, err := strconv.ParseFloat(raw, 64)
		t, ok := format.EpochTime(x)
		if err == nil && !ok {
			err = badValue{}
		}
		return t, err
	}
	whole, frac, _ := strings.Cut(raw, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	if len(frac) > 9 {
		frac = frac[:9]
	}
	nanos := int64(0)
	if frac != "" {
		if nanos, err = strconv.ParseInt(frac+"000000000"[len(frac):], 10, 64); err != nil {
			return time.Time{}, err
		}
	}
	if strings.HasPrefix(whole, "-") {
		nanos = -nanos
	}
	return time.Unix(sec, nanos).UTC(), nil
}

// stamp writes a time as Zeek's JSON writer does with ISO 8601 times.
func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000000Z") }

// unescape undoes \xNN and \\ of the ASCII writer. Bytes that are not UTF-8
// stay escaped, as in Zeek's JSON.
func unescape(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for len(s) > 0 {
		if i = strings.IndexByte(s, '\\'); i < 0 {
			i = len(s)
		}
		b = append(b, s[:i]...)
		s = s[i:]
		switch {
		case strings.HasPrefix(s, `\\`):
			b = append(b, '\\')
			s = s[2:]
		case len(s) >= 4 && s[1] == 'x':
			n, err := strconv.ParseUint(s[2:4], 16, 8)
			if err != nil {
				b = append(b, s[:2]...)
				s = s[2:]
				continue
			}
			if n >= utf8.RuneSelf {
				b = append(b, s[:4]...)
			} else {
				b = append(b, byte(n))
			}
			s = s[4:]
		case s != "":
			b = append(b, s[0])
			s = s[1:]
		}
	}
	return string(b)
}
