package stix

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing in which an object differs from the specification.
type Problem struct {
	Line    int    `json:"line,omitempty"` // where its object begins, from 1
	ID      string `json:"id,omitempty"`   // of the object
	Path    string `json:"path,omitempty"` // of the property, such as external_references[0].url
	Message string `json:"message"`
	// Warning: a recommendation, or a rule that many producers break without harm.
	Warning bool `json:"-"`
}

func (p Problem) String() string {
	where := p.ID
	if p.Path != "" {
		where += " " + p.Path
	}
	return fmt.Sprintf("line %d: %s: %s", p.Line, strings.TrimSpace(where), p.Message)
}

// Bounds of what a Validator keeps.
const (
	maxErrors   = 1000
	maxWarnings = 200
)

// Validator holds the objects of one document against STIX 2.1 or, for objects
// without a spec_version, 2.0. What types and properties mean that are not in the
// specification is not its business: they are accepted, as the specification
// wants it. Not safe for concurrent use.
type Validator struct {
	Problems []Problem
	Objects  int
	// More counts errors beyond the first 1,000, Warned warnings beyond the first 200.
	More, Warned int

	errors, warnings int

	object  Object
	old     bool // the object at hand is of STIX 2.0
	keys    map[string]any
	seen    map[string]bool
	ends    []end
	wrapped bool
}

// end is one side of a relationship, to be found in the same bundle.
type end struct {
	line         int
	id, path, to string
}

// Valid reports whether no problem is more than a warning.
func (v *Validator) Valid() bool {
	return v.More == 0 && !slices.ContainsFunc(v.Problems, func(p Problem) bool { return !p.Warning })
}

// Add checks one object.
func (v *Validator) Add(o Object) {
	v.Objects++
	v.object = o
	dec := json.NewDecoder(bytes.NewReader(o.Raw))
	dec.UseNumber()
	var members map[string]any
	if err := dec.Decode(&members); err != nil {
		v.fail("", "this is no JSON object")
		return
	}
	v.check(members)
}

// Bundle checks what stands around the objects.
func (v *Validator) Bundle(raw json.RawMessage, line int) {
	v.object = Object{Line: line}
	var b struct {
		Type    string          `json:"type"`
		ID      string          `json:"id"`
		Version string          `json:"spec_version"`
		Objects json.RawMessage `json:"objects"`
	}
	if err := json.Unmarshal(raw, &b); err != nil || b.Type == "" { // a TAXII envelope, or a bare list
		return
	}
	v.wrapped, v.object.ID = true, b.ID
	switch {
	case b.ID == "":
		v.fail("id", "a bundle needs an id")
	default:
		v.identifier("id", b.ID, []string{"bundle"})
	}
	if b.Objects != nil {
		v.fail("objects", "objects must be a list")
	}
	if b.Version != "" && b.Version != "2.0" && b.Version != "2.1" {
		v.warn("spec_version", "version %q is not 2.0 or 2.1", b.Version)
	}
}

// Close checks what only the whole document can show: that both ends of each
// relationship of a bundle are in it.
func (v *Validator) Close() {
	if v.Objects == 0 && !v.wrapped {
		v.object = Object{Line: 1}
		v.fail("", "there is no STIX object in it")
	}
	for _, e := range v.ends {
		if v.wrapped && !v.seen[e.to] {
			v.object = Object{Line: e.line, ID: e.id}
			v.fail(e.path, "%s is not in the bundle", e.to)
		}
	}
}

func (v *Validator) fail(path, format string, args ...any) { v.report(false, path, format, args...) }
func (v *Validator) warn(path, format string, args ...any) { v.report(true, path, format, args...) }

func (v *Validator) report(warning bool, path, format string, args ...any) {
	kept, more, most := &v.errors, &v.More, maxErrors
	if warning {
		kept, more, most = &v.warnings, &v.Warned, maxWarnings
	}
	if *kept >= most {
		*more++
		return
	}
	*kept++
	v.Problems = append(v.Problems, Problem{v.object.Line, v.object.ID, path, fmt.Sprintf(format, args...), warning})
}

// check holds one top-level object against its schema.
func (v *Validator) check(o map[string]any) {
	kind, _ := o["type"].(string)
	if kind == "" {
		v.fail("type", "the object has no type")
		return
	}
	s := schemas[kind]
	if s == nil || s.family == "part" {
		s = nil
		v.customType(kind)
	}
	family := ""
	if s != nil {
		family = s.family
	}
	version, _ := o["spec_version"].(string)
	v.old = version == "2.0" || version == "" && family != "sco"
	v.keys = nil
	v.members("", o, schemas["common"])
	v.common(o, kind, family)
	if s == nil {
		return
	}
	if v.old && kind == "observed-data" {
		v.keys, _ = o["objects"].(map[string]any)
	}
	v.members("", o, s)
	v.rules("", o, s)
	if kind == "relationship" {
		for _, path := range []string{"source_ref", "target_ref"} {
			if to, ok := o[path].(string); ok {
				v.ends = append(v.ends, end{v.object.Line, v.object.ID, path, to})
			}
		}
	}
}

// common checks what depends on the family of the object.
func (v *Validator) common(o map[string]any, kind, family string) {
	id, _ := o["id"].(string)
	if id != "" {
		v.identifier("id", id, []string{kind})
		if v.seen == nil {
			v.seen = map[string]bool{}
		}
		v.seen[id] = true
	}
	v.rules("", o, schemas["common"])
	versioned := family == "sdo" || family == "sro" || kind == "extension-definition" || kind == "language-content"
	if (versioned || kind == "marking-definition") && o["created"] == nil {
		v.fail("created", "created is missing")
	}
	if versioned && o["modified"] == nil {
		v.fail("modified", "modified is missing")
	}
	if kind == "marking-definition" && o["modified"] != nil {
		v.warn("modified", "a marking definition has no versions")
	}
	if marks, ok := o["granular_markings"].([]any); ok {
		v.selectors(o, marks)
	}
	for name := range o {
		v.name(name, o)
	}
}

// name checks the name of a property, and that what it describes is there.
func (v *Validator) name(name string, o map[string]any) {
	if len(name) < 2 || len(name) > 250 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		v.warn(name, "property names have 3 to 250 small letters, digits and _")
	}
	if base, ok := strings.CutSuffix(name, "_enc"); ok && !v.old && o[base] == nil {
		v.fail(name, "%s says how %s is encoded, which is missing", name, base)
	}
}

func (v *Validator) customType(kind string) {
	if strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		v.fail("type", "a type has only small letters, digits and hyphens, unlike %q", kind)
		return
	}
	v.warn("type", "%s is no type of the specification", kind)
}

// members checks each property that the schema knows, and those that must be.
func (v *Validator) members(path string, o map[string]any, s *schema) {
	for _, name := range slices.Sorted(maps.Keys(s.properties)) {
		p := s.properties[name]
		value, there := o[name]
		at := join(path, name)
		switch {
		case !there && (p.required || p.old && v.old || p.since21 && !v.old):
			v.fail(at, "%s is missing", name)
		case !there && p.soft && !v.old:
			v.warn(at, "%s is missing", name)
		case there && p.list:
			v.list(at, value, p)
		case there:
			v.value(at, value, p)
		}
	}
}

func (v *Validator) list(path string, value any, p property) {
	list, ok := value.([]any)
	switch {
	case !ok:
		v.fail(path, "a list is needed")
	case len(list) == 0:
		v.fail(path, "the list is empty; leave the property out instead")
	}
	for i, e := range list {
		v.value(path+"["+strconv.Itoa(i)+"]", e, p)
	}
}

// part checks a nested value that has a schema of its own.
func (v *Validator) part(path string, value any, s *schema) {
	o, ok := value.(map[string]any)
	if !ok {
		v.fail(path, "an object is needed")
		return
	}
	v.members(path, o, s)
	v.rules(path, o, s)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
