package pipeline_test

import (
	"testing"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/ecs"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// broken is a format whose decoder has a bug.
func broken() format.Format {
	return format.Format{Name: "broken", Recognise: func(string) int { return 0 }, New: func() format.Decoder { return bug{} }}
}

type bug struct{ format.Stateless }

func (bug) Decode(string) (event.Event, bool, error) { panic("a bug") }

func TestDecodeNeverGivesUp(t *testing.T) {
	d := pipeline.NewDecoder(format.NewRecogniser(suricata.Format(), ecs.Format(), broken()))
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct{ name, declared, raw, format string }{
		{"as recognised", "", `{"timestamp":"2026-03-02T08:00:00.000000+0000","event_type":"dns","src_ip":"10.0.0.5","dest_ip":"198.51.100.7","dns":{"rrname":"evil.com"}}`, "suricata"},
		{"not what it was declared to be", "suricata", `half a record from evil.com {"a":`, "text"},
		{"broken JSON", "", `{"event_type":"dns","dest_ip":"198.51.100.7", "q": "evil.com"`, "text"},
		{"a format nobody knows", "nonsense", `plain text about evil.com`, "text"},
		{"a decoder with a bug", "broken", `plain text about evil.com`, "text"},
	} {
		ev, ok := d.Decode(telemetry.Stored{Seq: 7, Record: telemetry.Record{Received: now, Source: "s", Format: tt.declared, Raw: []byte(tt.raw)}})
		if !ok || ev.Format != tt.format || ev.Time.IsZero() || string(ev.Raw) != tt.raw {
			t.Errorf("%s: %t, format %q, time %v", tt.name, ok, ev.Format, ev.Time)
			continue
		}
		found := false
		for _, o := range ev.Observables {
			found = found || o.Type == indicator.Domain && o.Value == "evil.com"
		}
		if !found {
			t.Errorf("%s: evil.com was not found in %+v", tt.name, ev.Observables)
		}
	}
}
