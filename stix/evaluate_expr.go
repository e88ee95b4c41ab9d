package stix

import (
	"encoding/base64"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// holds reports whether x is true of the objects of one observation.
func (e *evaluation) holds(x Expr, d *ObservedData) bool {
	return len(e.satisfying(x, d)) > 0
}

// satisfying returns the keys of the objects for which x is true. The terms of
// an AND are true of the same object; terms on other types are true of others.
func (e *evaluation) satisfying(x Expr, d *ObservedData) map[string]bool {
	switch x := x.(type) {
	case Comparison:
		return e.compared(x, d)
	case Logic:
		if x.Op == And {
			return e.all(x.Terms, d)
		}
		out := map[string]bool{}
		for _, t := range x.Terms {
			maps.Copy(out, e.satisfying(t, d))
		}
		return out
	}
	return nil
}

func (e *evaluation) all(terms []Expr, d *ObservedData) map[string]bool {
	same := map[string]map[string]bool{} // by the types that the terms are about
	for _, t := range terms {
		keys := e.satisfying(t, d)
		about := strings.Join(objectTypes(t), " ")
		if have, ok := same[about]; ok {
			maps.DeleteFunc(have, func(key string, _ bool) bool { return !keys[key] })
			keys = have
		}
		if len(keys) == 0 {
			return nil
		}
		same[about] = keys
	}
	if len(same) == 1 || !disjoint(slices.Collect(maps.Keys(same))) {
		return intersect(slices.Collect(maps.Values(same)))
	}
	out := map[string]bool{}
	for _, keys := range same {
		maps.Copy(out, keys)
	}
	return out
}

func intersect(sets []map[string]bool) map[string]bool {
	out := maps.Clone(sets[0])
	for _, s := range sets[1:] {
		maps.DeleteFunc(out, func(key string, _ bool) bool { return !s[key] })
	}
	return out
}

// disjoint reports whether no type stands in two of the lists.
func disjoint(lists []string) bool {
	seen := map[string]bool{}
	for _, l := range lists {
		for _, t := range strings.Fields(l) {
			if seen[t] {
				return false
			}
			seen[t] = true
		}
	}
	return true
}

// objectTypes lists the types that an expression is about, sorted.
func objectTypes(x Expr) []string {
	var out []string
	switch x := x.(type) {
	case Comparison:
		out = append(out, x.Path.Object)
	case Logic:
		for _, t := range x.Terms {
			out = append(out, objectTypes(t)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// compared returns the keys of the objects that a comparison is true of: those
// with a value at its path that passes.
func (e *evaluation) compared(c Comparison, d *ObservedData) map[string]bool {
	out := map[string]bool{}
	test, err := e.test(c)
	if err != nil {
		if e.err == nil {
			e.err = err
		}
		return nil
	}
	for key, o := range d.Objects {
		if kind, _ := o["type"].(string); kind != c.Path.Object {
			continue
		}
		values := e.at(o, c.Path.Steps, d)
		switch {
		case c.Op == Exists:
			if (len(values) > 0) != c.Negated {
				out[key] = true
			}
		case slices.ContainsFunc(values, func(v any) bool { return test(v) != c.Negated }):
			out[key] = true
		}
	}
	return out
}

// at returns the values that a path leads to. References are followed; names
// that end in _hex and _bin hold bytes.
func (e *evaluation) at(o map[string]any, steps []Step, d *ObservedData) []any {
	values := []any{o}
	for i, s := range steps {
		var next []any
		for _, v := range values {
			if !e.spend() {
				return nil
			}
			next = append(next, step(v, s)...)
		}
		name := s.Name
		if name == "" && i > 0 {
			name = steps[i-1].Name
		}
		if i+1 < len(steps) && isReference(name) {
			follow(next, d)
		}
		values = next
	}
	if len(steps) > 0 {
		typed(values, steps[len(steps)-1].Name)
	}
	return values
}

func step(v any, s Step) []any {
	if s.Name != "" {
		if o, ok := v.(map[string]any); ok {
			if inner, ok := o[s.Name]; ok {
				return []any{inner}
			}
		}
		return nil
	}
	list, ok := v.([]any)
	switch {
	case !ok || s.Index >= len(list):
		return nil
	case s.Index == AnyIndex:
		return slices.Clone(list)
	}
	return []any{list[s.Index]}
}

func isReference(name string) bool {
	return strings.HasSuffix(name, "_ref") || strings.HasSuffix(name, "_refs")
}

// follow puts objects in the place of the keys that refer to them.
func follow(values []any, d *ObservedData) {
	for i, v := range values {
		if key, ok := v.(string); ok {
			if o := d.Objects[key]; o != nil {
				values[i] = o
			}
		}
	}
}

// typed turns texts that stand for bytes into bytes.
func typed(values []any, name string) {
	var decode func(string) ([]byte, error)
	switch {
	case strings.HasSuffix(name, "_hex"):
		decode = hex.DecodeString
	case strings.HasSuffix(name, "_bin"):
		decode = base64.StdEncoding.DecodeString
	default:
		return
	}
	for i, v := range values {
		if s, ok := v.(string); ok {
			if b, err := decode(s); err == nil {
				values[i] = b
			}
		}
	}
}
