package described

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/event"
)

// source is where a value is taken from: a field, or what lies in the objects of
// a list: "events[].name", "parameters[name=USER].value".
type source struct {
	field string // complete name
	steps []step
}

// step goes into the objects of a list, of which a member may have to have a
// value, and from there to a member by its names.
type step struct {
	key, value string // of the objects to look at; "" = all
	path       []string
}

// source compiles a name: below the format's prefix, or of the event itself when
// it begins with '/'.
func (d *Description) source(n *yaml.Node, name string) (source, error) {
	if name == "" {
		return source{}, faultf(n, "the name of a field is expected")
	}
	full := d.prefix + name
	if rest, ok := strings.CutPrefix(name, "/"); ok {
		full = rest
	}
	field, rest, listed := strings.Cut(full, "[")
	s := source{field: field}
	for listed {
		inside, after, ok := strings.Cut(rest, "]")
		if !ok || after != "" && after[0] != '.' {
			return s, faultf(n, "%q: a list is written name[].member or name[key=value].member", name)
		}
		var st step
		if inside != "" {
			st.key, st.value, ok = strings.Cut(inside, "=")
			if !ok {
				return s, faultf(n, "%q: in brackets stands nothing or key=value", name)
			}
		}
		var path string
		path, rest, listed = strings.Cut(strings.TrimPrefix(after, "."), "[")
		if path != "" {
			st.path = strings.Split(path, ".")
		}
		s.steps = append(s.steps, st)
	}
	return s, nil
}

// maxCollected bounds what is taken out of lists.
const maxCollected = 256

// get returns the value, nil when there is none. Of a list it is one value, or
// several as a list.
func (s *source) get(f event.Fields) any {
	v, ok := f[s.field]
	if !ok || len(s.steps) == 0 {
		return v
	}
	var out []any
	collect(v, s.steps, &out)
	switch len(out) {
	case 0:
		return nil
	case 1:
		return out[0]
	}
	names := make([]string, 0, len(out))
	for _, e := range out {
		text, ok := e.(string)
		if !ok {
			return out
		}
		names = append(names, text)
	}
	return names
}

func collect(v any, steps []step, out *[]any) {
	st := &steps[0]
	list, ok := v.([]any)
	if !ok {
		if texts, ok := v.([]string); ok && len(steps) == 1 && st.key == "" && st.path == nil {
			for _, t := range texts[:min(len(texts), maxCollected)] {
				*out = append(*out, t)
			}
		}
		return
	}
	for _, e := range list {
		if len(*out) >= maxCollected {
			return
		}
		if o, ok := e.(map[string]any); ok && st.holds(o) {
			st.follow(o, steps[1:], out)
		} else if st.path == nil && st.key == "" && e != nil && len(steps) == 1 {
			*out = append(*out, e)
		}
	}
}

func (st *step) holds(o map[string]any) bool {
	if st.key == "" {
		return true
	}
	text, _ := o[st.key].(string)
	return text == st.value
}

// follow goes down the members of an object, whose names may contain dots.
func (st *step) follow(o map[string]any, rest []step, out *[]any) {
	var v any = o
	for i, name := range st.path {
		m, ok := v.(map[string]any)
		if !ok {
			return
		}
		if whole, ok := m[strings.Join(st.path[i:], ".")]; ok {
			v = whole
			break
		}
		v = m[name]
	}
	switch {
	case v == nil:
	case len(rest) > 0:
		collect(v, rest, out)
	default:
		*out = append(*out, v)
	}
}
