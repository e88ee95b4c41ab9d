// Package text reads lists with one entry per line, in all the spellings that
// block lists come in: plain, with remarks, hosts files, ad-blocker rules,
// dnsmasq lines, and notes that begin with a value. [Parser] implements
// collect.Parser.
package text

import (
	"bytes"
	"context"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
)

// Parser reads lists.
type Parser struct{}

// Kind returns "text".
func (Parser) Kind() string { return "text" }

// notLists are text files that hold no list: rules, programs, prose.
var notLists = map[string]bool{
	".yar": true, ".yara": true, ".rules": true, ".md": true, ".adoc": true, ".rst": true, ".py": true, ".go": true,
	".js": true, ".sh": true, ".ps1": true, ".yml": true, ".yaml": true, ".xql": true, ".xml": true, ".pem": true,
}

// Recognise takes any text that nothing else knows, with little confidence. A web
// page is taken as well, so that the parser can say what is wrong with it.
func (Parser) Recognise(name string, head []byte) int {
	ext := strings.ToLower(path.Ext(strings.TrimSuffix(name, ".gz")))
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	switch {
	case len(trimmed) == 0, notLists[ext], aside(name):
		return 0
	case collect.LooksLikeHTML(head):
		return 1
	case isBinary(head):
		return 0
	case trimmed[0] == '{', trimmed[0] == '[' && bytes.ContainsRune(trimmed[:min(64, len(trimmed))], '{'), trimmed[0] == '<':
		return 0
	case ext == ".txt", ext == ".list", ext == ".ipset", ext == ".netset", ext == ".hosts":
		return 30
	}
	return 10
}

// aside reports whether a file is one that lies beside lists and tells of them:
// the addresses in a licence are no indicators.
func aside(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(path.Base(name)), ".")
	switch stem {
	case "README", "LICENSE", "LICENCE", "COPYING", "NOTICE", "SOURCE", "CHANGELOG", "AUTHORS":
		return true
	}
	return false
}

// Parse implements collect.Parser.
func (Parser) Parse(ctx context.Context, in collect.Input, out collect.Sink) error {
	lines, err := in.Lines(ctx)
	if err != nil {
		return err
	}
	for lines.Next() {
		text := strings.TrimSpace(lines.Text())
		if fault := lines.Fault(); fault != "" && fault != collect.NotUTF8 {
			out.Drop(fault, lines.Number(), text)
			continue
		}
		entries, reason := read(text)
		if reason != "" {
			out.Drop(reason, lines.Number(), text)
		}
		for _, e := range entries {
			if strings.ContainsRune(e.value, utf8.RuneError) {
				out.Drop(collect.NotUTF8, lines.Number(), text)
				continue
			}
			c := indicator.Claim{Type: e.kind, Raw: e.value, Comment: e.comment, Layer: indicator.IOC, Line: lines.Number()}
			in.Fill(&c)
			if err := out.Claim(c); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}

// isBinary reports whether head has control characters that no text has. UTF-16
// with its mark is text.
func isBinary(head []byte) bool {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return false
	}
	return bytes.ContainsFunc(head, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != '\f' })
}
