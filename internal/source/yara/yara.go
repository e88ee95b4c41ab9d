// Package yara reads files of YARA rules. Each rule becomes a STIX indicator whose
// pattern is the rule, with the imports it needs; what stands inside a rule is not
// taken for indicators. [Parser] implements collect.Parser.
package yara

import (
	"context"
	"errors"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/stix"
)

// Limits of one file and of one rule, in bytes.
const (
	maxFile = 64 << 20
	maxRule = 1 << 20
)

// Parser reads rules.
type Parser struct{}

// Kind returns "yara".
func (Parser) Kind() string { return "yara" }

var begins = regexp.MustCompile(`(?m)^[ \t]*(?:(?:private|global)[ \t]+)*rule[ \t]+[A-Za-z_]\w*[ \t]*(?::[ \t\w]+)?\s*\{`)

// Recognise knows a file by its name, or by a rule that begins in its head.
func (Parser) Recognise(name string, head []byte) int {
	ext := strings.ToLower(path.Ext(strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")))
	if (ext == ".yar" || ext == ".yara") && len(head) > 0 && !slices.Contains(head, 0) {
		return 95
	}
	if begins.Match(head) {
		return 85
	}
	return 0
}

// Parse implements collect.Parser.
func (Parser) Parse(ctx context.Context, in collect.Input, out collect.Sink) error {
	text, err := readText(ctx, in)
	if err != nil || strings.TrimSpace(text) == "" {
		return err
	}
	if collect.LooksLikeHTML([]byte(text[:min(len(text), 512)])) {
		return errs.New(errs.Invalid, "web_page", "%s, line 1: this looks like a web page, not YARA; check the address and whether it needs a login.", in.Name)
	}
	found, err := split(text, func(p part) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return p.give(in, out)
	})
	if err == nil && found == 0 {
		return errs.New(errs.Invalid, "yara_none", "%s, line 1: no YARA rule begins here; say what else it is with the feed's kind.", in.Name)
	}
	return err
}

func readText(ctx context.Context, in collect.Input) (string, error) {
	b, err := io.ReadAll(io.LimitReader(guarded{ctx, in.Reader}, maxFile+1))
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "", err
	case err != nil:
		return "", errs.New(errs.Unavailable, "read_broken_off", "%s: reading broke off; get it again.", in.Name).Because(err)
	case len(b) > maxFile:
		return "", errs.New(errs.Invalid, "yara_too_large", "%s: a file of rules has at most %d MiB; split it.", in.Name, maxFile>>20)
	}
	return strings.TrimPrefix(string(b), "\xef\xbb\xbf"), nil
}

// guarded ends reading when the context does.
type guarded struct {
	ctx context.Context
	r   io.Reader
}

func (g guarded) Read(p []byte) (int, error) {
	if err := g.ctx.Err(); err != nil {
		return 0, err
	}
	return g.r.Read(p)
}

// give passes one part of a file on.
func (p part) give(in collect.Input, out collect.Sink) error {
	switch {
	case p.fault != "":
		out.Drop(p.fault, p.line, p.text)
		return nil
	case len(p.text) > maxRule:
		out.Drop("rule-too-long", p.line, p.text)
		return nil
	case strings.ContainsRune(p.text, 0) || strings.ToValidUTF8(p.text, "") != p.text:
		out.Drop(collect.NotUTF8, p.line, p.text)
		return nil
	}
	o, err := p.rule().Object(in)
	if err != nil {
		return err
	}
	return out.Object(o)
}

func (p part) rule() collect.DetectionRule {
	r := collect.DetectionRule{Type: "yara", Name: p.name, Labels: p.tags, Line: p.line, Text: p.text, Meta: map[string]string{}}
	for _, module := range slices.Backward(p.imports) {
		if strings.Contains(p.text, module+".") {
			r.Text = `import "` + module + `"` + "\n" + r.Text
		}
	}
	for _, m := range p.meta {
		key := strings.ToLower(m.key)
		switch {
		case key == "description" || key == "desc":
			r.Description = m.value
		case strings.HasPrefix(key, "reference") || key == "ref" || key == "url":
			if strings.HasPrefix(m.value, "http://") || strings.HasPrefix(m.value, "https://") {
				r.References = append(r.References, stix.ExternalReference{SourceName: "reference", URL: m.value})
			}
		case key == "date" || key == "created" || key == "creation_date" || key == "first_imported":
			r.Date = date(m.value)
		case key == "modified" || key == "last_modified" || key == "updated":
			r.Modified = date(m.value)
		}
		if have, ok := r.Meta[m.key]; ok {
			m.value = have + "\n" + m.value
		}
		r.Meta[m.key] = m.value
	}
	return r
}

// date reads a day as authors write it.
func date(s string) time.Time {
	for _, layout := range []string{"2006-01-02", "2006/01/02", "20060102", "2006-01-02T15:04:05Z07:00", "2006-01"} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil && t.Year() > 2000 && t.Year() < 2200 {
			return t.UTC()
		}
	}
	return time.Time{}
}
