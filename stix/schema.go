package stix

import (
	"strconv"
	"strings"
)

// schema is what the specification says of one type of object, extension or
// nested value.
type schema struct {
	name       string
	properties map[string]property
	rules      []rule
	family     string // "sdo", "sco", "sro", "meta"; "" for nested values
}

// property is one member of an object.
type property struct {
	kind     string   // of the value, or of each element of a list
	list     bool     // a list of kind
	required bool     // must be there
	old      bool     // required by STIX 2.0 only
	since21  bool     // required by STIX 2.1 only
	soft     bool     // required by the specification, but so often missing that it only warns
	of       []string // references: types allowed; enum: words allowed
	min, max float64  // numbers
	bounded  bool
}

// rule is a condition over several properties.
type rule struct {
	kind  string // any, one, not-both, needs, order, after, exclusive-value
	names []string
}

// compileSchemas reads the tables of schema_objects.go and
// schema_observables.go. A line is
//
//	sdo NAME            begins a type of a family (sdo, sro, sco, meta, part)
//	PROPERTY KIND       KIND may be [KIND] for a list; PROPERTY may end in
//	                    ! required, !0 required by 2.0, !1 required by 2.1,
//	                    ? required by 2.1 but only warned about
//	rule KIND NAMES...  a condition over several properties
func compileSchemas(texts ...string) map[string]*schema {
	all := map[string]*schema{}
	var s *schema
	for _, text := range texts {
		for line := range strings.Lines(text) {
			f := strings.Fields(line)
			if len(f) == 0 {
				continue
			}
			switch f[0] {
			case "sdo", "sro", "sco", "meta", "part":
				s = &schema{name: f[1], family: f[0], properties: map[string]property{}}
				all[f[1]] = s
			case "rule":
				s.rules = append(s.rules, rule{f[1], f[2:]})
			default:
				name, p := compileProperty(f[0], f[1])
				s.properties[name] = p
			}
		}
	}
	return all
}

func compileProperty(name, kind string) (string, property) {
	var p property
	for _, mark := range []struct {
		suffix string
		set    func()
	}{
		{"!0", func() { p.old = true }},
		{"!1", func() { p.since21 = true }},
		{"!", func() { p.required = true }},
		{"?", func() { p.soft = true }},
	} {
		if rest, ok := strings.CutSuffix(name, mark.suffix); ok {
			mark.set()
			name = rest
			break
		}
	}
	if inner, ok := strings.CutPrefix(kind, "["); ok {
		p.list, kind = true, strings.TrimSuffix(inner, "]")
	}
	kind, arg, ok := strings.Cut(kind, "(")
	p.kind = kind
	if ok {
		arg = strings.TrimSuffix(arg, ")")
		if low, high, span := strings.Cut(arg, ".."); span {
			p.min, _ = strconv.ParseFloat(low, 64)
			p.max, _ = strconv.ParseFloat(high, 64)
			p.bounded = true
		} else {
			p.of = strings.Split(arg, "|")
		}
	}
	return name, p
}

var schemas = compileSchemas(objectSchemas, observableSchemas)
