package format

import (
	"encoding/json"
	"strings"

	"github.com/vedette-soc/vedette/event"
)

// HEC returns the format of the objects that Splunk's HTTP Event Collector takes:
// {"time","host","source","sourcetype","index","event","fields"}. It is declared by
// whoever receives them; what "event" holds is recognised. Named "hec".
func HEC() Format {
	return Format{
		Name:      "hec",
		Recognise: func(string) int { return 0 }, // an object with "event" may be anything
		New:       func() Decoder { return hecDecoder{} },
		Carries:   hecCarries,
	}
}

type hecDecoder struct{ Stateless }

type hecRecord struct {
	Time       any             `json:"time"`
	Host       string          `json:"host"`
	Source     string          `json:"source"`
	Sourcetype string          `json:"sourcetype"`
	Index      string          `json:"index"`
	Event      json.RawMessage `json:"event"`
	Fields     map[string]any  `json:"fields"`
}

func (hecDecoder) Decode(record string) (event.Event, bool, error) {
	var r hecRecord
	if err := json.Unmarshal([]byte(record), &r); err != nil {
		return event.Event{}, false, Faultf("bad-json", "read an event of HEC: %w", err)
	}
	ev := event.Event{Fields: event.Fields{"event.kind": "event", "event.module": "hec"}}
	if t, ok := TimeOf(r.Time); ok && t.Year() > 1980 {
		ev.Time = t
	}
	f := ev.Fields
	f.SetNew("host.name", r.Host)
	f.SetNew("log.file.path", r.Source)
	f.SetNew("hec.source", r.Source)
	f.SetNew("hec.sourcetype", r.Sourcetype)
	f.SetNew("hec.index", r.Index)
	f.SetNew("message", textOf(r.Event))
	for name, v := range r.Fields {
		if len(name) <= MaxName && len(f) < MaxFields {
			f.SetNew("hec.fields."+name, plain(v))
		}
	}
	return ev, true, nil
}

// hecCarries is the text of the event, or the object that it is.
func hecCarries(ev *event.Event) string {
	var r struct {
		Event json.RawMessage `json:"event"`
	}
	if json.Unmarshal(ev.Raw, &r) != nil {
		return ""
	}
	return textOf(r.Event)
}

// textOf is a JSON string's text, or the JSON itself of anything else.
func textOf(v json.RawMessage) string {
	if strings.HasPrefix(string(v), `"`) {
		var s string
		if json.Unmarshal(v, &s) == nil {
			return s
		}
	}
	return string(v)
}

// plain makes a value of a JSON member one that fields have.
func plain(v any) any {
	switch v := v.(type) {
	case string, float64, bool:
		return v
	case []any:
		texts := make([]string, 0, len(v))
		for _, e := range v {
			if s, ok := e.(string); ok {
				texts = append(texts, s)
			}
		}
		if len(texts) == len(v) {
			return texts
		}
	case nil:
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return string(b)
}
