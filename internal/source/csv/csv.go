// Package csv reads tables: comma, semicolon, tab or pipe separated, with or
// without a header, with the columns that the operator maps or that speak for
// themselves. [Parser] implements collect.Parser.
//
// Options.Columns maps fields of a claim to columns, by name or by number from 1;
// several columns of one field are separated by "|". The fields are value, type,
// port, names, tags, confidence, tlp, kill_chain, first_seen, last_seen,
// valid_from, valid_until, comment, reference and external_id.
package csv

import (
	"bytes"
	"context"
	"path"
	"strings"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
)

// Parser reads tables.
type Parser struct{}

// Kind returns "csv".
func (Parser) Kind() string { return "csv" }

// Recognise wants two lines with the same number of columns, or the file name's word.
func (Parser) Recognise(name string, head []byte) int {
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	if len(trimmed) == 0 || bytes.IndexByte(head, 0) >= 0 || collect.LooksLikeHTML(head) ||
		bytes.IndexByte([]byte("{[<"), trimmed[0]) >= 0 {
		return 0
	}
	switch path.Ext(strings.TrimSuffix(strings.ToLower(name), ".gz")) {
	case ".csv", ".tsv":
		return 60
	case ".txt", ".text":
	default:
		if strings.Contains(path.Base(name), ".") {
			return 0
		}
	}
	var rows [][]string
	lines := strings.Split(string(trimmed), "\n")
	for _, l := range lines[:max(len(lines)-1, 1)] {
		if l = strings.TrimSpace(l); l != "" && l[0] != '#' {
			fields, _ := split(l, ',')
			rows = append(rows, fields)
		}
	}
	if len(rows) < 3 || len(rows[0]) < 2 {
		return 0
	}
	for _, r := range rows {
		if len(r) != len(rows[0]) {
			return 0
		}
	}
	return 40
}

// Parse implements collect.Parser. A table that has not the columns that were
// asked for, or none that holds indicators, is refused as a whole.
func (Parser) Parse(ctx context.Context, in collect.Input, out collect.Sink) error {
	lines, err := in.Lines(ctx)
	if err != nil {
		return err
	}
	t := &table{in: in, out: out, rows: &rows{lines: lines, out: out, comma: delimiter(in.Options.Delimiter)}}
	for t.rows.next() {
		if err := t.row(); err != nil {
			return err
		}
	}
	return lines.Err()
}

func delimiter(s string) byte {
	switch s {
	case "":
		return 0
	case `\t`, "tab":
		return '\t'
	}
	return s[0]
}

// table turns rows into claims once it knows what the columns mean.
type table struct {
	in     collect.Input
	out    collect.Sink
	rows   *rows
	layout *layout
}

func (t *table) row() error {
	if t.layout == nil {
		l, isHeader, err := newLayout(t.in.Options.Columns, t.rows.header(), t.rows.fields)
		if err != nil {
			return errs.New(errs.Invalid, "csv_columns", "%s, line %d: %v", t.in.Name, t.rows.line, err)
		}
		t.layout = l
		if isHeader {
			return nil
		}
	}
	claims, reason := t.layout.claims(t.rows.fields)
	if reason != "" {
		t.out.Drop(reason, t.rows.line, t.rows.text)
	}
	for _, c := range claims {
		c.Line = t.rows.line
		t.in.Fill(&c)
		if err := t.out.Claim(c); err != nil {
			return err
		}
	}
	return nil
}
