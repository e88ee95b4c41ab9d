package pipeline

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

type lookoutCounts struct {
	lots, events, again, buried, failures atomic.Int64
	waited, looked, kept, rested          atomic.Int64 // nanoseconds of all lanes
	problem                               atomic.Pointer[string]
}

// LookoutState is what a matcher tells of itself since its start.
type LookoutState struct {
	Lots     int64         `json:"lots"`
	Events   int64         `json:"events"`
	Again    int64         `json:"again"`  // lots that came before
	Buried   int64         `json:"buried"` // lots kept apart
	Failures int64         `json:"failures"`
	Waited   time.Duration `json:"waited"` // for lots, of all lanes together
	Looked   time.Duration `json:"looked"` // at events
	Kept     time.Duration `json:"kept"`   // waited for the stores
	Rested   time.Duration `json:"rested"` // because of the bound on events a second
	Problem  string        `json:"problem,omitempty"`
}

// State returns the figures since the start. Safe for concurrent use.
func (w *Lookout) State() LookoutState {
	c := &w.counts
	s := LookoutState{
		Lots: c.lots.Load(), Events: c.events.Load(), Again: c.again.Load(), Buried: c.buried.Load(), Failures: c.failures.Load(),
		Waited: time.Duration(c.waited.Load()), Looked: time.Duration(c.looked.Load()), Kept: time.Duration(c.kept.Load()), Rested: time.Duration(c.rested.Load()),
	}
	if p := c.problem.Load(); p != nil {
		s.Problem = *p
	}
	return s
}

// fail counts and tells what does not work at the moment.
func (w *Lookout) fail(ctx context.Context, what string, err error) {
	w.counts.failures.Add(1)
	text := errs.Public(err)
	w.counts.problem.Store(&text)
	w.Log.WarnContext(ctx, what, "error", err)
}

func (w *Lookout) count(l *telemetry.Lot) {
	w.counts.lots.Add(1)
	w.counts.events.Add(int64(len(l.Records)))
	if l.Again() {
		w.counts.again.Add(1)
	}
}

// pace bounds how many events a second go by.
type pace struct {
	mu   sync.Mutex
	next time.Time // guarded by mu; when the next ones may
}

func (p *pace) wait(ctx context.Context, rate, events int) {
	if rate <= 0 {
		return
	}
	p.mu.Lock()
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	p.next = p.next.Add(time.Duration(events) * time.Second / time.Duration(rate))
	until := p.next
	p.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-time.After(time.Until(until)):
	}
}
