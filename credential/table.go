package credential

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
)

// columns are the names of those of a table that are read.
var columns = map[string]string{
	"account": "account", "login": "account", "user": "account", "username": "account", "email": "account", "e-mail": "account", "address": "account",
	"site": "site", "url": "site", "host": "site", "domain": "site", "website": "site",
	"source": "source", "breach": "source", "collection": "source", "date": "date", "time": "date", "log date": "date", "kind": "kind", "type": "kind",
	"password": "password", "machine": "machine", "computer": "machine", "hwid": "hwid", "family": "family", "malware": "family", "stealer": "family",
}

// heading tells which column stands where; nil = the line is no heading of a table.
func heading(line []byte) (at map[string]int, comma rune) {
	for _, comma := range ",;\t" {
		names := strings.Split(strings.TrimPrefix(string(line), "\ufeff"), string(comma))
		at := map[string]int{}
		for i, n := range names {
			n = columns[strings.ToLower(strings.Trim(strings.TrimSpace(n), `"`))]
			if _, twice := at[n]; n != "" && !twice {
				at[n] = i
			}
		}
		if _, ok := at["account"]; ok && len(at) >= 2 {
			return at, comma
		}
	}
	return nil, 0
}

func isTable(line []byte) bool {
	at, _ := heading(bytes.TrimSpace(line))
	return at != nil
}

// table reads a table with a heading, a row a line. A row that has more or fewer cells
// than the heading is dropped: in it a password may stand anywhere.
func (f *file) table(l *lines) error {
	line, err := l.next()
	for err == nil && len(bytes.TrimSpace(line)) == 0 {
		line, err = l.next()
	}
	if err != nil {
		return err
	}
	at, comma := heading(bytes.TrimSpace(line))
	cells := bytes.Count(line, []byte(string(comma))) + 1
	for {
		line, err := l.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case l.long:
			err = f.drop("line-long")
		case len(bytes.TrimSpace(line)) == 0:
			continue
		default:
			c := csv.NewReader(bytes.NewReader(line))
			c.Comma, c.FieldsPerRecord = comma, cells
			var row []string
			if row, err = c.Read(); err != nil {
				err = f.drop("row-broken")
			} else {
				err = f.row(row, at)
			}
		}
		if err != nil {
			return err
		}
	}
}

func (f *file) row(row []string, at map[string]int) error {
	cell := func(name string) string {
		i, ok := at[name]
		if !ok || i >= len(row) {
			return ""
		}
		return strings.TrimSpace(row[i])
	}
	kind, ok := ParseKind(cell("kind"))
	r := Record{
		Account: Account(cell("account")), Site: Site(cell("site")), Kind: kind, Source: cell("source"), Family: word(cell("family")), Time: Date(cell("date"), f.now),
		Machine: Machine{Name: word(cell("machine")), HWID: word(cell("hwid"))},
	}
	switch {
	case r.Account == "":
		return f.drop("login-invalid")
	case !ok:
		return f.drop("kind-unknown")
	case r.Site == "" && cell("site") != "":
		return f.drop("site-invalid")
	}
	if r.Kind == "" {
		r.Kind = Combo
		if r.Machine.Name != "" || r.Family != "" {
			r.Kind = Stealer
		}
	}
	return f.give(r, []byte(cell("password")))
}

// sortedKeys are the keys of m in order.
func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
