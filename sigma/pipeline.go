package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Pipeline says, for the events of one format, which log sources they belong to
// and what Sigma's fields are called in them.
type Pipeline struct {
	Name   string
	Format string // event.Event.Format
	// Also are formats whose events lie like those of Format: they are read in the
	// same way, as long as no pipeline is for them alone.
	Also []string
	// Fields are Sigma's names; a source may call some otherwise.
	Fields FieldMap
	// Keywords are the event fields that keywords look through: names, or
	// beginnings of names with '*' behind; none means all.
	Keywords []string
	Sources  []Source
	Joins    []Join
	// Layouts say how records of the format lie in JSON, for Matcher.Record.
	Layouts []Layout
	// Verbatim are beginnings of event fields of which the layouts say all that the
	// format makes of a record. Where a rule asks for others, records are decoded.
	// When not given they are what the layouts put before all names.
	Verbatim []string
}

// Source is a log source and the events that belong to it: those of which every
// condition holds.
type Source struct {
	LogSource
	When   []When
	Fields FieldMap // complete: the pipeline's with the source's own laid upon
	Line   int
}

// When holds if a field of the event has one of the values, in which '*' and '?'
// are wildcards. Letter case does not matter.
type When struct {
	Field  string
	Values []string
}

// Candidate is a set of event fields whose values are taken together.
type Candidate []string

// FieldMap gives the event fields of a Sigma field: those of the first candidate
// that has a value.
type FieldMap struct {
	Names map[string][]Candidate
	// Rest is for names that are not in Names; '*' stands for the name.
	Rest []Candidate
}

// Lookup returns the candidates for a Sigma field; nil when the event never has
// it.
func (m *FieldMap) Lookup(name string) []Candidate {
	if c, ok := m.Names[name]; ok {
		return c
	}
	var out []Candidate
	for _, c := range m.Rest {
		var named Candidate
		for _, f := range c {
			named = append(named, replaceStar(f, name))
		}
		out = append(out, named)
	}
	return out
}

func replaceStar(pattern, name string) string {
	before, after, ok := cutLast(pattern, '*')
	if !ok {
		return pattern
	}
	return before + name + after
}

func cutLast(s string, c byte) (string, string, bool) {
	if i := bytes.LastIndexByte([]byte(s), c); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// ParsePipeline reads the YAML documents of a file of pipelines; docs/sigma.md
// describes their form. Unknown keys are errors. name is what problems call the
// file; the error is of type Problems, and then there is no pipeline.
func ParsePipeline(name string, data []byte) ([]Pipeline, error) {
	if len(data) > MaxFile {
		return nil, Problems{{File: name, Text: fmt.Sprintf("more than %d bytes", MaxFile)}}
	}
	p := &parser{file: name}
	var out []Pipeline
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		err := decode(dec, &doc)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, Problems{{File: name, Text: fmt.Sprintf("not YAML: %v", err)}}
		}
		root, err := p.tree(&doc, 0)
		var pl Pipeline
		var names []string
		if err == nil {
			names = root.strings("format")
			pl, err = readPipeline(root)
		}
		if err != nil {
			q := p.problem(err)
			q.Text = "pipeline: " + q.Text
			return nil, Problems{q}
		}
		for _, name := range names {
			pl.Format = name
			out = append(out, pl)
		}
	}
}

func readPipeline(root *node) (Pipeline, error) {
	var p Pipeline
	if err := root.only("name", "format", "product", "fields", "keywords", "sources", "joins", "layouts", "verbatim"); err != nil {
		return p, err
	}
	p.Name, p.Keywords = root.scalar("name"), root.strings("keywords")
	if p.Name == "" || len(root.strings("format")) == 0 {
		return p, faultf(root.line, "name and format must be given")
	}
	var err error
	if p.Fields, err = readFieldMap(root.get("fields"), FieldMap{}); err != nil {
		return p, err
	}
	product := root.scalar("product")
	if product != "" {
		p.Sources = append(p.Sources, Source{LogSource: LogSource{Product: product}, Fields: p.Fields, Line: root.line})
	}
	if n := root.get("sources"); n != nil {
		for _, item := range n.items {
			s, err := readSource(item, product, p.Fields)
			if err != nil {
				return p, err
			}
			p.Sources = append(p.Sources, s)
		}
	}
	if len(p.Sources) == 0 {
		return p, faultf(root.line, "no sources and no product: no rule would ever be looked at")
	}
	return p, p.readRest(root)
}

// readRest reads joins and layouts.
func (p *Pipeline) readRest(root *node) error {
	p.Verbatim = root.strings("verbatim")
	if n := root.get("joins"); n != nil {
		for _, item := range n.items {
			j, err := readJoin(item)
			if err != nil {
				return err
			}
			p.Joins = append(p.Joins, j)
		}
	}
	if n := root.get("layouts"); n != nil {
		for _, item := range n.items {
			l, err := readLayout(item)
			if err != nil {
				return err
			}
			p.Layouts = append(p.Layouts, l)
			if root.get("verbatim") == nil && l.Rest != "" {
				p.Verbatim = append(p.Verbatim, l.Rest)
			}
		}
	}
	return nil
}

// only refuses keys that are not known, and nodes that are no mapping.
func (n *node) only(keys ...string) error {
	if n == nil || n.kind != mapping {
		return faultf(1, "a mapping is expected, with the keys %v", keys)
	}
	for _, p := range n.pairs {
		if !slices.Contains(keys, p.key) {
			return faultf(p.line, "the key %q is not one of %v", p.key, keys)
		}
	}
	return nil
}

func readSource(n *node, product string, fields FieldMap) (Source, error) {
	if err := n.only("category", "product", "service", "when", "fields"); err != nil {
		return Source{}, err
	}
	s := Source{LogSource: LogSource{Category: n.scalar("category"), Product: n.scalar("product"), Service: n.scalar("service")}, Line: n.line}
	if s.Product == "" {
		s.Product = product
	}
	if s.LogSource == (LogSource{}) {
		return s, faultf(n.line, "a source needs category, product or service")
	}
	if when := n.get("when"); when != nil {
		for _, p := range when.pairs {
			w := When{Field: p.key, Values: when.strings(p.key)}
			if len(w.Values) == 0 {
				return s, faultf(p.line, "when: %s has no value", p.key)
			}
			for _, v := range w.Values {
				if _, err := compileText(parsePattern(v)); err != nil {
					return s, faultf(p.line, "when: %s: %v", p.key, err)
				}
			}
			s.When = append(s.When, w)
		}
	}
	var err error
	s.Fields, err = readFieldMap(n.get("fields"), fields)
	return s, err
}

// readFieldMap lays the names of n upon those of under.
func readFieldMap(n *node, under FieldMap) (FieldMap, error) {
	out := FieldMap{Names: map[string][]Candidate{}, Rest: under.Rest}
	for name, c := range under.Names {
		out.Names[name] = c
	}
	if n == nil {
		return out, nil
	}
	if n.kind != mapping {
		return out, faultf(n.line, "fields is a mapping of Sigma's names to names in the event")
	}
	for _, p := range n.pairs {
		c := candidates(p.value)
		if p.key == "*" {
			out.Rest = c
			continue
		}
		out.Names[p.key] = c
	}
	return out, nil
}

// candidates reads a name, a list of names of which the first that has a value
// counts, or in that list lists of names that are taken together.
func candidates(n *node) []Candidate {
	if n.kind == scalar {
		if n.tag == "!!null" {
			return nil
		}
		return []Candidate{{n.text}}
	}
	var out []Candidate
	for _, item := range n.items {
		switch {
		case item.kind == scalar && item.tag != "!!null":
			out = append(out, Candidate{item.text})
		case item.kind == list:
			var c Candidate
			for _, name := range item.items {
				c = append(c, name.text)
			}
			if len(c) > 0 {
				out = append(out, c)
			}
		}
	}
	return out
}
