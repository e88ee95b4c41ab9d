// Package windows reads Windows events, above all of Sysmon and the Security
// log, in the shapes in which JSON carries them: Winlogbeat's documents, the flat
// records of NXLog and similar collectors, EVTX converted to JSON with its System
// and EventData objects, and what other programs make of them ([carriers]); in XML
// as Windows renders them and Sysmon for Linux writes them to syslog; in the lines of
// Splunk's input; and flattened, as Snare and OSSEC send them. [Format] is what a
// recogniser takes; [Event] maps fields that another reader has put under "winlog.".
//
// All come out alike: the event's own data under "winlog.event_data.",
// its header under "winlog." with Winlogbeat's names, and what ECS has a name
// for there as well.
package windows

import (
	"slices"
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
	}, slices.Concat(carriers, flattenedSigns, relayedSigns, wazuhSigns)...)
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

func shapeOf(record string) shape { return telltalesOf(record).shape() }

// telltales is which of the members that tell a record's shape it has, wherever in it
// they stand.
type telltales uint16

const (
	hasWinlog telltales = 1 << iota
	hasEventID
	hasSystem
	hasProvider
	hasSource
	hasTimeGenerated
	hasComputer
	hasEventLog
	hasUnlike
)

// longestTelltale is how long the name of such a member is at most.
const longestTelltale = len("winlog.event_id")

func telltalesOf(record string) (t telltales) {
	for at := 0; ; at++ {
		n := strings.IndexByte(record[at:], ':')
		if n < 0 {
			return t
		}
		if at += n; at < 2 || record[at-1] != '"' {
			continue
		}
		name := record[max(0, at-longestTelltale-2) : at-1]
		from := strings.LastIndexByte(name, '"')
		if from < 0 {
			continue
		}
		switch name[from+1:] {
		case "winlog", "winlog.event_id", "winlog.channel":
			t |= hasWinlog
		case "EventID":
			t |= hasEventID
		case "System":
			t |= hasSystem
		case "Provider":
			t |= hasProvider
		case "Channel", "SourceName", "Provider_Name":
			t |= hasSource
		case "TimeGenerated":
			t |= hasTimeGenerated
		case "Computer":
			t |= hasComputer
		case "EventLog":
			t |= hasEventLog
		case unlike[0], unlike[1]:
			t |= hasUnlike
		}
	}
}

func (t telltales) has(all telltales) bool { return t&all == all }

func (t telltales) shape() shape {
	switch {
	case t.has(hasWinlog):
		return beat
	case !t.has(hasEventID):
		return none
	case t.has(hasSystem | hasProvider):
		return nested
	case t.has(hasSource):
		return flat
	case t.has(hasTimeGenerated|hasComputer) && !t.has(hasEventLog):
		return flat // the table SecurityEvent of Azure Monitor, some of its columns
	}
	return none
}

type decoder struct {
	format.Stateless
	whole *format.Scanner // names as they are: Winlogbeat, EVTX
	flat  *format.Scanner // names below winlog.event_data
	brief *briefly        // nil before the first
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
		return finish(d.decodeXML(unrelayed(record)))
	}
	if isSplunk(record) {
		return finish(d.fromSplunk(record), nil)
	}
	if f, ok := d.fromFlattened(record); ok {
		return finish(f, nil)
	}
	t := telltalesOf(record)
	shape := t.shape()
	if shape == flat && t.has(hasUnlike) {
		shape = none // its event data is not beside the header
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
		stamp := fromBeat(f)
		return stamped(Event(f), stamp), true, nil
	case nested:
		d.fromXML(f)
	case flat:
		fromFlat(f, header)
	default:
		switch {
		case isWazuh(f):
			d.fromWazuh(f)
		case !d.fromRaw(f):
			d.fromCarrier(f)
		}
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
