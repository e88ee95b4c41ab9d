package format

import (
	"encoding/json"
	"strings"

	"github.com/vedette-soc/vedette/event"
)

// hitFormat is the format of what a search of Elasticsearch or OpenSearch returns and
// what exports from there hold: {"_index","_id",…,"_source":{…}}. What is under
// "_source" is recognised. Named "elasticsearch".
func hitFormat() Format {
	return Format{
		Name: "elasticsearch",
		Base: "json",
		Recognise: func(head string) int {
			if isHit(head) {
				return certain
			}
			return 0
		},
		New:     func() Decoder { return &hitDecoder{json: jsonDecoder{scan: NewScanner("json")}} },
		Carries: hitCarries,
	}
}

// isHit says whether a record begins with what a search says of a document and holds
// one.
func isHit(head string) bool {
	if len(head) == 0 || head[0] != '{' {
		return false
	}
	rest := strings.TrimLeft(head[1:], " \t\r\n")
	return (strings.HasPrefix(rest, `"_index"`) || strings.HasPrefix(rest, `"_id"`) || strings.HasPrefix(rest, `"_source"`)) && strings.Contains(rest, `"_source"`)
}

type hitDecoder struct {
	Stateless
	json jsonDecoder
}

type hit struct {
	Index  string          `json:"_index"`
	ID     string          `json:"_id"`
	Source json.RawMessage `json:"_source"`
}

// Decode reads what is around the document; a record without one is mere JSON.
func (d *hitDecoder) Decode(record string) (event.Event, bool, error) {
	ev, ok, err := d.json.Decode(record)
	if err != nil || !ok {
		return ev, ok, err
	}
	var h hit
	if json.Unmarshal([]byte(record), &h) != nil || !strings.HasPrefix(string(h.Source), "{") {
		return ev, true, nil
	}
	ev = event.Event{Fields: event.Fields{"event.kind": "event", "event.module": "elasticsearch"}}
	ev.Fields.SetNew("elasticsearch.index", h.Index)
	ev.Fields.SetNew("elasticsearch.id", h.ID)
	return ev, true, nil
}

// hitCarries is the document.
func hitCarries(ev *event.Event) string {
	var h hit
	if json.Unmarshal(ev.Raw, &h) != nil || !strings.HasPrefix(string(h.Source), "{") {
		return ""
	}
	return string(h.Source)
}
