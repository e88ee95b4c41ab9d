// Package windows reads Windows events, above all of Sysmon and the Security
// log, in the shapes in which JSON carries them: Winlogbeat's documents, the flat
// records of NXLog and similar collectors, EVTX converted to JSON with its System
// and EventData objects, and what other programs make of them ([carriers]); in XML
// as Windows renders them and Sysmon for Linux writes them to syslog; in the lines of
// Splunk's input; and flattened, as Snare and OSSEC send them. [Format] is what a recogniser takes; [Event] maps fields
// that another reader has put under "winlog.".
//
// All come out alike: the event's own data under "winlog.event_data.",
// its header under "winlog." with Winlogbeat's names, and what ECS has a name
// for there as well.
package windows

import (
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// Format returns the Windows event format, named "windows".
func Format() format.Format {
	return format.Format{
		Name:      "windows",
		Recognise: recognise,
		Signs:     signs(),
		New:       func() format.Decoder { return newDecoder() },
		Whole:     whole,
	}
}

// signs spare most records the look of recognise: what the walk over a record's
// members finds settles it.
func signs() []format.Sign {
	names := [][]string{{"Channel", "SourceName", "Provider_Name"}}
	return append([]format.Sign{
		{Score: 90, Keys: []string{"EventID"}, Any: names, Never: []string{"winlog", "System", "Event"}},
		{Score: 90, Keys: []string{"winlog.event_id"}},
		{Score: 90, Keys: []string{"winlog.channel"}},
		{Score: 90, Starts: []string{"<Event", "<?xml"}, Match: isXML}, // also inside of syslog
	}, append(carriers, flattenedSigns...)...)
}

func recognise(head string) int {
	if len(head) == 0 || head[0] != '{' {
		if isXML(head) {
			return 100
		}
		return 0
	}
	switch shapeOf(head) {
	case beat, nested, flat:
		return 100
	}
	return 0
}

func whole(record string) bool {
	if record == "" || record[0] != '{' {
		return false
	}
	switch shapeOf(record) {
	case beat:
		return format.Skim(record, "")
	case flat:
		return format.Skim(record, "EventID", unlike[:]...)
	}
	return false
}

type shape uint8

const (
	none shape = iota
	beat
	nested
	flat
)

func shapeOf(head string) shape {
	switch {
	case has(head, `"winlog`) && (has(head, `"winlog":`) || has(head, `"winlog.event_id":`) || has(head, `"winlog.channel":`)):
		return beat
	case !has(head, `"EventID"`):
		return none
	case has(head, `"System":`) && has(head, `"Provider":`):
		return nested
	case has(head, `"Channel":`) || has(head, `"SourceName":`) || has(head, `"Provider_Name":`):
		return flat
	case has(head, `"TimeGenerated":`) && has(head, `"Computer":`) && !has(head, `"EventLog":`):
		return flat // the table SecurityEvent of Azure Monitor, some of its columns
	}
	return none
}

// plainly says that a flat record has its event data beside the header, as far as
// the names of its members tell.
func plainly(record string) bool {
	for _, name := range unlike {
		if has(record, `"`+name+`":`) {
			return false
		}
	}
	return true
}

func has(head, member string) bool { return strings.Contains(head, member) }

type decoder struct {
	format.Stateless
	whole *format.Scanner // names as they are: Winlogbeat, EVTX
	flat  *format.Scanner // names below winlog.event_data
	names map[string]string

	members []member // of the record being read
	inside  *decoder // for what a text in a record carries
}

func newDecoder() *decoder {
	return &decoder{
		whole: format.NewScanner(""),
		flat:  format.NewScanner("winlog.event_data"),
		names: map[string]string{},
	}
}

func (d *decoder) Decode(record string) (event.Event, bool, error) {
	if isXML(record) {
		return finish(d.decodeXML(record))
	}
	if isSplunk(record) {
		return finish(d.fromSplunk(record), nil)
	}
	if f, ok := d.fromFlattened(record); ok {
		return finish(f, nil)
	}
	shape := shapeOf(record)
	if shape == flat && !plainly(record) {
		shape = none
	}
	scan := d.whole
	if shape == flat {
		scan = d.flat
	}
	f, err := scan.Object(record)
	if err != nil {
		return event.Event{}, false, err
	}
	switch shape {
	case beat:
		return fromBeat(f), true, nil
	case nested:
		d.fromXML(f)
	case flat:
		fromFlat(f)
		complete(f)
	default:
		d.fromCarrier(f)
	}
	return finish(f, nil)
}

func finish(f event.Fields, err error) (event.Event, bool, error) {
	if err != nil {
		return event.Event{}, false, err
	}
	if f["winlog.event_id"] == nil {
		return event.Event{}, false, format.Faultf("not-windows", "the record has no EventID")
	}
	return Event(f), true, nil
}
