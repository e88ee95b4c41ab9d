package pipeline

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/misp"
	"github.com/vedette-soc/vedette/ref"
)

// FeedAudit holds what the feeds say against the warning lists, now and then.
type FeedAudit struct {
	Intel    *intel.Service
	Warnings func() *misp.WarningSet
	Every    time.Duration
}

// settling is how long after the start nothing is looked at: there is more urgent
// work.
const settling = time.Minute

// Run is a worker. In a store from before the audit it first counts what there is.
func (w *FeedAudit) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	counted, err := w.Intel.Counted(ctx)
	if err == nil && !counted {
		_, err = w.Intel.Recount(ctx)
	}
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	wait := settling
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait = w.Every
		if err := w.Intel.Recheck(ctx, w.listed); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// listed names the warning list that holds a value most certainly.
func (w *FeedAudit) listed(t indicator.Type, value string) (list, entry string) {
	for _, h := range w.Warnings().Match(t, value) {
		if h.Action == misp.Suppress || h.Action == misp.Downgrade {
			return h.List, h.Entry
		}
	}
	return "", ""
}
