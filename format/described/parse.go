package described

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync/atomic"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/format"
)

// Parse compiles the descriptions in a file, one a YAML document. name is what
// errors call the file; they are of type *Problem.
func Parse(name string, data []byte) ([]*Description, error) {
	if len(data) > maxFile {
		return nil, &Problem{name, 1, "more than a megabyte; a description is a page"}
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var out []*Description
	for {
		var doc yaml.Node
		err := decodeNode(dec, &doc)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, &Problem{name, yamlLine(err), "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
		}
		if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
			continue
		}
		d, err := parseDocument(doc.Content[0])
		if err != nil {
			p := &Problem{File: name, Line: 1, Text: err.Error()}
			var f *fault
			if errors.As(err, &f) {
				p.Line = f.line
			}
			return nil, p
		}
		d.File = name
		out = append(out, d)
	}
}

// decodeNode turns a panic of the YAML library into an error.
func decodeNode(dec *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("yaml: the document cannot be read")
		}
	}()
	return dec.Decode(n)
}

var linePattern = regexp.MustCompile(`line (\d+)`)

func yamlLine(err error) int {
	if m := linePattern.FindStringSubmatch(err.Error()); m != nil {
		n, _ := format.Number(m[1]).(int64)
		return int(max(n, 1))
	}
	return 1
}

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

var documentKeys = []string{
	"name", "title", "prefix", "base", "recognise", "cut", "pairs", "columns", "lines", "split", "unpack", "time", "layouts",
	"set", "fields", "when", "tests",
}

func parseDocument(root *yaml.Node) (*Description, error) {
	left := maxNodes
	root, err := resolve(root, 0, &left)
	if err != nil {
		return nil, err
	}
	list, err := members(root, documentKeys...)
	if err != nil {
		return nil, err
	}
	p := &documentParser{d: &Description{Line: root.Line, brief: new(atomic.Pointer[briefly])}, nodes: map[string]*yaml.Node{}, root: root}
	for _, m := range list {
		p.nodes[m[0].Value] = m[1]
	}
	for _, step := range []func() error{p.head, p.cutting, p.recognition, p.timing, p.mapping, p.tests} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return p.d, nil
}

type documentParser struct {
	d     *Description
	root  *yaml.Node
	nodes map[string]*yaml.Node
	kind  string // how it is cut
}

func (p *documentParser) text(key, otherwise string) (string, error) {
	n := p.nodes[key]
	if n == nil {
		return otherwise, nil
	}
	return scalar(n)
}

func (p *documentParser) list(key string) ([]string, error) {
	n := p.nodes[key]
	if n == nil {
		return nil, nil
	}
	return texts(n)
}

func (p *documentParser) head() error {
	var err error
	d := p.d
	if d.Name, err = p.text("name", ""); err != nil {
		return err
	}
	if !namePattern.MatchString(d.Name) || len(d.Name) > 40 {
		return faultf(p.root, "name: %q is no name; use up to 40 small letters, digits and single dashes", d.Name)
	}
	if d.Title, err = p.text("title", d.Name); err != nil {
		return err
	}
	if p.kind, err = p.text("cut", "json"); err != nil {
		return err
	}
	base, prefix := "text", d.Name
	if p.kind == "json" {
		base, prefix = "json", "json"
	}
	if d.base, err = p.text("base", base); err != nil {
		return err
	}
	if d.base != "json" && d.base != "text" && d.base != "ecs" {
		return faultf(p.nodes["base"], "base: %q is not one of json, text, ecs", d.base)
	}
	if d.scan, err = p.text("prefix", prefix); err != nil {
		return err
	}
	if d.scan == "" || len(d.scan) > 64 || strings.HasPrefix(d.scan, "vedette") {
		return faultf(p.nodes["prefix"], "prefix: %q cannot be the place of the record's own fields", d.scan)
	}
	d.prefix = d.scan + "."
	return nil
}

func (p *documentParser) timing() error {
	var err error
	if p.d.layout, err = p.list("layouts"); err != nil {
		return err
	}
	n := p.nodes["time"]
	if n == nil {
		return nil
	}
	for _, item := range items(n) {
		names, err := texts(item)
		if err != nil {
			return err
		}
		r := timeRule{}
		for _, name := range names {
			s, err := p.d.source(item, name)
			if err != nil {
				return err
			}
			r.parts = append(r.parts, s)
		}
		p.d.times = append(p.d.times, r)
	}
	return nil
}

func (p *documentParser) tests() error {
	n := p.nodes["tests"]
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		return faultf(n, "tests is a list of {record, fields}")
	}
	for _, item := range n.Content {
		list, err := members(item, "record", "fields")
		if err != nil {
			return err
		}
		t := Test{Fields: map[string]any{}, Line: item.Line}
		for _, m := range list {
			if m[0].Value == "record" {
				if t.Record, err = scalar(m[1]); err != nil {
					return err
				}
				continue
			}
			fields, err := members(m[1])
			if err != nil {
				return err
			}
			for _, f := range fields {
				if t.Fields[f[0].Value], err = constant(f[1]); err != nil {
					return err
				}
			}
		}
		p.d.Tests = append(p.d.Tests, t)
	}
	return nil
}
