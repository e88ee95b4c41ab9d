package web

import (
	"context"
	"slices"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// siblingLine is another record of the same event.
type siblingLine struct {
	Seq  telemetry.Seq
	Kind string // what the record says it is
	Raw  string
}

const (
	// siblingReach is how many records before and after one are looked at: what belongs
	// to one event of auditd arrives together, but others write in between.
	siblingReach = 200
	siblingsMost = 50
)

// siblings finds the other records of an event that its source writes in several: those
// of auditd share the time and the number of the event.
func (s *server) siblings(ctx context.Context, of telemetry.Stored, ev event.Event) ([]siblingLine, error) {
	number := ev.Fields.Strings("event.id")
	if ev.Format != "auditd" || len(number) == 0 || ev.Time.IsZero() {
		return nil, nil
	}
	first := of.Seq - min(of.Seq-1, siblingReach)
	records, err := s.cfg.History.Read(ctx, first, 2*siblingReach+1)
	if err != nil {
		return nil, err
	}
	var out []siblingLine
	for _, r := range records {
		if r.Seq == of.Seq || r.Source != of.Source || len(out) == siblingsMost {
			continue
		}
		other, ok := s.cfg.Decoder.Decode(r)
		if !ok || other.Format != ev.Format || !other.Time.Equal(ev.Time) || !slices.Equal(other.Fields.Strings("event.id"), number) ||
			!slices.Equal(other.Fields.Strings("host.name"), ev.Fields.Strings("host.name")) {
			continue
		}
		line := siblingLine{Seq: r.Seq, Raw: short(400, text(r.Raw))}
		if code := other.Fields.Strings("event.code"); len(code) > 0 {
			line.Kind = code[0]
		}
		out = append(out, line)
	}
	return out, nil
}
