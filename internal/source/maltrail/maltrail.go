// Package maltrail reads the static trails of the Maltrail project: one file per
// malware family, actor or kind of suspicious service, with its other names and
// references in comments. [Parser] implements collect.Parser; [Classify] tells
// the kinds of trails apart.
package maltrail

import (
	"bytes"
	"context"
	"path"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
)

// maxNames is how many names an indicator carries: the family and its first
// aliases. Some families have dozens, and a million indicators would carry them all.
const maxNames = 3

// Parser reads trail files.
type Parser struct{}

// Kind returns "maltrail".
func (Parser) Kind() string { return "maltrail" }

// Recognise knows a trail file by its copyright line, or by where it lies.
func (Parser) Recognise(name string, head []byte) int {
	if bytes.Contains(head, []byte("Maltrail developers")) {
		return 100
	}
	if strings.Contains(strings.ReplaceAll(name, "\\", "/"), "trails/static/") && strings.HasSuffix(name, ".txt") {
		return 90
	}
	return 0
}

// Parse implements collect.Parser. A trail that is no single value (a path on any
// host, a whole zone, an expression) becomes a STIX pattern that says the same.
func (Parser) Parse(ctx context.Context, in collect.Input, out collect.Sink) error {
	lines, err := in.Lines(ctx)
	if err != nil {
		return err
	}
	f := newFile(in.Name)
	for lines.Next() {
		text := strings.TrimSpace(lines.Text())
		if fault := lines.Fault(); fault != "" {
			out.Drop(fault, lines.Number(), text)
			continue
		}
		if text == "" {
			f.paragraph()
			continue
		}
		if text[0] == '#' {
			f.comment(text)
			continue
		}
		entry, remark := splitRemark(text)
		c, ok := f.claim(entry)
		if !ok {
			out.Drop("not-a-trail", lines.Number(), text)
			continue
		}
		c.Comment, c.Line = remark, lines.Number()
		in.Fill(&c)
		if err := out.Claim(c); err != nil {
			return err
		}
	}
	return lines.Err()
}

// splitRemark takes off a remark: a # after white space.
func splitRemark(text string) (entry, remark string) {
	for i := 1; i < len(text); i++ {
		if text[i] == '#' && (text[i-1] == ' ' || text[i-1] == '\t') {
			return strings.TrimSpace(text[:i]), strings.TrimSpace(text[i+1:])
		}
	}
	return text, ""
}

// file is what a trail file says about the trails that follow.
type file struct {
	names     []string
	tags      []string
	layer     indicator.Layer
	reference string
	fresh     bool // the last reference belongs to the paragraph being read
}

func newFile(name string) *file {
	name = strings.ReplaceAll(name, "\\", "/")
	for _, ext := range []string{".gz", ".zst", ".txt"} {
		name = strings.TrimSuffix(name, ext)
	}
	entity := strings.ReplaceAll(path.Base(name), "_", " ")
	f := &file{layer: indicator.IOC}
	switch category := path.Base(path.Dir(name)); category {
	case "malware":
		f.names, f.tags = []string{entity}, []string{"malware"}
	case "malicious", "suspicious":
		f.tags = []string{category, entity}
	default: // mass scanners lie at the top
		f.tags = []string{entity}
		f.layer = indicator.IOA
	}
	if actor, ok := strings.CutPrefix(entity, "apt "); ok && f.names != nil {
		f.names, f.tags = []string{actor}, []string{"malware", "apt"}
	}
	if family, ok := strings.CutPrefix(entity, "android "); ok && f.names != nil {
		f.names, f.tags = []string{family}, []string{"malware", "android"}
	}
	return f
}

// paragraph ends the trails that a reference stands above. The first blank line
// after the reference belongs to the layout.
func (f *file) paragraph() { f.fresh = false }

func (f *file) comment(text string) {
	key, value, ok := strings.Cut(strings.TrimLeft(text, "# "), ":")
	if !ok {
		return
	}
	value = strings.TrimSpace(value)
	switch strings.ToLower(strings.TrimSpace(key)) {
	case "aliases", "alias":
		for alias := range strings.SplitSeq(value, ",") {
			if alias = strings.TrimSpace(alias); alias != "" && f.names != nil && len(f.names) < maxNames {
				f.names = append(f.names, alias)
			}
		}
	case "reference", "referecne", "refereence", "refernce":
		// Of several references in a row the first is kept: the report.
		if !f.fresh {
			f.reference, _, _ = strings.Cut(value, " ")
			f.fresh = true
		}
	case "generic", "generic trails", "misc", "misc.":
		f.reference = ""
	}
}

func (f *file) claim(entry string) (indicator.Claim, bool) {
	c := indicator.Claim{Names: f.names, Tags: f.tags, Layer: f.layer, Reference: f.reference}
	kind, value := Classify(entry)
	c.Type, c.Raw = typed(kind, value)
	return c, c.Raw != ""
}
