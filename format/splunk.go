package format

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/vedette-soc/vedette/event"
)

// Splunk returns the format of what a search of Splunk exports and its alerts send:
// {"preview":false,"result":{"_raw":"…","sourcetype":…}}, or the result alone. What
// is under "_raw" is recognised; without one, the fields of the result are. Named
// "splunk".
func Splunk() Format {
	return Format{
		Name: "splunk",
		Signs: []Sign{
			{Score: 99, Keys: []string{"preview", "result"}},
			{Score: 99, Keys: []string{"search_name", "sid", "result"}},
			{Score: 99, Keys: []string{"_raw", "sourcetype"}},
			{Score: 99, Keys: []string{"_raw", "_time"}},
		},
		New:     func() Decoder { return splunkDecoder{} },
		Carries: splunkCarries,
	}
}

type splunkDecoder struct{ Stateless }

// splunkResult is a row of a search. A field with several values is a list.
type splunkResult struct {
	Raw        any `json:"_raw"`
	Time       any `json:"_time"`
	Host       any `json:"host"`
	Source     any `json:"source"`
	Sourcetype any `json:"sourcetype"`
	Index      any `json:"index"`
}

func (splunkDecoder) Decode(record string) (event.Event, bool, error) {
	r, _, err := readSplunk([]byte(record))
	if err != nil {
		return event.Event{}, false, Faultf("bad-json", "read a result of Splunk: %w", err)
	}
	ev := event.Event{Fields: event.Fields{"event.kind": "event", "event.module": "splunk"}}
	if t, ok := TimeOf(r.Time); ok && t.Year() > 1980 {
		ev.Time = t
	}
	f := ev.Fields
	f.SetNew("message", first(r.Raw))
	f.SetNew("host.name", first(r.Host))
	f.SetNew("log.file.path", first(r.Source))
	f.SetNew("splunk.source", first(r.Source))
	f.SetNew("splunk.sourcetype", first(r.Sourcetype))
	f.SetNew("splunk.index", first(r.Index))
	return ev, true, nil
}

// readSplunk reads a result and returns it as it stands.
func readSplunk(record []byte) (r splunkResult, row json.RawMessage, err error) {
	var around struct {
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(record, &around); err != nil {
		return r, nil, err
	}
	row = around.Result
	if !bytes.HasPrefix(row, []byte("{")) {
		row = record
	}
	return r, row, json.Unmarshal(row, &r)
}

// first is a text, or the first of several.
func first(v any) string {
	s, _ := First(v).(string)
	return s
}

// splunkCarries is the event that was indexed, or else the fields found.
func splunkCarries(ev *event.Event) string {
	r, row, err := readSplunk(ev.Raw)
	if err != nil {
		return ""
	}
	if raw := strings.TrimSpace(first(r.Raw)); raw != "" {
		return raw
	}
	if len(row) == len(ev.Raw) {
		return "" // it is the record itself
	}
	return string(row)
}
