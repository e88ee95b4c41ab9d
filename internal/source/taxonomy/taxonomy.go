// Package taxonomy reads MISP taxonomies (machinetag.json): what the machine tags of
// indicators mean, and which of them exclude each other. [Parser] implements
// collect.Parser; each tag becomes an object of intel's type of tags.
package taxonomy

import (
	"bytes"
	"cmp"
	"context"
	"strings"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
)

// Parser reads taxonomies.
type Parser struct{}

// Kind returns "taxonomy".
func (Parser) Kind() string { return "taxonomy" }

// Recognise knows a taxonomy by the names of its members, in whatever order they come.
func (Parser) Recognise(name string, head []byte) int {
	s := strings.TrimLeft(string(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))), " \t\r\n")
	switch {
	case !strings.HasPrefix(s, "{"):
		return 0
	case strings.HasSuffix(strings.ToLower(name), "machinetag.json"):
		return 98
	case strings.Contains(s, `"predicates"`) && (strings.Contains(s, `"expanded"`) || strings.Contains(s, `"namespace"`)):
		return 96
	}
	return 0
}

type file struct {
	Namespace  string  `json:"namespace"`
	Expanded   string  `json:"expanded"`
	Exclusive  bool    `json:"exclusive"`
	Predicates []entry `json:"predicates"`
	Values     []struct {
		Predicate string  `json:"predicate"`
		Entry     []entry `json:"entry"`
	} `json:"values"`
}

// entry is a predicate, or a value of one.
type entry struct {
	Value       string `json:"value"`
	Expanded    string `json:"expanded"`
	Description string `json:"description"`
	Exclusive   bool   `json:"exclusive"`
}

const (
	maxFile = 32 << 20 // the largest published one has 0.2 MB
	maxWord = 300      // of a namespace, a predicate, a value
)

// Parse implements collect.Parser. It holds one file, which the format makes it do.
func (Parser) Parse(ctx context.Context, in collect.Input, out collect.Sink) error {
	var f file
	if ok, err := in.Document("taxonomy", maxFile, &f); !ok {
		return err
	}
	if !word(f.Namespace) || len(f.Predicates) == 0 {
		return errs.New(errs.Invalid, "no_taxonomy", "%s, line 1: a taxonomy has a namespace and predicates; this has not.", in.Name)
	}
	return f.pass(ctx, out)
}

func word(s string) bool { return strings.TrimSpace(s) != "" && len(s) <= maxWord }

// pass hands the tags over: of a predicate without values, the predicate; else its values.
func (f *file) pass(ctx context.Context, out collect.Sink) error {
	predicates := map[string]entry{}
	for _, p := range f.Predicates {
		predicates[p.Value] = p
	}
	told := map[string]bool{}
	n := 0
	tell := func(tag, title, description, group string) error {
		n++
		t := intel.Tag{Tag: tag, Taxonomy: cmp.Or(f.Expanded, f.Namespace), Title: title, Description: description, Exclusive: group}
		o := t.Object()
		if told[o.ID] {
			out.Drop("twice", n, tag)
			return nil
		}
		told[o.ID] = true
		o.Line = n
		return cmp.Or(ctx.Err(), out.Object(o))
	}
	valued := map[string]bool{}
	for _, v := range f.Values {
		p, known := predicates[v.Predicate]
		valued[v.Predicate] = true
		for _, e := range v.Entry {
			if !known || !word(e.Value) || !word(v.Predicate) {
				n++
				out.Drop("no-predicate", n, v.Predicate+" "+e.Value)
				continue
			}
			if err := tell(f.Namespace+":"+v.Predicate+`="`+e.Value+`"`, join(p.text(), e.text()), e.Description, f.group(p)); err != nil {
				return err
			}
		}
	}
	for _, p := range f.Predicates {
		switch {
		case valued[p.Value]:
		case !word(p.Value):
			n++
			out.Drop("no-name", n, p.Expanded)
		default:
			if err := tell(f.Namespace+":"+p.Value, p.text(), p.Description, f.group(entry{})); err != nil {
				return err
			}
		}
	}
	return nil
}

// group names the tags of which an indicator can bear one; "" = any number.
func (f *file) group(p entry) string {
	switch {
	case f.Exclusive:
		return f.Namespace
	case p.Exclusive:
		return f.Namespace + ":" + p.Value
	}
	return ""
}

func (e entry) text() string { return cmp.Or(e.Expanded, e.Value) }

func join(predicate, value string) string { return predicate + ": " + value }
