package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

const (
	// keeperGone is after how long without a beat a keeper counts as gone, at most.
	keeperGone = 10 * time.Second
	// presenceEvery is how often a process tells of itself, sendersTold how many senders
	// it tells of.
	presenceEvery = time.Second
	sendersTold   = 1000
	// processLive is how long a process counts as live after it has told of itself,
	// processKept how long it is remembered.
	processLive = 10 * presenceEvery
	processKept = time.Hour
	processMost = 200
	// sweepEvery is how often what cannot come again is forgotten.
	sweepEvery = time.Minute
)

// tenure is the time in which a process keeps.
type tenure struct {
	*share
	epoch    int64
	gatherer *pipeline.Gatherer // set when the system is built

	mu    sync.Mutex
	heard map[string]heard // guarded by mu; by process
}

// heard is what a process told last, and when that was new here: clocks may differ.
type heard struct{ told, at time.Time }

// gone is after how long without a beat a keeper counts as gone.
func (s *share) gone() time.Duration { return min(s.opt.Config.Transport.Redeliver, keeperGone) }

// keep waits until nobody else keeps, and then does, until ctx is done or somebody else
// has the lease.
func (s *share) keep(ctx context.Context) error {
	epoch, err := s.elect(ctx)
	if err != nil || epoch == 0 {
		return err
	}
	s.opt.Log.InfoContext(ctx, "keeping", "epoch", epoch, "process", s.id)
	run, stop := context.WithCancel(ctx)
	defer stop()
	lost := make(chan error, 1)
	go func() {
		lost <- s.confirm(run, epoch)
		stop()
	}()
	err = s.reign(run, epoch)
	stop()
	if gone := <-lost; gone != nil {
		return errs.Fatal(gone)
	}
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, s.store.Queue().Resign(short, epoch))
}

// reign is everything that the keeper does.
func (s *share) reign(ctx context.Context, epoch int64) error {
	opt := s.opt
	opt.tenure = &tenure{share: s, epoch: epoch}
	sys, err := Open(ctx, opt)
	if err != nil {
		return err
	}
	defer sys.matcher.InEffect(nil) // it may outlive this
	err = sys.serve(ctx, Keep, s.started)
	if errs.KindOf(err) == errs.Unavailable { // an address in use does not become free by waiting
		err = errs.Fatal(err)
	}
	return errors.Join(err, sys.Close())
}

// elect waits until the lease is ours; 0 = ctx is done.
func (s *share) elect(ctx context.Context) (int64, error) {
	q := s.store.Queue()
	var seen store.Lease
	var since time.Time
	told := false
	for {
		now, err := q.Lease(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return 0, nil
			}
			return 0, err
		}
		if now.Epoch != seen.Epoch || now.Beat != seen.Beat || since.IsZero() {
			seen, since = now, time.Now()
		}
		if now.Holder == "" || time.Since(since) > s.gone() {
			epoch, ok, err := q.Claim(ctx, seen, s.id)
			if err != nil && ctx.Err() == nil {
				return 0, err
			}
			if ok {
				return epoch, nil
			}
		} else if !told {
			told = true
			s.opt.Log.InfoContext(ctx, "another process keeps; this one takes over when it is gone", "keeper", now.Holder)
		}
		select {
		case <-ctx.Done():
			return 0, nil
		case <-time.After(s.gone() / 10):
		}
	}
}

// confirm says that we are there, until ctx is done; an error says that the lease is lost.
func (s *share) confirm(ctx context.Context, epoch int64) error {
	tick := time.NewTicker(s.gone() / 5)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		held, err := s.store.Queue().Confirm(ctx, epoch)
		if err == nil && !held {
			return errs.New(errs.Conflict, "lease_lost", "Another process keeps now; this one begins anew and waits for its turn.")
		}
		if err != nil && ctx.Err() == nil { // nothing else can be written either
			s.opt.Log.WarnContext(ctx, "the lease of the keeper cannot be confirmed", "error", err)
		}
	}
}

// tell lets matchers know what is announced, before it is acted on here.
func (t *tenure) tell(on map[string]func(context.Context, ref.Fact) error) {
	for topic, act := range on {
		if topic == "alert.changed" {
			continue
		}
		on[topic] = func(ctx context.Context, f ref.Fact) error {
			if err := t.store.Queue().Tell(ctx, topic); err != nil {
				return err
			}
			return act(ctx, f)
		}
	}
}

// sweep forgets what cannot come again.
func (t *tenure) sweep(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		state, err := t.queue.State(ctx)
		if err == nil {
			err = t.store.Queue().Sweep(ctx, state.Done)
		}
		if err == nil {
			err = t.store.Queue().ForgetProcesses(ctx, time.Now().Add(-processKept))
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// everywhereWithin is how long the slowest matcher is waited for: one that builds an
// index of millions anew takes a while.
const everywhereWithin = 10 * time.Minute

// everywhere waits until all matchers know what is in effect here, and returns the last
// number that one may have looked at without.
func (t *tenure) everywhere(ctx context.Context, since intel.Stamp) (telemetry.Seq, error) {
	news, err := t.store.Queue().News(ctx)
	if err != nil {
		return 0, err
	}
	want := pipeline.Known{Intel: since.Seq, Rules: rulesTold(news)}
	for end := time.Now().Add(everywhereWithin); ; {
		list, err := t.processes(ctx)
		if err != nil {
			return 0, err
		}
		i := slices.IndexFunc(list, func(p pipeline.Process) bool {
			return p.Live && p.Match != nil && (p.Knows.Intel < want.Intel || p.Knows.Rules < want.Rules)
		})
		if i < 0 {
			break
		}
		if time.Now().After(end) {
			t.opt.Log.WarnContext(ctx, "a matcher does not learn what changed; what it does not find is not looked for again", "process", list[i].ID)
			break
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(presenceEvery / 4):
		}
	}
	state, err := t.queue.State(ctx)
	if err != nil || state.Last == t.queue.Base() {
		return 0, err
	}
	return state.Last.Last(), nil
}
