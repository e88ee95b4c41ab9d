package described

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/event"
)

// special reads {from, as, values}.
func (p *documentParser) special(r *rule, n *yaml.Node) (from *yaml.Node, err error) {
	list, err := members(n, "from", "as", "values", "template")
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		switch m[0].Value {
		case "from":
			from = m[1]
		case "as":
			name, err := scalar(m[1])
			if err != nil {
				return nil, err
			}
			if r.convert = named[name]; r.convert == nil {
				return nil, faultf(m[1], "as: %q is not one of %s", name, strings.Join(conversions(), ", "))
			}
		case "template":
			if r.whole, err = p.template(m[1]); err != nil {
				return nil, err
			}
		case "values":
			if err := readValues(r, m[1]); err != nil {
				return nil, err
			}
		}
	}
	if (from == nil) == (r.whole == nil) {
		return nil, faultf(n, "from, or else template, is missing: which field of the record is meant?")
	}
	return from, nil
}

func conversions() []string {
	var out []string
	for name := range named {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func readValues(r *rule, n *yaml.Node) error {
	list, err := members(n)
	if err != nil {
		return err
	}
	r.values = map[string]any{}
	for _, m := range list {
		v, err := constant(m[1])
		if err != nil {
			return err
		}
		if s, ok := v.(string); ok && listed(r.to) {
			v = []string{s}
		}
		if m[0].Value == "*" {
			r.other = v
		} else {
			r.values[strings.ToLower(m[0].Value)] = v
		}
	}
	return nil
}

func (r *rule) apply(f event.Fields) {
	if f[r.to] != nil {
		return
	}
	if r.whole != nil {
		f.SetNew(r.to, r.whole.fill(f))
		return
	}
	for i := range r.from {
		v := r.from[i].get(f)
		if v == nil || v == "" || v == "-" {
			continue
		}
		if r.values != nil {
			v = r.meaning(v)
		}
		if r.convert != nil && v != nil {
			v = r.convert(v)
		}
		if given(v) {
			f[r.to] = v
			return
		}
	}
	if v, ok := r.values[""]; ok {
		f.SetNew(r.to, v)
	}
}

// given says whether a value is one: SetNew would set it.
func given(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []string:
		return len(v) > 0
	case []any:
		return len(v) > 0
	}
	return true
}

func (r *rule) meaning(v any) any {
	s, ok := text(v).(string)
	if !ok {
		return r.other
	}
	if m, ok := r.values[s]; ok {
		return m
	}
	if m, ok := r.values[strings.ToLower(s)]; ok {
		return m
	}
	if r.other == "=" {
		return v
	}
	return r.other
}
