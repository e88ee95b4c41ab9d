package format

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/vedette-soc/vedette/event"
)

// hitFormat is the format of what a search of Elasticsearch or OpenSearch returns and
// what exports from there hold: {"_index","_id",…,"_source":{…}}. What is under
// "_source" is recognised, or without one what is under "fields". Named
// "elasticsearch".
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
	indexed := strings.HasPrefix(rest, `"_index"`)
	return (indexed || strings.HasPrefix(rest, `"_id"`) || strings.HasPrefix(rest, `"_source"`)) && strings.Contains(rest, `"_source"`) ||
		indexed && strings.Contains(rest, `"fields"`)
}

type hitDecoder struct {
	Stateless
	json jsonDecoder
}

type hit struct {
	Index  string                     `json:"_index"`
	ID     string                     `json:"_id"`
	Source json.RawMessage            `json:"_source"`
	Fields map[string]json.RawMessage `json:"fields"`
}

// Decode reads what is around the document; a record without one is mere JSON.
func (d *hitDecoder) Decode(record string) (event.Event, bool, error) {
	ev, ok, err := d.json.Decode(record)
	if err != nil || !ok {
		return ev, ok, err
	}
	h, document := readHit([]byte(record))
	if document == "" {
		return ev, true, nil
	}
	ev = event.Event{Fields: event.Fields{"event.kind": "event", "event.module": "elasticsearch"}}
	ev.Fields.SetNew("elasticsearch.index", h.Index)
	ev.Fields.SetNew("elasticsearch.id", h.ID)
	return ev, true, nil
}

// hitCarries is the document.
func hitCarries(ev *event.Event) string {
	_, document := readHit(ev.Raw)
	return document
}

// readHit reads a hit and its document, "" when it has none.
func readHit(record []byte) (h hit, document string) {
	switch {
	case json.Unmarshal(record, &h) != nil:
	case bytes.HasPrefix(h.Source, []byte("{")):
		document = string(h.Source)
	case len(h.Source) == 0 && len(h.Fields) > 0:
		document = unlisted(h.Fields)
	}
	return h, document
}

// unlisted is the object of fields of which a search makes each a list.
func unlisted(fields map[string]json.RawMessage) string {
	for name, v := range fields {
		var list []json.RawMessage
		if json.Unmarshal(v, &list) == nil && len(list) == 1 {
			fields[name] = list[0]
		}
	}
	b, err := json.Marshal(fields)
	if err != nil { // it was read as JSON
		return ""
	}
	return string(b)
}
