package intel

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
)

// tableColumns are names that an import recognises.
var tableColumns = []string{
	"type", "value", "names", "tags", "confidence", "tlp", "kill_chain", "first_seen", "last_seen", "valid_from", "valid_until",
}

// table writes RFC 4180 with a header. Names and tags are separated by "|".
type table struct {
	w   *csv.Writer
	row []string
}

func newTable(w io.Writer) *table {
	t := &table{w: csv.NewWriter(w)}
	_ = t.w.Write(tableColumns) // a failure comes back from Flush
	return t
}

func (t *table) Add(i indicator.Indicator) (string, error) {
	t.row = append(
		t.row[:0], string(i.Type), i.Value, strings.Join(i.Names, "|"), strings.Join(i.Tags, "|"), strconv.Itoa(i.Confidence), i.TLP.String(), i.KillChain,
		second(i.FirstSeen), second(i.LastSeen), second(i.ValidFrom), second(i.ValidUntil),
	)
	for n, cell := range t.row {
		t.row[n] = harmless(cell)
	}
	return "", t.w.Write(t.row)
}

// harmless puts a space before what a spreadsheet would run as a formula: values
// come from attackers. An import takes the space off again.
func harmless(cell string) string {
	if cell != "" && strings.IndexByte("=+-@\t\r", cell[0]) >= 0 {
		return " " + cell
	}
	return cell
}

func second(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func (t *table) Close() error {
	t.w.Flush()
	return t.w.Error()
}
