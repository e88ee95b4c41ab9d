package format

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/event"
)

// jsonFormat reads any JSON object: its members are kept under "json." and
// searched for observables.
func jsonFormat() Format {
	return Format{
		Name: "json",
		Recognise: func(head string) int {
			if len(head) > 1 && head[0] == '{' {
				return 2
			}
			return 0
		},
		New:     func() Decoder { return &jsonDecoder{scan: NewScanner("json")} },
		Carries: Shipped("json."),
		Whole:   SkimOwn,
	}
}

type jsonDecoder struct {
	Stateless
	scan *Scanner
}

// jsonTimes are the names under which JSON logs carry their time, the most
// telling first.
var jsonTimes = []string{
	"json.@timestamp", "json.timestamp", "json.eventTime", "json.event_time", "json.time", "json.ts",
	"json.datetime", "json.date", "json.published", "json.createdDateTime", "json.TimeGenerated",
	"json.EventTime", "json.TimeCreated", "json.created_at", "json.start_time", "json.startTime",
}

func (d *jsonDecoder) Decode(record string) (event.Event, bool, error) {
	fields, err := d.scan.Object(record)
	if err != nil {
		return event.Event{}, false, err
	}
	ev := event.Event{Fields: fields}
	for _, name := range jsonTimes {
		if t, ok := TimeOf(fields[name]); ok && t.Year() > 1980 {
			ev.Time = t
			break
		}
	}
	fields["event.kind"] = "event"
	fields["event.module"] = "json"
	return ev, true, nil
}

// syslogFormat reads a syslog message of which nothing else knows what is inside.
func syslogFormat() Format {
	return Format{
		Name:      "syslog",
		Base:      "text",
		Recognise: func(string) int { return 0 }, // the recogniser asks Carry
		New:       func() Decoder { return syslogDecoder{} },
	}
}

type syslogDecoder struct{ Stateless }

// Decode reads a line that was declared to be syslog and has no header.
func (syslogDecoder) Decode(record string) (event.Event, bool, error) {
	return textDecoder{}.Decode(record)
}

func (syslogDecoder) DecodeCarried(record string, c *Carried) (event.Event, bool, error) {
	ev, ok, err := textDecoder{}.Decode(record)
	if c.Line != "" {
		ev.Time = time.Time{} // the header's counts
		ev.Fields["event.module"] = "syslog"
		ev.Fields["event.dataset"] = "syslog"
	}
	return ev, ok, err
}

// textFormat reads any line as a message.
func textFormat() Format {
	return Format{
		Name:      "text",
		Recognise: func(string) int { return 1 },
		New:       func() Decoder { return textDecoder{} },
		Whole:     func(string) bool { return true },
	}
}

type textDecoder struct{ Stateless }

func (textDecoder) Decode(record string) (event.Event, bool, error) {
	if !utf8.ValidString(record) {
		record = strings.ToValidUTF8(record, "\ufffd")
	}
	ev := event.Event{Fields: event.Fields{
		"event.kind":   "event",
		"event.module": "text",
		"message":      record,
	}}
	ev.Time = leadingTime(record)
	return ev, true, nil
}

// leadingTime reads a time in one of ParseTime's spellings at the beginning of
// a line, as far as the first word, or the second when a space parts date and
// clock.
func leadingTime(line string) time.Time {
	words := strings.SplitN(strings.TrimLeft(line, "["), " ", 3)
	if t, ok := ParseTime(strings.TrimRight(words[0], "]")); ok {
		return t
	}
	if len(words) > 1 {
		if t, ok := ParseTime(words[0] + " " + strings.TrimRight(words[1], "]:")); ok {
			return t
		}
	}
	return time.Time{}
}
