package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/vedette-soc/vedette/ref"
)

// Outbox hands out what capabilities announced.
type Outbox interface {
	Pending(ctx context.Context, limit int) ([]ref.Fact, error)
	Forget(ctx context.Context, seq int64) error
}

// Facts acts on announced facts, in order, at least once each.
type Facts struct {
	Outbox Outbox
	On     map[string]func(ctx context.Context, f ref.Fact) error // by topic
	Log    *slog.Logger
	Every  time.Duration // how often it looks; default 300 ms
}

// Run is a worker: it drains the outbox until ctx is done.
func (f Facts) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	every := f.Every
	if every == 0 {
		every = 300 * time.Millisecond
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := f.Drain(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Drain acts on everything that is pending.
func (f Facts) Drain(ctx context.Context) error {
	for {
		facts, err := f.Outbox.Pending(ctx, 500)
		if err != nil || len(facts) == 0 {
			return err
		}
		seen := map[string]bool{}
		for _, fact := range facts {
			act := f.On[fact.Topic]
			if act == nil || seen[fact.Topic+fact.Ref.String()] {
				continue
			}
			seen[fact.Topic+fact.Ref.String()] = true
			if err := act(ctx, fact); err != nil {
				return fmt.Errorf("act on %s about %s: %w", fact.Topic, fact.Ref, err)
			}
		}
		if err := f.Outbox.Forget(ctx, facts[len(facts)-1].Seq); err != nil {
			return err
		}
	}
}
