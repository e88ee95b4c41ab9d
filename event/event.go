// Package event is the vocabulary of what was observed: an [Event] read through
// ECS field names, with the observables in it and its raw bytes kept unchanged.
//
// [Fields] holds the fields flat; [Event.AppendJSON] writes them nested, as
// other tools expect ECS. Field names are those of the Elastic Common Schema 9.
package event

import (
	"time"

	"github.com/vedette-soc/vedette/indicator"
)

// Event is one record of a log. Fields are keyed by dotted ECS names
// ("source.ip"); what ECS has no name for is kept under the vendor's own prefix
// ("suricata.eve.flow_id", "zeek.conn.history", "winlog.event_data.Image").
type Event struct {
	Time        time.Time // UTC; zero when the record gives none
	Format      string    // which format read it: "suricata", "zeek", "ecs", "windows", "json" ...
	Fields      Fields    // values may be shared between events: replace, do not change them
	Observables []Observable
	Raw         []byte // the record as it arrived, without its line end
	Origin      Origin
}

// Origin says where a record came from. Line counts records from 1, without headers; in
// a binary file whose records are numbered it is that number.
type Origin struct {
	File     string
	Line     int
	FileLine int // the line of a text in which the record begins, from 1, where that is not Line
}

// Observable is a value seen in an event, canonical, with the ECS field it came
// from.
type Observable struct {
	Type  indicator.Type `json:"type"`
	Value string         `json:"value"`
	Field string         `json:"field"`
}
