package app

import (
	"context"

	"github.com/vedette-soc/vedette/internal/obs"
	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

func (s *System) gauges() []obs.Gauge {
	ctx := asSystem(context.Background())
	return []obs.Gauge{
		{Name: "index_indicators", Help: "Indicators in the live index.", Read: func() float64 { return float64(s.matcher.State().Indicators) }},
		{Name: "history_records", Help: "Events kept.", Read: func() float64 {
			st, _ := s.history.Stats(ctx)
			return float64(st.Records)
		}},
		{Name: "incidents_open", Help: "Open incidents.", Read: func() float64 {
			t, _ := s.alerts.Totals(ctx)
			n := 0
			for _, k := range t.Open {
				n += k
			}
			return float64(n)
		}},
		{Name: "senders_silent", Help: "Senders that have been quiet for longer than they may be.", Read: func() float64 {
			n := 0
			for _, src := range s.intake.Sources() {
				if src.Silent {
					n++
				}
			}
			return float64(n)
		}},
		{Name: "workers_degraded", Help: "Workers that stopped for good or are being restarted.", Read: func() float64 {
			n := 0
			for _, w := range s.workers() {
				if w.State == supervise.Degraded || w.State == supervise.BackingUp {
					n++
				}
			}
			return float64(n)
		}},
	}
}

// senderTables are figures of every sender; the intake bounds how many there are.
func (s *System) senderTables() []obs.Table {
	each := func(value func(telemetry.Source) float64) func() []obs.Row {
		return func() (rows []obs.Row) {
			for _, src := range s.intake.Sources() {
				rows = append(rows, obs.Row{Labels: []string{src.Name}, Value: value(src)})
			}
			return rows
		}
	}
	label := []string{"sender"}
	return []obs.Table{
		{Name: "sender_events_total", Help: "Events kept.", Labels: label, Counts: true, Read: each(func(s telemetry.Source) float64 { return float64(s.Events) })},
		{Name: "sender_bytes_total", Help: "Bytes kept.", Labels: label, Counts: true, Read: each(func(s telemetry.Source) float64 { return float64(s.Bytes) })},
		{Name: "sender_ahead_total", Help: "Events whose time lies in the future.", Labels: label, Counts: true, Read: each(func(s telemetry.Source) float64 { return float64(s.Ahead) })},
		{Name: "sender_lag_seconds", Help: "Age of the newest event when it arrived.", Labels: label, Read: each(func(s telemetry.Source) float64 { return s.Lag.Seconds() })},
		{Name: "sender_last_timestamp_seconds", Help: "When the last event arrived.", Labels: label, Read: each(func(s telemetry.Source) float64 {
			if s.Last.IsZero() {
				return 0
			}
			return float64(s.Last.UnixMilli()) / 1000
		})},
		{Name: "sender_silent", Help: "1 when the sender has been quiet for longer than it may be.", Labels: label, Read: each(func(s telemetry.Source) float64 {
			if s.Silent {
				return 1
			}
			return 0
		})},
		{Name: "sender_refused_total", Help: "Events not kept, by reason.", Labels: []string{"sender", "reason"}, Counts: true, Read: func() (rows []obs.Row) {
			for _, src := range s.intake.Sources() {
				for reason, n := range src.Refused {
					rows = append(rows, obs.Row{Labels: []string{src.Name, reason}, Value: float64(n)})
				}
			}
			return rows
		}},
	}
}
