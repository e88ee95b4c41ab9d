package stix

import (
	"strings"
	"time"
)

// rules checks the conditions over several properties of one object.
func (v *Validator) rules(path string, o map[string]any, s *schema) {
	for _, r := range s.rules {
		v.rule(path, o, s, r)
	}
}

func (v *Validator) rule(path string, o map[string]any, s *schema, r rule) {
	has := func(name string) bool { return o[name] != nil }
	n := 0
	for _, name := range r.names {
		if has(name) {
			n++
		}
	}
	names := strings.Join(r.names, ", ")
	switch r.kind {
	case "any":
		if n == 0 {
			v.fail(path, "one of %s is needed", names)
		}
	case "one":
		if n != 1 && !v.old {
			v.fail(path, "exactly one of %s is needed", names)
		}
	case "some":
		if !v.anyKnown(o, s, nil) && !v.old {
			v.fail(path, "%s needs at least one property", s.name)
		}
	case "also":
		if !v.anyKnown(o, s, r.names) {
			v.fail(path, "%s needs a property beside %s", s.name, names)
		}
	case "needs":
		if has(r.names[0]) && !has(r.names[1]) {
			v.fail(join(path, r.names[0]), "%s is given without %s", r.names[0], r.names[1])
		}
	case "true-only", "false-only":
		if b, ok := o[r.names[0]].(bool); ok && has(r.names[1]) && b != (r.kind == "true-only") {
			v.fail(join(path, r.names[1]), "%s cannot stand where %s is %v", r.names[1], r.names[0], b)
		}
	case "order", "after":
		a, b := moment(o[r.names[0]]), moment(o[r.names[1]])
		if !a.IsZero() && !b.IsZero() && (b.Before(a) || r.kind == "after" && b.Equal(a)) {
			v.fail(join(path, r.names[1]), "%s is not after %s", r.names[1], r.names[0])
		}
	}
}

// anyKnown reports whether o has a property of its own type, beside except.
func (v *Validator) anyKnown(o map[string]any, s *schema, except []string) bool {
	for name := range s.properties {
		if o[name] != nil && (len(except) == 0 || except[0] != name) {
			return true
		}
	}
	return o["extensions"] != nil
}

func moment(value any) time.Time {
	s, _ := value.(string)
	t, _ := time.Parse(time.RFC3339Nano, s)
	return t
}

// selectors checks that granular markings point at something.
func (v *Validator) selectors(o map[string]any, marks []any) {
	for _, m := range marks {
		mark, _ := m.(map[string]any)
		list, _ := mark["selectors"].([]any)
		for _, e := range list {
			if s, ok := e.(string); ok && !selects(o, strings.Split(s, ".")) {
				v.warn("granular_markings", "the selector %q points at nothing", s)
			}
		}
	}
}

func selects(value any, steps []string) bool {
	for _, step := range steps {
		switch t := value.(type) {
		case map[string]any:
			value = t[step]
		case []any:
			i := element(step, len(t))
			if i < 0 {
				return false
			}
			value = t[i]
		}
		if value == nil {
			return false
		}
	}
	return true
}

// element reads the index of a selector, such as [2]; -1 when there is none.
func element(step string, n int) int {
	inner, ok := strings.CutPrefix(step, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !ok || !closed || inner == "" || len(inner) > 9 || strings.Trim(inner, "0123456789") != "" {
		return -1
	}
	i := 0
	for _, c := range inner {
		i = i*10 + int(c-'0')
	}
	if i >= n {
		return -1
	}
	return i
}
