package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

const (
	// rememberEvery is how often what correlations remember is made durable. What came
	// since is looked at again after a crash.
	rememberEvery = 10 * time.Second
	// rememberPause is how much longer than that takes the next time waits: events do.
	rememberPause = 50
)

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
	if state != nil {
		if err := w.rules.memory.Restore(state); err != nil {
			w.Log.WarnContext(ctx, "correlations begin anew", "error", err)
		} else if err := w.learn(ctx, w.rules, seq+1); err != nil {
			return err
		}
	}
	return w.prime(ctx, w.rules.memory.Fresh())
}

// learn has correlations remember the records from one on up to the place. Nothing is
// raised or counted.
func (w *Events) learn(ctx context.Context, f *ruleFinder, from telemetry.Seq) error {
	glance := newRuleGlance(w.Decoder, f.eye.set)
	err := w.again(ctx, from, func(r telemetry.Stored) {
		if telemetry.Imported(r.Source) || glance.nothing(&r) {
			return
		}
		if ev, ok := w.Decoder.read(r); ok {
			if ev.Time.Sub(r.Received) > telemetry.Ahead {
				ev.Time = r.Received
			}
			f.take(&ev, EventRef(r.Seq), f.eye.look(&ev, nil))
		}
	})
	if err == nil {
		f.forget()
	}
	return err
}

// renew takes over rules that were swapped in. Correlations that did not run before
// begin with what came lately: what they are to find may be under way. What is complete
// already is found by looking back.
func (w *Events) renew(ctx context.Context, set *ruleSet) error {
	return w.prime(ctx, w.rules.renew(set))
}

// primeMost bounds the records that are looked at again for correlations that begin:
// events wait for it.
const primeMost = 200_000

// prime has correlations, by their index, remember what came in twice their timespan,
// as they would if they had run. It is done beside what others remember; where it
// cannot be done, they begin anew.
func (w *Events) prime(ctx context.Context, correlations []int) error {
	if len(correlations) == 0 {
		return nil
	}
	beside := newRuleFinder(nil, w.rules.eye.set)
	from, err := w.primeFrom(ctx, correlations)
	if err == nil && from <= w.place {
		err = w.learn(ctx, beside, from)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		w.Log.WarnContext(ctx, "correlations begin anew", "error", err)
		return nil
	}
	beside.memory.CopyOf(w.rules.memory, correlations)
	return nil
}

// primeFrom is the first record that correlations are to remember, the one after the
// place when there is none.
func (w *Events) primeFrom(ctx context.Context, correlations []int) (telemetry.Seq, error) {
	var span time.Duration
	for _, i := range correlations {
		span = max(span, 2*w.rules.eye.set.correlations[i].Timespan)
	}
	if span == 0 || w.place == 0 {
		return w.place + 1, nil
	}
	last, err := w.History.Read(ctx, w.place, 1)
	if err != nil || len(last) == 0 {
		return w.place + 1, err
	}
	stats, err := w.History.Stats(ctx)
	if err != nil {
		return 0, err
	}
	from, err := receivedFrom(ctx, w.History, stats, last[0].Received.Add(-span))
	if w.place >= primeMost && from <= w.place-primeMost {
		from = w.place - primeMost + 1
		w.Log.InfoContext(ctx, "correlations begin with less than their timespan", "records", primeMost, "timespan", span/2)
	}
	return from, err
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
	if !now && (!w.taken || time.Now().Before(w.rememberNext)) {
		return
	}
	start := time.Now()
	defer func() { w.rememberNext = start.Add(max(rememberEvery, rememberPause*time.Since(start))) }()
	w.taken = false
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
