// Package ecs reads records that speak the Elastic Common Schema already, as
// Beats, Elastic Agent and Vector send them. [Format] is what a recogniser
// takes. Fields pass through under their own names.
package ecs

import (
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// Format returns the ECS format, named "ecs".
func Format() format.Format {
	return format.Format{
		Name:      "ecs",
		Recognise: recognise,
		Signs:     timeless,
		New:       func() format.Decoder { return &decoder{scan: format.NewScanner("")} },
		Carries:   format.Shipped(""),
		Whole:     format.SkimOwn,
	}
}

// signs are members that ECS documents have besides "@timestamp".
var signs = []string{
	`"ecs":`, `"ecs.version":`, `"agent":`, `"@metadata":`, `"event":{`,
	`"event": {`, `"event.module":`, `"event.dataset":`, `"event.category":`,
	`"event.kind":`, `"source.ip":`, `"host.name":`, `"vedette":{`,
}

// timeless tell documents that have no "@timestamp", as tools make them.
var timeless = []format.Sign{
	{Score: 80, Keys: []string{"ecs.version"}},
	{
		Score: 80, Keys: []string{"event.category", "event.type"},
		Values: []format.Value{{Key: "event.kind", Texts: []string{"alert", "enrichment", "event", "metric", "state", "pipeline_error", "signal", "asset"}}},
	},
}

// moments are the fields that say when, the best first.
var moments = []string{"@timestamp", "event.created", "event.start", "timestamp"}

func recognise(head string) int {
	if len(head) == 0 || head[0] != '{' || !strings.Contains(head, `"@timestamp"`) {
		return 0
	}
	for _, s := range signs {
		if strings.Contains(head, s) {
			return 80
		}
	}
	return 0
}

type decoder struct {
	format.Stateless
	scan  *format.Scanner
	brief *format.Scanner // for of
	of    *format.Brief
}

// Brief is for what surely is no shell around another record, nor an alert: of that all
// is needed.
func (d *decoder) Brief(record string, b *format.Brief) (event.Event, bool) {
	if strings.Contains(record, `"alert"`) || !format.SkimOwn(record) {
		return event.Event{}, false
	}
	if d.of != b {
		asked := b.Of("ecs", "")
		d.of, d.brief = b, format.NewBriefScanner("", func(name string) bool {
			return asked.Wants(name) || slices.Contains(moments, name) || name == "event.dataset"
		})
	}
	f, err := d.brief.Object(record)
	if err != nil {
		return event.Event{}, false
	}
	return Pass(f), true
}

func (d *decoder) Decode(record string) (event.Event, bool, error) {
	f, err := d.scan.Object(record)
	if err != nil {
		return event.Event{}, false, err
	}
	return Pass(f), true, nil
}

// Pass makes an event of fields that have their ECS names. What only Vedette
// may say ("vedette.*") and what Beats says of itself ("@metadata.*") is taken
// out; the raw record keeps it.
func Pass(f event.Fields) event.Event {
	ev := event.Event{Fields: f}
	for _, name := range moments {
		if at, ok := format.TimeOf(f[name]); ok {
			ev.Time = at
			break
		}
	}
	for name := range f {
		if name == "@timestamp" || name == "vedette" || strings.HasPrefix(name, "vedette.") || strings.HasPrefix(name, "@metadata.") {
			delete(f, name)
		}
	}
	for _, name := range [...]string{"event.category", "event.type"} { // lists in ECS
		if s, ok := f[name].(string); ok {
			f[name] = []string{s}
		}
	}
	if _, ok := f["process.command_line"]; !ok { // Auditbeat has only the arguments
		f.SetNew("process.command_line", strings.Join(f.Strings("process.args"), " "))
	}
	f.SetNew("event.kind", "event")
	f.SetNew("event.module", module(f))
	return ev
}

func module(f event.Fields) string {
	name, _, _ := strings.Cut(f.String("event.dataset"), ".")
	if name == "" {
		return "ecs"
	}
	return name
}
