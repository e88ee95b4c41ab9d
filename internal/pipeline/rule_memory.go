package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// rememberEvery is how often what correlations remember is made durable. What
// came since is looked at again after a crash.
const rememberEvery = 10 * time.Second

// memoryOf is the name under which correlations remember.
const memoryOf = Consumer + "/correlations"

// recall begins with what correlations remembered, and looks again, raising
// nothing, at the records between that and the place: their detections are
// durable, what they mean for the next ones is not.
func (w *Events) recall(ctx context.Context) error {
	if err := w.recallPatterns(ctx); err != nil {
		return err
	}
	if w.Rules == nil {
		return nil
	}
	w.rules = newRuleFinder(w.Rules, w.Rules.state.Load())
	if w.Memories == nil {
		return nil
	}
	seq, state, err := w.Memories.Memory(ctx, memoryOf)
	if err != nil {
		return fmt.Errorf("read what correlations remember: %w", err)
	}
	if state == nil {
		return nil
	}
	if err := w.rules.memory.Restore(state); err != nil {
		w.Log.WarnContext(ctx, "correlations begin anew", "error", err)
		return nil
	}
	glance := newRuleGlance(w.Decoder, w.rules.eye.set)
	err = w.again(ctx, seq+1, func(r telemetry.Stored) {
		if glance.nothing(&r) {
			return
		}
		if ev, ok := w.Decoder.read(r); ok {
			w.rules.take(&ev, EventRef(r.Seq), w.rules.eye.look(&ev, nil))
		}
	})
	if err == nil {
		w.rules.forget()
	}
	return err
}

// again calls fn with the records from one on up to the place.
func (w *Events) again(ctx context.Context, from telemetry.Seq, fn func(telemetry.Stored)) error {
	for from <= w.place {
		records, err := w.History.Read(ctx, from, readBatch)
		if err != nil || len(records) == 0 {
			return err
		}
		for _, r := range records {
			if r.Seq > w.place {
				break
			}
			fn(r)
		}
		from = records[len(records)-1].Seq + 1
	}
	return nil
}

// remember makes durable what correlations remember and what was counted, now or
// when it is time.
func (w *Events) remember(ctx context.Context, now bool) {
	if !now && time.Since(w.remembered) < rememberEvery {
		return
	}
	w.remembered = time.Now()
	if err := w.rememberPatterns(ctx); err != nil {
		w.Log.ErrorContext(ctx, "what patterns over several events remember is not durable", "error", err)
	}
	if w.rules == nil {
		return
	}
	err := w.rules.report(ctx)
	if err == nil && w.Memories != nil && len(w.rules.eye.set.correlations) > 0 {
		var state []byte
		if state, err = w.rules.memory.State(); err == nil {
			err = w.Memories.SaveMemory(ctx, memoryOf, w.place, state)
		}
	}
	if err != nil {
		w.Log.ErrorContext(ctx, "what rules counted and correlations remember is not durable", "error", err)
	}
}
