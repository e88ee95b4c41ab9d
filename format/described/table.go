package described

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/format"
)

// csvCut reads lines of comma-separated values whose columns the description
// names, by the value of one of them when they differ.
type csvCut struct {
	by    int // column that tells, from 0; -1 when all lines are alike
	kinds map[string][]string
}

const maxColumns = 1024

func (p *documentParser) csv(n *yaml.Node) (csvCut, error) {
	c := csvCut{by: -1, kinds: map[string][]string{}}
	if n == nil {
		return c, faultf(p.root, "columns is missing: a list of names, or {by: NUMBER, kinds: {VALUE: names}}")
	}
	if n.Kind == yaml.SequenceNode {
		list, err := texts(n)
		c.kinds[""] = list
		return c, err
	}
	list, err := members(n, "by", "kinds")
	if err != nil {
		return c, err
	}
	for _, m := range list {
		if m[0].Value == "by" {
			s, _ := scalar(m[1])
			if c.by, err = strconv.Atoi(s); err != nil || c.by < 0 || c.by >= maxColumns {
				return c, faultf(m[1], "by: %q is no number of a column, counted from 0", s)
			}
			continue
		}
		kinds, err := members(m[1])
		if err != nil {
			return c, err
		}
		for _, k := range kinds {
			if c.kinds[k[0].Value], err = texts(k[1]); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

func (c csvCut) cut(r *decoder, record string) (bool, error) {
	r.begin(record)
	values := fieldsOf(record, ',')
	kind := ""
	if c.by >= 0 && c.by < len(values) {
		kind = values[c.by]
	}
	columns, ok := c.kinds[kind]
	if !ok {
		columns = c.kinds["*"]
	}
	for i, v := range values {
		if i < len(columns) && columns[i] != "" {
			r.put(columns[i], v)
		}
	}
	return true, nil
}

// fieldsOf cuts a line of separated values; quotes may stand around a value and
// are doubled inside.
func fieldsOf(line string, separator byte) []string {
	out := make([]string, 0, min(strings.Count(line, string(separator))+1, maxColumns))
	for len(out) < maxColumns {
		if strings.HasPrefix(line, ` "`) {
			line = line[1:]
		}
		if !strings.HasPrefix(line, `"`) {
			value, rest, more := strings.Cut(line, string(separator))
			out = append(out, value)
			if !more {
				return out
			}
			line = rest
			continue
		}
		end := 1
		for end < len(line) && (line[end] != '"' || end+1 < len(line) && line[end+1] == '"') {
			if line[end] == '"' {
				end++
			}
			end++
		}
		out = append(out, strings.ReplaceAll(line[1:min(end, len(line))], `""`, `"`))
		_, rest, more := strings.Cut(line[min(end+1, len(line)):], string(separator))
		if !more {
			return out
		}
		line = rest
	}
	return out
}

// tableCut reads separated values below a line that names the columns.
type tableCut struct{}

func (t tableCut) cut(r *decoder, record string) (bool, error) {
	if r.header == "" || record == r.header {
		return false, t.head(r, record)
	}
	values := fieldsOf(record, separatorOf(r.header))
	if len(values) != len(r.names) {
		return false, badRow(len(r.names), len(values))
	}
	r.begin(record)
	for i, v := range values {
		if v != "" && r.names[i] != "" {
			r.fields[r.names[i]] = v
		}
	}
	return true, nil
}

func separatorOf(header string) byte {
	best, n := byte(','), strings.Count(header, ",")
	for _, c := range []byte{'\t', ';', '|'} {
		if m := strings.Count(header, string(c)); m > n {
			best, n = c, m
		}
	}
	return best
}

func (tableCut) head(r *decoder, header string) error {
	header = strings.TrimPrefix(header, "\ufeff")
	names := fieldsOf(header, separatorOf(header))
	if len(names) < 2 || len(header) > 64<<10 {
		return format.Faultf("header", "the first line names no columns")
	}
	r.setHeader(header, names)
	return nil
}

func (r *decoder) setHeader(header string, names []string) {
	r.header = strings.Clone(header)
	r.names = make([]string, len(names))
	for i, name := range names {
		if name = strings.TrimSpace(name); name != "" && len(name) <= maxName {
			r.names[i] = r.d.prefix + strings.Clone(name)
		}
	}
}

// w3cCut reads the W3C extended log format: "#Fields:" names the columns, spaces
// part them, or commas where they part these names, as in the logs of Exchange.
// columns are those of logs whose header was lost.
type w3cCut struct{ columns []string }

func (w w3cCut) cut(r *decoder, record string) (bool, error) {
	if strings.HasPrefix(record, "#") {
		if strings.HasPrefix(record, "#Fields:") {
			return false, w.head(r, record)
		}
		return false, nil
	}
	if r.commas && strings.HasSuffix(r.header, record) {
		return false, nil // the names once more
	}
	values := r.columns(record)
	if r.names != nil && len(values) > len(r.names) && !r.commas && strings.IndexByte(record, '"') >= 0 {
		values = fieldsOf(record, ' ') // quotes stand around values with spaces, as ProxySG writes them
	}
	if r.names == nil && len(values) == len(w.columns) {
		r.setHeader("", slices.Clone(w.columns))
	}
	if len(values) > maxColumns || len(values) != len(r.names) {
		return false, badRow(len(r.names), len(values))
	}
	r.begin(record)
	for i, v := range values {
		if v != "" && v != "-" && r.names[i] != "" {
			r.fields[r.names[i]] = v
		}
	}
	return true, nil
}

func (w3cCut) head(r *decoder, header string) error {
	list := strings.TrimSpace(strings.TrimPrefix(header, "#Fields:"))
	r.commas = !strings.Contains(list, " ") && strings.Contains(list, ",")
	names := r.columns(list)
	if len(names) == 0 || len(names) > maxColumns {
		return format.Faultf("header", "#Fields: names no columns")
	}
	r.setHeader(header, names)
	return nil
}

// columns cuts a line of the W3C extended log format.
func (r *decoder) columns(line string) []string {
	if r.commas {
		return fieldsOf(line, ',')
	}
	return strings.Fields(line)
}
