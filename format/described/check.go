package described

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/format"
)

// Check runs a test: every line of its record is read through rec, and the last
// event must be of this format and have the fields. It returns what is wrong.
func (d *Description) Check(rec *format.Recogniser, t Test, arrival time.Time) []string {
	stream, err := rec.Stream("")
	if err != nil {
		return []string{err.Error()}
	}
	stream.Arrival = arrival
	fields := map[string]any{}
	name, found := "", false
	for line := range strings.SplitSeq(strings.TrimRight(t.Record, "\n"), "\n") {
		ev, ok, err := stream.Decode([]byte(line))
		if err != nil {
			return []string{fmt.Sprintf("the record cannot be read: %v", err)}
		}
		if !ok {
			continue
		}
		name, found = ev.Format, true
		fields = map[string]any{}
		for k, v := range ev.Fields {
			if v != nil {
				fields[k] = v
			}
		}
		if !ev.Time.IsZero() {
			fields["@timestamp"] = ev.Time.UTC().Format(time.RFC3339Nano)
		}
	}
	if !found {
		return []string{"the record carries no event"}
	}
	if name != d.Name {
		return []string{fmt.Sprintf("the record is recognised as %s", name)}
	}
	var out []string
	for k, want := range t.Fields {
		got, ok := fields[k]
		if !ok {
			got = ""
		}
		if !reflect.DeepEqual(got, want) {
			out = append(out, fmt.Sprintf("%s is %#v, want %#v", k, got, want))
		}
	}
	return out
}
