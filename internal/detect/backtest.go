package detect

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// Past runs a rule over what the history keeps.
type Past interface {
	// Try looks at every event received in [b.From, b.To), fills the counts,
	// days, entities and samples of b and returns it. tell is called now and
	// then with what there is so far. It ends early when ctx does. What is tried is the
	// rule or the correlation b.Rule of live; the rest is there for it.
	Try(ctx context.Context, live Live, b Backtest, tell func(Backtest)) (Backtest, error)
}

// longestBacktest bounds one run.
const longestBacktest = 20 * 366 * 24 * time.Hour

// Backtest asks for a run of a rule or a correlation, on or off, over the events of [from, to). It
// returns at once; the run goes on in the background.
func (s *Service) Backtest(ctx context.Context, rule string, from, to time.Time) (Backtest, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Backtest{}, err
	}
	r, _, err := s.rule(ctx, rule)
	if err != nil {
		return Backtest{}, err
	}
	if r.Kind == Filter {
		return Backtest{}, errs.New(errs.Invalid, "backtest_kind", "A filter raises nothing by itself: test a rule that it is for, with it on and off.")
	}
	if !from.Before(to) || to.Sub(from) > longestBacktest {
		return Backtest{}, errs.New(errs.Invalid, "backtest_span", "A back-test looks at up to 20 years, from an earlier time to a later one.")
	}
	who := ref.ActorFrom(ctx)
	b := Backtest{
		ID: uuid.Must(uuid.NewV7()).String(), Rule: r.ID, Title: r.Title, Version: r.Version, From: from.UTC(), To: to.UTC(),
		State: Waiting, By: who.Name, Started: s.now().UTC(),
	}
	act := ref.Act{Actor: who, Verb: "detect.backtest", Target: ref.Ref{Kind: ref.Rule, ID: r.ID}, Detail: map[string]any{"from": b.From, "to": b.To}}
	if err := s.tuning.SaveBacktest(ctx, b, &act); err != nil {
		return Backtest{}, err
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return b, nil
}

// Backtests returns the runs of a rule, or all when rule is empty, newest first.
func (s *Service) Backtests(ctx context.Context, rule string, limit int) ([]Backtest, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.tuning.Backtests(ctx, rule, min(max(limit, 1), 200))
}

// Run does the back-tests that wait, one at a time; one that a stop interrupted
// starts again. It is a worker.
func (s *Service) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	for {
		if err := s.Drain(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		}
	}
}

// Drain does the back-tests that wait now, the oldest first.
func (s *Service) Drain(ctx context.Context) error {
	all, err := s.tuning.Backtests(ctx, "", 200)
	if err != nil {
		return err
	}
	for i := len(all) - 1; i >= 0; i-- {
		if b := all[i]; b.State == Waiting || b.State == Running {
			if err := s.try(ctx, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// try runs one back-test. A run that cannot be done is kept as failed; the error
// is the store's.
func (s *Service) try(ctx context.Context, b Backtest) error {
	fail := func(why string) error {
		b.State, b.Problem, b.Finished = Failed, why, s.now().UTC()
		return s.tuning.SaveBacktest(ctx, b, nil)
	}
	meta, _, err := s.rule(ctx, b.Rule)
	if errs.KindOf(err) == errs.NotFound {
		return fail("The rule is gone.")
	}
	if err != nil {
		return err
	}
	live, err := s.alone(ctx, meta)
	if err != nil {
		return err
	}
	if _, ok := live.Meta[b.Rule]; !ok {
		return fail(fmt.Sprintf("The file %s no longer holds the rule, or it cannot be read any more.", meta.File))
	}
	b = Backtest{ID: b.ID, Rule: b.Rule, Title: b.Title, Version: meta.Version, From: b.From, To: b.To, State: Running, By: b.By, Started: b.Started}
	if err := s.tuning.SaveBacktest(ctx, b, nil); err != nil {
		return err
	}
	done, err := s.past.Try(ctx, live, b, func(part Backtest) { _ = s.tuning.SaveBacktest(ctx, part, nil) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fail(err.Error())
	}
	done.State, done.Progress, done.Finished = Done, 1, s.now().UTC()
	return s.tuning.SaveBacktest(ctx, done, nil)
}

// live returns the exceptions that hold now.
func (s *Service) live(ctx context.Context) ([]Exception, error) {
	all, err := s.tuning.Exceptions(ctx, "")
	if err != nil {
		return nil, err
	}
	now := s.now()
	var out []Exception
	for _, e := range all {
		if e.Live(now) {
			out = append(out, e)
		}
	}
	return out, nil
}
