package described

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// cutter cuts a record into the fields that it has by its own grammar.
type cutter interface {
	// cut fills r.fields; ok is false for a record that carries no event.
	cut(r *decoder, record string) (ok bool, err error)
}

// headed is a cutter of tables whose columns a header names.
type headed interface {
	cutter
	head(r *decoder, header string) error
}

var cuts = []string{"json", "pairs", "csv", "table", "w3c", "lines", "cef", "leef"}

func (p *documentParser) cutting() error {
	d := p.d
	var err error
	switch p.kind {
	case "json":
		d.cut = jsonCut{}
	case "pairs":
		d.cut, err = p.pairs(p.nodes["pairs"])
	case "csv":
		d.cut, err = p.csv(p.nodes["columns"])
	case "table":
		d.cut = tableCut{}
	case "w3c":
		var columns []string
		columns, err = p.list("columns")
		d.cut = w3cCut{columns: columns}
	case "lines":
		d.cut, err = p.lines(p.nodes["lines"])
	case "cef":
		d.cut = cefCut{}
	case "leef":
		d.cut = leefCut{}
	default:
		err = faultf(p.nodes["cut"], "cut: %q is not one of %s", p.kind, strings.Join(cuts, ", "))
	}
	if err != nil || p.nodes["split"] == nil {
		return err
	}
	for _, item := range items(p.nodes["split"]) {
		if err := p.splitRule(item); err != nil {
			return err
		}
	}
	return nil
}

// splitRule cuts a field further.
type splitRule struct {
	of    source
	lines linesCut
}

func (p *documentParser) splitRule(n *yaml.Node) error {
	list, err := members(n, "of", "lines")
	if err != nil {
		return err
	}
	var s splitRule
	for _, m := range list {
		if m[0].Value == "of" {
			name, err := scalar(m[1])
			if err != nil {
				return err
			}
			if s.of, err = p.d.source(m[1], name); err != nil {
				return err
			}
			continue
		}
		if s.lines, err = p.lines(m[1]); err != nil {
			return err
		}
	}
	if s.of.field == "" || len(s.lines.alternatives) == 0 {
		return faultf(n, "split needs of, a field, and lines, the patterns for it")
	}
	p.d.split = append(p.d.split, s)
	return nil
}

type jsonCut struct{}

func (jsonCut) cut(r *decoder, record string) (bool, error) {
	f, err := r.scan.Object(record)
	r.fields = f
	return err == nil, err
}

// begin starts the fields of a record that is a line.
func (r *decoder) begin(record string) {
	r.fields = make(event.Fields, max(r.width, 8))
	r.fields["message"] = record
	r.next = 0
}

func badRow(want, got int) error {
	return format.Faultf("columns", "%d columns where the header has %d", got, want)
}
