package pipeline

import (
	"context"
	"runtime"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

const (
	// patience is how long a look back waits for live matching that does not get on.
	patience = 30 * time.Second
	// behind is how many records live matching may be behind before a look back
	// lets it go first.
	behind = 4 * readBatch
)

// siftedPart is the answer of one part of the history.
type siftedPart struct {
	part   telemetry.Part
	sifted telemetry.Sifted
	absent bool // there is nothing any more
	err    error
}

// eachPart looks for records among those from one number to another, in several parts
// at a time, and calls fn with each part and what look found there, in order. What
// retention removed meanwhile counts as missed.
func (r *Retro) eachPart(ctx context.Context, from, until telemetry.Seq, look func(context.Context, telemetry.Part) (telemetry.Sifted, error),
	fn func(context.Context, telemetry.Part, telemetry.Sifted) error,
) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	order := make(chan chan siftedPart, max(1, runtime.GOMAXPROCS(0)-1))
	go func() {
		defer close(order)
		parts, err := r.parts(ctx, from, until)
		if err != nil {
			parts = append(parts, siftedPart{err: err})
		}
		for _, p := range parts {
			answer := make(chan siftedPart, 1)
			select {
			case order <- answer:
			case <-ctx.Done():
				return
			}
			if p.err != nil || p.part.End == 0 || p.absent {
				answer <- p
				continue
			}
			go func() { answer <- r.lookIn(ctx, p.part, until, look) }()
		}
	}()
	for answer := range order {
		select {
		case a := <-answer:
			if a.err != nil {
				return a.err
			}
			if err := fn(ctx, a.part, a.sifted); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// parts returns the parts that hold records from one number to another, and a
// missed one where retention has removed some.
func (r *Retro) parts(ctx context.Context, from, until telemetry.Seq) ([]siftedPart, error) {
	all, err := r.History.Parts(ctx)
	if err != nil {
		return nil, err
	}
	var out []siftedPart
	next := from
	for _, p := range all {
		if p.End <= from || p.First > until {
			continue
		}
		if p.First > next {
			out = append(out, r.absent(next, p.First))
		}
		next = p.End
		out = append(out, siftedPart{part: p})
	}
	if next <= until {
		out = append(out, r.absent(next, until+1))
	}
	return out, nil
}

func (r *Retro) absent(from, end telemetry.Seq) siftedPart {
	n := telemetry.Missing(r.History, from, end)
	return siftedPart{part: telemetry.Part{First: from, End: end, Records: n}, sifted: telemetry.Sifted{Missed: n}, absent: true}
}

func (r *Retro) lookIn(ctx context.Context, p telemetry.Part, until telemetry.Seq, look func(context.Context, telemetry.Part) (telemetry.Sifted, error)) siftedPart {
	if err := r.await(ctx, min(p.End-1, until)); err != nil {
		return siftedPart{err: err}
	}
	s, err := look(ctx, p)
	if errs.KindOf(err) == errs.NotFound {
		return r.absent(p.First, p.End)
	}
	return siftedPart{part: p, sifted: s, err: err}
}

// siftPart holds the values of a part against what pick wants.
func (r *Retro) siftPart(ctx context.Context, p telemetry.Part, from, until telemetry.Seq, pick telemetry.Pick) (telemetry.Sifted, error) {
	pick.From, pick.Until = from, until
	return r.History.Sift(ctx, p, pick)
}

// await waits until records up to seq have been matched, and so noted. It gives
// up when that does not get on: a damaged record at the end is never matched.
func (r *Retro) await(ctx context.Context, seq telemetry.Seq) error {
	last, since := r.Matched(), time.Now()
	for last < seq && time.Since(since) < patience {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		if now := r.Matched(); now != last {
			last, since = now, time.Now()
		}
	}
	return nil
}

// give lets live matching go first when it is behind, for a moment.
func (r *Retro) give(ctx context.Context) error {
	for range 10 {
		stats, err := r.History.Stats(ctx)
		if err != nil || stats.Last <= r.Matched()+behind {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}
