package receivertest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// disk is as much of a history as a receiver needs. It takes nothing while it is full.
type disk struct {
	telemetry.History // nil: no receiver asks for more
	full              atomic.Bool

	mu      sync.Mutex
	records []telemetry.Stored // guarded by mu
}

// Append implements telemetry.History.
func (d *disk) Append(_ context.Context, records []telemetry.Record) (telemetry.Seq, error) {
	if d.full.Load() {
		return 0, errs.New(errs.Unavailable, "history_full", "The disk is full.")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	first := telemetry.Seq(len(d.records) + 1)
	for _, r := range records {
		r.Raw = slices.Clone(r.Raw) // the receiver may use its bytes again
		d.records = append(d.records, telemetry.Stored{Seq: telemetry.Seq(len(d.records) + 1), Record: r})
	}
	return first, nil
}

// all returns what was kept.
func (d *disk) all() []telemetry.Stored {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.records)
}

// count is how much was kept.
func (d *disk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.records)
}
