package format

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/event"
)

// jsonFormat reads any JSON object: its members are kept under "json." and
// searched for observables; what their names say of who, where and when is told in
// fields of ECS.
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
	scan  *Scanner
	names namesake
}

func (d *jsonDecoder) Decode(record string) (event.Event, bool, error) {
	fields, err := d.scan.Object(record)
	if err != nil {
		return event.Event{}, false, err
	}
	ev := event.Event{Fields: fields}
	d.names.members(&ev, "json.")
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
		New:       func() Decoder { return new(syslogDecoder) },
	}
}

type syslogDecoder struct{ textDecoder }

// DecodeCarried reads the message behind a header. A line that was declared to be
// syslog and has none is read as text.
func (d *syslogDecoder) DecodeCarried(record string, c *Carried) (event.Event, bool, error) {
	ev, ok, err := d.Decode(record)
	if c.Data != "" && !strings.Contains(c.Data, `\"`) { // an escaped quote could pass for the end of a value
		d.names.pairs(&ev, c.Data)
	}
	if c.Line != "" || c.Data != "" {
		ev.Time = time.Time{} // the header's counts
		ev.Fields["event.module"] = "syslog"
		ev.Fields["event.dataset"] = "syslog"
	}
	return ev, ok, err
}

// textFormat reads any line as a message, and what pairs in it say of who, where and
// when in fields of ECS.
func textFormat() Format {
	return Format{
		Name:      "text",
		Recognise: func(string) int { return 1 },
		New:       func() Decoder { return new(textDecoder) },
		Whole:     func(string) bool { return true },
	}
}

type textDecoder struct {
	Stateless
	names namesake
}

func (d *textDecoder) Decode(record string) (event.Event, bool, error) {
	if !utf8.ValidString(record) {
		record = strings.ToValidUTF8(record, "\ufffd")
	}
	ev := event.Event{Fields: event.Fields{
		"event.kind":   "event",
		"event.module": "text",
		"message":      record,
	}}
	ev.Time = leadingTime(record)
	d.names.pairs(&ev, record)
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
