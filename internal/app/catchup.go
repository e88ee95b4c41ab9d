package app

import (
	"context"
	"sync"
	"time"
)

// idle is how long matching may stand still before it counts as done: a damaged
// record at the end is never matched.
const idle = 5 * time.Second

// catchUp runs the matching of events until it has come to the last one.
func (s *System) catchUp(ctx context.Context) error {
	run, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	errs := make(chan error, 3)
	for _, w := range []func(context.Context) error{
		func(ctx context.Context) error { return s.matcher.Run(ctx, s.ready) }, s.rules.Run, s.events.Run,
	} {
		all.Go(func() { errs <- w(run) })
	}
	err := s.untilMatched(ctx, errs)
	stop()
	all.Wait()
	return err
}

func (s *System) untilMatched(ctx context.Context, failed <-chan error) error {
	stats, err := s.history.Stats(ctx)
	if err != nil {
		return err
	}
	select {
	case <-s.ready:
	case err := <-failed:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
	last, since := s.events.Matched(), time.Now()
	for last < stats.Last && time.Since(since) < idle {
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		if now := s.events.Matched(); now != last {
			last, since = now, time.Now()
		}
	}
	return nil
}
