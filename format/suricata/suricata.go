// Package suricata reads Suricata's EVE JSON log: every event type of versions
// 4 to 8. [Format] is what a recogniser takes. All of the record stays under
// "suricata.eve."; what ECS has a name for is there as well, after the fields
// documented in Suricata's user guide, chapter "EVE JSON Format".
package suricata

import (
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

const prefix = "suricata.eve."

// Format returns the EVE JSON format, named "suricata".
func Format() format.Format {
	return format.Format{
		Name:      "suricata",
		Recognise: recognise,
		New: func() format.Decoder {
			return &decoder{scan: format.NewScanner("suricata.eve")}
		},
		Whole: func(record string) bool { return format.Skim(record, "event_type") },
	}
}

func recognise(head string) int {
	if len(head) == 0 || head[0] != '{' || !strings.Contains(head, `"event_type"`) ||
		!strings.Contains(head, `"timestamp"`) {
		return 0
	}
	if strings.Contains(head, `"@timestamp"`) {
		return 20 // a shipper's envelope
	}
	word := named(head)
	for _, sign := range [...]string{`"flow_id"`, `"src_ip"`, `"pcap_cnt"`, `"stats"`, `"engine"`} {
		if strings.Contains(head, sign) && (word || sign != `"src_ip"`) {
			return 100
		}
	}
	if word {
		return 60
	}
	return 0
}

// named tells whether the event type is a word as Suricata has them: small letters, digits, underscores.
func named(head string) bool {
	_, rest, _ := strings.Cut(head, `"event_type"`)
	rest, ok := strings.CutPrefix(strings.TrimLeft(rest, ": "), `"`)
	word, _, closed := strings.Cut(rest, `"`)
	return ok && closed && word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

type decoder struct {
	format.Stateless
	scan  *format.Scanner
	brief *format.Scanner // for of
	of    *format.Brief
}

func (d *decoder) Decode(record string) (event.Event, bool, error) { return read(d.scan, record) }

// Brief is for what is no alert: of that all is needed.
func (d *decoder) Brief(record string, b *format.Brief) (event.Event, bool) {
	if strings.Contains(record, `"event_type":"alert"`) {
		return event.Event{}, false
	}
	if d.of != b {
		d.of, d.brief = b, briefScanner(b)
	}
	ev, ok, err := read(d.brief, record)
	return ev, ok && err == nil
}

func read(scan *format.Scanner, record string) (event.Event, bool, error) {
	f, err := scan.Object(record)
	if err != nil {
		return event.Event{}, false, err
	}
	kind := f.String(prefix + "event_type")
	if kind == "" {
		return event.Event{}, false, format.Faultf("not-suricata", "the record has no event_type; Suricata's EVE log has one in each")
	}
	ev := event.Event{Fields: f}
	ev.Time, _ = format.TimeOf(f[prefix+"timestamp"])
	f["event.module"] = "suricata"
	f["event.dataset"] = "suricata.eve"
	classify(f, kind)
	format.Apply(f, common)
	endpoints(f)
	if rules := byType[kind]; rules != nil {
		format.Apply(f, rules)
	}
	if kind == "alert" || kind == "drop" {
		app := f.String(prefix + "app_proto")
		if rules := byType[app]; rules != nil && app != kind {
			format.Apply(f, rules)
		}
		format.Apply(f, byType["tls"])
		format.Apply(f, attached)
	}
	derive(f)
	return ev, true, nil
}
