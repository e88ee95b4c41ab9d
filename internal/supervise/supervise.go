// Package supervise keeps workers running and says how they are.
//
// A worker is a function that blocks until its context is done. [Tree.Run] starts
// all, restarts the one that fails after a jittered, growing pause, leaves one
// that failed for good (errs.Permanent) stopped and shown as degraded, and ends
// everything when one says that the process must stop (errs.Fatal). Workers stop
// in stages: a stage is stopped only after the one before it has ended.
package supervise

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
)

// State is how a worker is.
type State string

// The states.
const (
	Waiting   State = "waiting" // not started yet
	Running   State = "running"
	BackingUp State = "backing-off"
	Degraded  State = "degraded" // failed for good; the rest goes on
	Done      State = "done"     // had an end, and reached it
	Stopped   State = "stopped"
)

// Worker is a part that runs for as long as its context.
type Worker struct {
	Name string
	Run  func(ctx context.Context) error
}

// Status is what the health page shows of a worker.
type Status struct {
	Name     string    `json:"name"`
	State    State     `json:"state"`
	Since    time.Time `json:"since,omitzero"`
	Restarts int       `json:"restarts"`
	Error    string    `json:"error"` // the last one
}

const (
	firstPause = 500 * time.Millisecond
	maxPause   = time.Minute
	calm       = 5 * time.Minute // a run this long forgives what was before
)

// Tree runs workers in stages. Stages start together and stop in order.
type Tree struct {
	log    *slog.Logger
	stages [][]Worker

	mu     sync.Mutex
	order  []string
	status map[string]*Status // guarded by mu
}

// New returns a Tree of stages; the first stage is stopped first.
func New(log *slog.Logger, stages ...[]Worker) *Tree {
	t := &Tree{log: log, stages: stages, status: map[string]*Status{}}
	for _, stage := range stages {
		for _, w := range stage {
			t.order = append(t.order, w.Name)
			t.status[w.Name] = &Status{Name: w.Name, State: Waiting, Since: time.Now()}
		}
	}
	return t
}

// Status returns the state of every worker, in the order given to New.
func (t *Tree) Status() []Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]Status, 0, len(t.order))
	for _, name := range t.order {
		out = append(out, *t.status[name])
	}
	return out
}

func (t *Tree) set(name string, state State, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.status[name]
	s.State, s.Since = state, time.Now()
	if state == BackingUp {
		s.Restarts++
	}
	if err != nil {
		s.Error = err.Error()
	}
}

// Run starts all workers and blocks until ctx is done or one was fatal, then
// stops stage by stage; all stages together get the deadline. It returns the
// fatal error, or an error naming the workers that did not stop in time.
func (t *Tree) Run(ctx context.Context, deadline time.Duration) error {
	fatal := make(chan error, 1)
	stops := make([]context.CancelFunc, len(t.stages))
	ends := make([]chan struct{}, len(t.stages))
	for i, stage := range t.stages {
		// Stages outlive ctx: they are stopped one after the other below.
		stageCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		defer cancel()
		stops[i], ends[i] = cancel, make(chan struct{})
		var wg sync.WaitGroup
		for _, w := range stage {
			wg.Go(func() { t.keep(stageCtx, w, fatal) })
		}
		go func() {
			wg.Wait()
			close(ends[i])
		}()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-fatal:
	}
	limit := time.After(deadline)
	for i := range stops {
		stops[i]()
		select {
		case <-ends[i]:
		case <-limit:
			return errors.Join(err, fmt.Errorf("stage %d did not stop within %s", i+1, deadline))
		}
	}
	return err
}

// keep runs w again and again until ctx is done or w failed for good.
func (t *Tree) keep(ctx context.Context, w Worker, fatal chan<- error) {
	pause := firstPause
	for {
		t.set(w.Name, Running, nil)
		start := time.Now()
		err := run(ctx, w)
		switch {
		case ctx.Err() != nil:
			t.set(w.Name, Stopped, nil)
			return
		case err == nil:
			t.set(w.Name, Done, nil)
			return
		case errs.IsFatal(err):
			t.set(w.Name, Stopped, err)
			select {
			case fatal <- fmt.Errorf("%s: %w", w.Name, err):
			default:
			}
			return
		case errs.IsPermanent(err):
			t.set(w.Name, Degraded, err)
			t.log.ErrorContext(ctx, "worker stopped for good", "worker", w.Name, "error", err)
			return
		}
		if time.Since(start) > calm {
			pause = firstPause
		}
		t.set(w.Name, BackingUp, err)
		t.log.WarnContext(ctx, "worker failed, starting it again", "worker", w.Name, "error", err, "pause", pause)
		select {
		case <-ctx.Done():
			t.set(w.Name, Stopped, nil)
			return
		case <-time.After(pause/2 + rand.N(pause)):
		}
		pause = min(2*pause, maxPause)
	}
}

// run calls the worker and turns a panic into an error, so that one part's bug
// does not take the others down.
func run(ctx context.Context, w Worker) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return w.Run(ctx)
}
