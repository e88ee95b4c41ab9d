package suricata_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/event"
)

// matches holds a decoded record against one check of suricata-verify: pairs of
// dotted path and value, with [i] for elements and __len, __contains, __find,
// __startswith, __endswith at the end.
func matches(f event.Fields, match map[string]any) bool {
	for path, want := range match {
		switch path {
		case "has-key", "not-has-key":
			for _, key := range keys(want) {
				if _, ok := lookup(f, key); ok != (path == "has-key") {
					return false
				}
			}
			continue
		}
		op := ""
		if i := strings.LastIndex(path, ".__"); i >= 0 {
			path, op = path[:i], path[i+3:]
		}
		got, ok := lookup(f, path)
		if !compare(op, got, ok, want) {
			return false
		}
	}
	return true
}

func keys(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	var out []string
	for _, e := range v.([]any) {
		out = append(out, e.(string))
	}
	return out
}

func compare(op string, got any, ok bool, want any) bool {
	text, _ := got.(string)
	switch op {
	case "":
		if want == nil {
			return !ok || got == nil
		}
		return ok && reflect.DeepEqual(plain(got), plain(want))
	case "len":
		n := reflect.ValueOf(got)
		return ok && n.Kind() == reflect.Slice && float64(n.Len()) == want || ok && n.Kind() == reflect.String && float64(n.Len()) == want
	case "contains":
		for _, e := range list(got) {
			if reflect.DeepEqual(plain(e), plain(want)) {
				return true
			}
		}
		return strings.Contains(text, want.(string))
	case "find":
		return strings.Contains(text, want.(string))
	case "startswith":
		return strings.HasPrefix(text, want.(string))
	case "endswith":
		return strings.HasSuffix(text, want.(string))
	}
	return false
}

func list(v any) []any {
	out, _ := plain(v).([]any)
	return out
}

// plain brings a value to what encoding/json would have made of it.
func plain(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		return err
	}
	return out
}

var step = regexp.MustCompile(`^([^.\[]*)((?:\[\d+\])*)$`)

// lookup resolves a path of the original record in the flat fields. An object
// is gathered from the fields below it.
func lookup(f event.Fields, path string) (any, bool) {
	name := "suricata.eve"
	parts := strings.Split(path, ".")
	for i, part := range parts {
		m := step.FindStringSubmatch(part)
		if m == nil {
			return nil, false
		}
		name += "." + m[1]
		if m[2] != "" {
			return into(f[name], m[2], parts[i+1:])
		}
	}
	if v, ok := f[name]; ok {
		return v, true
	}
	object := map[string]any{}
	for k, v := range f {
		if rest, ok := strings.CutPrefix(k, name+"."); ok {
			put(object, strings.Split(rest, "."), v)
		}
	}
	return object, len(object) > 0
}

func put(m map[string]any, path []string, v any) {
	if len(path) == 1 {
		m[path[0]] = v
		return
	}
	child, _ := m[path[0]].(map[string]any)
	if child == nil {
		child = map[string]any{}
		m[path[0]] = child
	}
	put(child, path[1:], v)
}

// into follows a path inside of a list.
func into(v any, indices string, rest []string) (any, bool) {
	v = plain(v)
	for _, s := range strings.Split(strings.Trim(indices, "[]"), "][") {
		n, _ := strconv.Atoi(s)
		l, ok := v.([]any)
		if !ok || n >= len(l) {
			return nil, false
		}
		v = l[n]
	}
	for i, part := range rest {
		m := step.FindStringSubmatch(part)
		o, ok := v.(map[string]any)
		if !ok || m == nil {
			return nil, false
		}
		if v, ok = o[m[1]]; !ok {
			return nil, false
		}
		if m[2] != "" {
			return into(v, m[2], rest[i+1:])
		}
	}
	return v, true
}
