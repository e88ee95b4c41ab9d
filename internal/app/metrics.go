package app

import (
	"context"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/internal/obs"
	"github.com/vedette-soc/vedette/internal/pipeline"
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
		{Name: "correlation_groups_forgotten", Help: "Groups that correlations gave up for want of memory since the start.", Read: func() float64 {
			return float64(s.rules.State().Forgotten)
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

// shareGauges are figures of the processes that share the work; none where one does all.
func (s *System) shareGauges() []obs.Gauge {
	t := s.opt.tenure
	if t == nil {
		return nil
	}
	seen := &lately{ask: t.health}
	read := func(of func(*pipeline.Share) float64) func() float64 {
		return func() float64 { return of(seen.get()) }
	}
	return []obs.Gauge{
		{Name: "transport_pending", Help: "Lots of events in the stream that no matcher has.", Read: read(func(h *pipeline.Share) float64 { return float64(h.Pending) })},
		{Name: "transport_handed", Help: "Lots that matchers have in hand.", Read: read(func(h *pipeline.Share) float64 { return float64(h.Handed) })},
		{Name: "transport_redelivered", Help: "Of these, lots that had been handed out before.", Read: read(func(h *pipeline.Share) float64 { return float64(h.Redelivered) })},
		{Name: "transport_dead", Help: "Lots kept apart, which no matcher could take.", Read: read(func(h *pipeline.Share) float64 { return float64(h.Dead) })},
		{Name: "transport_bytes", Help: "Bytes in the stream.", Read: read(func(h *pipeline.Share) float64 { return float64(h.Bytes) })},
		{Name: "keeper_backlog", Help: "Lots whose findings wait for the keeper.", Read: read(func(h *pipeline.Share) float64 { return float64(h.Backlog) })},
		{Name: "keeper_lag_seconds", Help: "How long the oldest of these has waited.", Read: read(func(h *pipeline.Share) float64 { return h.Lag.Seconds() })},
		{Name: "keeper_taken", Help: "Lots taken since this process keeps.", Read: read(func(h *pipeline.Share) float64 { return float64(h.Gathered.Taken) })},
		{Name: "keeper_late", Help: "Of these, after lots that came behind them.", Read: read(func(h *pipeline.Share) float64 { return float64(h.Gathered.Late) })},
		{Name: "keeper_skipped", Help: "Lots that were missed, and not waited for any longer.", Read: read(func(h *pipeline.Share) float64 { return float64(h.Gathered.Skipped) })},
		{Name: "keeper_anew", Help: "Lots whose events it looked at itself, because their matcher followed other correlations.", Read: read(func(h *pipeline.Share) float64 { return float64(h.Gathered.Anew) })},
		{Name: "matchers_live", Help: "Matchers that were heard of lately.", Read: read(func(h *pipeline.Share) (n float64) {
			for _, p := range h.Processes {
				if p.Live && p.Match != nil {
					n++
				}
			}
			return n
		})},
	}
}

// lately asks once for all figures of one look at them.
type lately struct {
	ask func(context.Context) *pipeline.Share

	mu   sync.Mutex
	at   time.Time       // guarded by mu
	last *pipeline.Share // guarded by mu
}

func (l *lately) get() *pipeline.Share {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil || time.Since(l.at) > time.Second {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		l.last, l.at = l.ask(ctx), time.Now()
	}
	return l.last
}
