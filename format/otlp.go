package format

import (
	"encoding/json"

	"github.com/vedette-soc/vedette/event"
)

// OTLP returns the format in which log records of OpenTelemetry are kept:
// {"timestamp","observed","severity","severity_number","body","attributes",
// "resource","scope","trace_id","span_id","event_name"}. It is declared by whoever
// receives them; what "body" holds is recognised. Named "otlp".
func OTLP() Format {
	return Format{
		Name:      "otlp",
		Recognise: func(string) int { return 0 },
		New:       func() Decoder { return otlpDecoder{} },
		Carries: func(ev *event.Event) string {
			var r struct {
				Body json.RawMessage `json:"body"`
			}
			if json.Unmarshal(ev.Raw, &r) != nil {
				return ""
			}
			return textOf(r.Body)
		},
	}
}

type otlpDecoder struct{ Stateless }

type otlpRecord struct {
	Timestamp  string          `json:"timestamp"`
	Observed   string          `json:"observed"`
	Severity   string          `json:"severity"`
	Number     int64           `json:"severity_number"`
	Body       json.RawMessage `json:"body"`
	Attributes map[string]any  `json:"attributes"`
	Resource   map[string]any  `json:"resource"`
	Scope      string          `json:"scope"`
	Trace      string          `json:"trace_id"`
	Span       string          `json:"span_id"`
	Name       string          `json:"event_name"`
}

// otlpNames are attributes whose meaning ECS has, too; most have the same name in
// both (host.name, source.address, process.pid …) and are taken as they are.
var otlpNames = map[string]string{
	"client.address": "client.ip", "server.address": "server.ip", "source.address": "source.ip", "destination.address": "destination.ip",
	"network.peer.address": "destination.ip", "log.file.name": "file.name", "enduser.id": "user.name", "user_agent.original": "user_agent.original",
	"http.request.method": "http.request.method", "exception.message": "error.message", "exception.type": "error.type",
}

func (otlpDecoder) Decode(record string) (event.Event, bool, error) {
	var r otlpRecord
	if err := json.Unmarshal([]byte(record), &r); err != nil {
		return event.Event{}, false, Faultf("bad-json", "read a log record of OpenTelemetry: %w", err)
	}
	ev := event.Event{Fields: event.Fields{"event.kind": "event", "event.module": "otlp"}}
	for _, s := range [...]string{r.Timestamp, r.Observed} {
		if t, ok := ParseTime(s); ok {
			ev.Time = t
			break
		}
	}
	f := ev.Fields
	f.SetNew("message", textOf(r.Body))
	f.SetNew("log.level", r.Severity)
	f.SetNew("event.action", r.Name)
	f.SetNew("trace.id", r.Trace)
	f.SetNew("span.id", r.Span)
	f.SetNew("otlp.scope", r.Scope)
	if r.Number > 0 {
		f["otlp.severity_number"] = r.Number
	}
	for _, all := range []map[string]any{r.Attributes, r.Resource} {
		for name, v := range all {
			if len(name) > MaxName || len(f) >= MaxFields {
				continue
			}
			if ecs, ok := otlpNames[name]; ok {
				name = ecs
			}
			f.SetNew(name, plain(v))
		}
	}
	return ev, true, nil
}
