package csv

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
)

// claims returns what one row says, or why it says nothing.
func (l *layout) claims(row []string) (claims []indicator.Claim, dropped string) {
	if len(row) < l.width {
		return nil, "too-few-columns"
	}
	about := l.about(row)
	for _, col := range l.values {
		if col.at >= len(row) {
			continue
		}
		for _, value := range cellValues(row[col.at], col.kind) {
			if strings.ContainsRune(value, utf8.RuneError) {
				dropped = collect.NotUTF8
				continue
			}
			c := about
			c.Raw = value
			if col.kind != "" {
				c.Type = col.kind
			}
			l.addPort(&c, row)
			claims = append(claims, c)
		}
	}
	if claims == nil && dropped == "" {
		return nil, "no-value"
	}
	return claims, dropped
}

// about fills everything but the value.
func (l *layout) about(row []string) indicator.Claim {
	c := indicator.Claim{
		Layer: indicator.IOC, Type: typeOf(l.cell(row, fieldType)),
		Names: list(l.cell(row, "names")), Tags: list(l.cell(row, "tags")),
		TLP: indicator.ParseTLP(l.cell(row, "tlp")), KillChain: l.cell(row, "kill_chain"),
		FirstSeen: moment(l.cell(row, "first_seen")), LastSeen: moment(l.cell(row, "last_seen")),
		ValidFrom: moment(l.cell(row, "valid_from")), ValidUntil: moment(l.cell(row, "valid_until")),
		Comment: shorten(l.cell(row, "comment")), ExternalID: shorten(l.cell(row, "external_id")),
	}
	if n, err := strconv.ParseFloat(strings.TrimSuffix(l.cell(row, "confidence"), "%"), 64); err == nil && n >= 0 && n <= 100 {
		c.Confidence = int(n)
	}
	if ref := l.cell(row, "reference"); ref != "" {
		if u, err := url.Parse(ref); err == nil && (u.Scheme == "https" || u.Scheme == "http") {
			c.Reference = shorten(ref)
		}
	}
	return c
}

// cell joins the columns mapped to field, leaving out what means "nothing".
func (l *layout) cell(row []string, field string) string {
	var parts []string
	for _, at := range l.others[field] {
		if at < len(row) && !isNothing(row[at]) {
			parts = append(parts, row[at])
		}
	}
	return strings.Join(parts, ", ")
}

func (l *layout) addPort(c *indicator.Claim, row []string) {
	port, err := strconv.ParseUint(l.cell(row, fieldPort), 10, 16)
	if err != nil || port == 0 {
		return
	}
	switch c.Type {
	case "", indicator.IPv4, indicator.IPv6, indicator.Domain:
	default:
		return
	}
	if c.Type != "" {
		c.Type += ":port"
	}
	c.Raw = net.JoinHostPort(strings.Trim(c.Raw, "[]"), strconv.FormatUint(port, 10))
}

func isNothing(s string) bool {
	switch strings.ToLower(s) {
	case "", "-", "--", "n/a", "na", "none", "null", "nil", "unknown", "xxx", "tbd":
		return true
	}
	return false
}

// cellValues returns the values of one cell: usually one, but lists of hashes and
// of lines occur.
func cellValues(cell string, kind indicator.Type) []string {
	if isNothing(cell) {
		return nil
	}
	parts := strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(",;\n \t", r) })
	hashes := len(parts) > 1 && !slices.ContainsFunc(parts, func(p string) bool { return !isHash(p) })
	if hashes {
		return parts
	}
	if kind == indicator.FileName || !strings.Contains(cell, "\n") {
		return []string{strings.Join(strings.Fields(cell), " ")}
	}
	var values []string
	for line := range strings.Lines(cell) {
		if line = strings.TrimSpace(line); !isNothing(line) {
			values = append(values, line)
		}
	}
	return values
}

// list splits a cell such as "Emotet, Heodo" or "a|b".
func list(cell string) []string {
	var out []string
	for s := range strings.FieldsFuncSeq(cell, func(r rune) bool { return r == ',' || r == '|' || r == ';' }) {
		if s = strings.TrimSpace(s); !isNothing(s) && len(out) < 64 {
			out = append(out, shorten(s))
		}
	}
	return out
}

var layouts = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02 15:04:05 MST", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02", "20060102",
}

// moment reads a time; the zero time when it is in no unambiguous form.
func moment(s string) time.Time {
	for _, f := range layouts {
		if t, err := time.Parse(f, s); err == nil {
			return t.UTC()
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 500_000_000 && n < 10_000_000_000 {
		return time.Unix(n, 0).UTC()
	}
	return time.Time{}
}

func shorten(s string) string {
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "")
	}
	return s
}
