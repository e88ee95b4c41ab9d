package event

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MarshalJSON writes the event as AppendJSON does, without its raw record.
func (e *Event) MarshalJSON() ([]byte, error) {
	return e.AppendJSON(nil, false), nil
}

// AppendJSON appends the event as one nested ECS object, keys in byte order:
//
//	{"@timestamp":…,"event":{"module":…},"source":{"ip":…},"vedette":{"file","file_line","line","format"}}
//
// With original the raw record is added as event.original. A name that is both
// a value and the parent of others ("a" and "a.b") keeps its children under
// their dotted names beside it: {"a":1,"a.b":2}. Fields without a value are left
// out; file_line is there where it is not line. Bytes that are not UTF-8 become U+FFFD.
func (e *Event) AppendJSON(dst []byte, original bool) []byte {
	w := writer{out: dst, fields: e.Fields}
	w.own = e.own(original)
	keys := make([]string, 0, len(e.Fields)+len(w.own))
	for k, v := range e.Fields {
		if _, ok := w.own[k]; !ok && v != nil && !reserved(k) {
			keys = append(keys, k)
		}
	}
	for k := range w.own {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	w.object(keys, 0, 0)
	return w.out
}

// reserved names are written from the event itself, whatever the record claims.
func reserved(key string) bool {
	return key == "@timestamp" || key == "vedette" || strings.HasPrefix(key, "vedette.")
}

// own are the fields that the event carries outside of Fields.
func (e *Event) own(original bool) Fields {
	own := Fields{"vedette.line": int64(e.Origin.Line)}
	if n := e.Origin.FileLine; n > 0 {
		own["vedette.file_line"] = int64(n)
	}
	if !e.Time.IsZero() {
		own["@timestamp"] = e.Time.UTC().Format(time.RFC3339Nano)
	}
	if e.Origin.File != "" {
		own["vedette.file"] = e.Origin.File
	}
	if e.Format != "" {
		own["vedette.format"] = e.Format
	}
	if original {
		own["event.original"] = string(e.Raw)
	}
	return own
}

type writer struct {
	out    []byte
	fields Fields
	own    Fields
}

func (w *writer) get(key string) (any, bool) {
	if v, ok := w.own[key]; ok {
		return v, true
	}
	if reserved(key) {
		return nil, false
	}
	v := w.fields[key]
	return v, v != nil
}

// maxDepth is how deep dotted names are nested; what is deeper stays dotted.
const maxDepth = 32

// object writes the members named by keys, sorted and sharing their first
// prefix bytes. Keys below one parent are neighbours, because they share it.
func (w *writer) object(keys []string, prefix, depth int) {
	w.out = append(w.out, '{')
	first := true
	for i := 0; i < len(keys); {
		if !first {
			w.out = append(w.out, ',')
		}
		first = false
		key := keys[i]
		name, _, deeper := strings.Cut(key[prefix:], ".")
		end := prefix + len(name)
		if deeper && depth < maxDepth {
			if _, leaf := w.get(key[:end]); !leaf {
				n := i + 1
				for n < len(keys) && strings.HasPrefix(keys[n], key[:end+1]) {
					n++
				}
				w.out = append(appendString(w.out, name), ':')
				w.object(keys[i:n], end+1, depth+1)
				i = n
				continue
			}
		}
		v, _ := w.get(key)
		w.out = append(appendString(w.out, key[prefix:]), ':')
		w.out = appendValue(w.out, v)
		i++
	}
	w.out = append(w.out, '}')
}

func appendValue(out []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(out, v)
	case bool:
		return strconv.AppendBool(out, v)
	case int64:
		return strconv.AppendInt(out, v, 10)
	case float64:
		return appendFloat(out, v)
	case json.Number:
		return append(out, v...)
	case []string:
		out = append(out, '[')
		for i, s := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendString(out, s)
		}
		return append(out, ']')
	case []any:
		out = append(out, '[')
		for i, s := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendValue(out, s)
		}
		return append(out, ']')
	case map[string]any:
		return appendMap(out, v)
	}
	return append(out, "null"...)
}

func appendMap(out []byte, m map[string]any) []byte {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out = append(out, '{')
	for i, k := range keys {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendString(out, k), ':')
		out = appendValue(out, m[k])
	}
	return append(out, '}')
}

// appendFloat keeps a fraction or exponent on every float, so that a reader
// gets a float back. JSON has no infinity and no NaN: those become null.
func appendFloat(out []byte, f float64) []byte {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return append(out, "null"...)
	}
	n := len(out)
	out = AppendFloat(out, f)
	for _, c := range out[n:] {
		if c == '.' || c == 'e' {
			return out
		}
	}
	return append(out, ".0"...)
}

const hex = "0123456789abcdef"

func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				out = append(append(out, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += n
			continue
		}
		out = append(out, s[start:i]...)
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(out, s[start:]...), '"')
}
