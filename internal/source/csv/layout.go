package csv

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// Names of the fields that a column may be mapped to.
const (
	fieldValue = "value"
	fieldType  = "type"
	fieldPort  = "port"
)

var knownFields = []string{
	fieldValue, fieldType, fieldPort, "names", "tags", "confidence", "tlp", "kill_chain",
	"first_seen", "last_seen", "valid_from", "valid_until", "comment", "reference", "external_id",
}

// layout says which column holds what.
type layout struct {
	values []column         // each gives a claim of its own
	others map[string][]int // field -> columns
	width  int              // columns a row needs at least
}

type column struct {
	at   int
	kind indicator.Type // implied by the column's name
}

// newLayout finds the layout from what the operator mapped and what the header
// says. header is a commented header, first the first row, which may be a header
// itself: isHeader says so.
func newLayout(mapped map[string]string, header, first []string) (l *layout, isHeader bool, err error) {
	if header == nil && (looksLikeHeader(first) || namesColumns(mapped, first)) {
		header, isHeader = first, true
	}
	if len(mapped) > 0 {
		l, err = mappedLayout(mapped, header, len(first))
		return l, isHeader, err
	}
	l = &layout{others: map[string][]int{}}
	if header != nil {
		l.guess(header)
	} else {
		for i, cell := range first {
			if looksLikeValue(cell) {
				l.values = append(l.values, column{at: i})
			}
		}
		// A column that merely looks like one (a report's link) is not a second list.
		if len(l.values) > 1 {
			l.values = l.values[:1]
		}
		if len(first) == 1 {
			l.values = []column{{}}
		}
	}
	if len(l.values) == 0 {
		return nil, false, fmt.Errorf("no column holds indicators: found %s; map one of them to \"value\"", quoteAll(first))
	}
	return l, isHeader, nil
}

// namesColumns reports whether the mapping uses names and row has one of them.
func namesColumns(mapped map[string]string, row []string) bool {
	for _, columns := range mapped {
		for name := range strings.SplitSeq(columns, "|") {
			if _, err := strconv.Atoi(name); err != nil && find(row, name) >= 0 {
				return true
			}
		}
	}
	return false
}

func mappedLayout(mapped map[string]string, header []string, width int) (*layout, error) {
	l := &layout{others: map[string][]int{}}
	for _, field := range slices.Sorted(maps.Keys(mapped)) {
		if !slices.Contains(knownFields, field) {
			return nil, fmt.Errorf("%q is no field of a claim; the fields are %s", field, strings.Join(knownFields, ", "))
		}
		for name := range strings.SplitSeq(mapped[field], "|") {
			at, err := strconv.Atoi(name)
			if err == nil {
				at--
			} else {
				at = find(header, name)
			}
			if at < 0 || at >= width {
				found := header
				if found == nil {
					found = []string{strconv.Itoa(width) + " columns without names"}
				}
				return nil, fmt.Errorf("column %q (for %s) is not there: expected %s, found %s", name, field, quoteAll(slices.Sorted(maps.Values(mapped))), quoteAll(found))
			}
			if field == fieldValue {
				var kind indicator.Type
				if header != nil && mapped[fieldType] == "" {
					kind, _ = valueColumn(header[at])
				}
				l.values = append(l.values, column{at, kind})
				l.width = max(l.width, at+1)
				continue
			}
			l.others[field] = append(l.others[field], at)
		}
	}
	if l.values == nil {
		return nil, fmt.Errorf("no column is mapped to \"value\"; found %s", quoteAll(header))
	}
	return l, nil
}

// guess takes every column whose name says that it holds indicators.
func (l *layout) guess(header []string) {
	generic := -1
	for i, name := range header {
		kind, ok := valueColumn(name)
		switch {
		case ok && kind == "" && generic < 0:
			generic = i
		case ok && kind != "":
			l.values = append(l.values, column{i, kind})
		default:
			if f := otherColumn(name); f == "tags" || f != "" && len(l.others[f]) == 0 {
				l.others[f] = append(l.others[f], i)
			}
		}
	}
	if generic >= 0 {
		// With a column of indicators of any type, the typed ones describe it.
		if len(l.others[fieldType]) > 0 || len(l.values) == 0 {
			l.values = nil
		}
		l.values = append(l.values, column{at: generic})
		l.width = generic + 1
	}
	if l.width == 0 && len(l.values) > 0 {
		l.width = l.values[0].at + 1
	}
	if len(l.values) != 1 {
		delete(l.others, fieldType)
		delete(l.others, fieldPort)
	}
}

func looksLikeHeader(row []string) bool {
	known := 0
	for _, name := range row {
		if _, ok := valueColumn(name); ok {
			known++
		}
	}
	return known > 0
}

func find(header []string, name string) int {
	return slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(h, strings.TrimSpace(name)) })
}

func quoteAll(names []string) string {
	var out []string
	for i, n := range names {
		if i == 30 {
			out = append(out, "…")
			break
		}
		if len(n) > 60 {
			n = strings.ToValidUTF8(n[:60], "") + "…"
		}
		out = append(out, strconv.Quote(n))
	}
	return strings.Join(out, ", ")
}

// looksLikeValue is for tables without a header.
func looksLikeValue(s string) bool {
	if isHash(s) || strings.Contains(s, "://") {
		return true
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	host := strings.NewReplacer("[.]", ".", "[", "", "]", "").Replace(s)
	return strings.Contains(host, ".") && !strings.ContainsAny(host, " ,\\") && len(host) > 3 && strings.ContainsAny(host, "abcdefghijklmnopqrstuvwxyz")
}

func isHash(s string) bool {
	switch len(s) {
	case 32, 40, 64, 128:
		return strings.Trim(s, "0123456789abcdefABCDEF") == ""
	}
	return false
}
