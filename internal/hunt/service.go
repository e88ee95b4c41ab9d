package hunt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// lookEvery is how often the worker asks for new jobs without being woken.
const lookEvery = 30 * time.Second

// Service keeps jobs and saved hunts. Safe for concurrent use.
type Service struct {
	store    JobStore
	hunts    HuntStore
	past     Past
	searcher Searcher
	wake     chan struct{}
	now      func() time.Time
}

// New returns a Service.
func New(store JobStore, hunts HuntStore, past Past, searcher Searcher) *Service {
	return &Service{store: store, hunts: hunts, past: past, searcher: searcher, wake: make(chan struct{}, 1), now: time.Now}
}

// Renew asks the worker to look for new jobs soon.
func (s *Service) Renew() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Jobs returns the newest jobs.
func (s *Service) Jobs(ctx context.Context, limit int) ([]Job, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	jobs, err := s.store.Jobs(ctx, false, min(max(limit, 1), 500))
	for i := range jobs {
		jobs[i].Memory = ""
	}
	return jobs, err
}

// Job returns one job.
func (s *Service) Job(ctx context.Context, id string) (Job, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Job{}, err
	}
	j, err := s.store.Job(ctx, id)
	j.Memory = ""
	return j, err
}

// Retro asks for a look back with every live indicator. What it takes besides is a job
// of its own, created at the same moment.
func (s *Service) Retro(ctx context.Context) (Job, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Job{}, err
	}
	jobs, err := s.past.All(ctx)
	if err != nil {
		return Job{}, err
	}
	who, now := ref.ActorFrom(ctx), s.now().UTC()
	for i := range jobs {
		jobs[i] = s.fresh(jobs[i], who.Name, now)
		act := ref.Act{Actor: who, Verb: "hunt.retro", Target: ref.Ref{Kind: ref.Job, ID: jobs[i].ID}, Time: now}
		if err := s.store.SaveJob(ctx, jobs[i], &act); err != nil {
			return Job{}, err
		}
	}
	s.Renew()
	return jobs[0], nil
}

func (s *Service) fresh(j Job, by string, now time.Time) Job {
	j.ID, j.State, j.By, j.Created = uuid.Must(uuid.NewV7()).String(), Waiting, by, now
	j.Next = max(j.Next, j.From)
	return j
}

// Run makes jobs of what comes into effect and does them, one at a time, the
// oldest first. One that a stop interrupted goes on where it was. It is a worker.
func (s *Service) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	if err := s.past.Ready(ctx); err != nil {
		return unlessDone(ctx, err)
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := s.Drain(ctx); err != nil {
			return unlessDone(ctx, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-tick.C:
		}
	}
}

func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Drain makes jobs of what came into effect, and does all there are.
func (s *Service) Drain(ctx context.Context) error {
	for {
		if err := s.begin(ctx); err != nil {
			return err
		}
		open, err := s.store.Jobs(ctx, true, 500)
		if err != nil {
			return err
		}
		if len(open) == 0 {
			return s.due(ctx)
		}
		if err := s.do(ctx, next(open)); err != nil {
			return err
		}
	}
}

// next is the job to do of those that are open, the newest first: the oldest, but those
// that read everything let the others pass.
func next(open []Job) Job {
	for _, j := range slices.Backward(open) {
		if !j.Kind.long() {
			return j
		}
	}
	return open[len(open)-1]
}

func (s *Service) begin(ctx context.Context) error {
	place, err := s.store.Place(ctx)
	if err != nil {
		return fmt.Errorf("read up to where everything was looked for: %w", err)
	}
	jobs, now, err := s.past.Due(ctx, place)
	if err != nil {
		return fmt.Errorf("find what is new: %w", err)
	}
	if len(jobs) == 0 && bytes.Equal(place, now) {
		return nil
	}
	created := s.now().UTC()
	for i := range jobs {
		jobs[i] = s.fresh(jobs[i], ref.SystemActor.Name, created)
	}
	return s.store.Begin(ctx, jobs, now)
}

// errPass ends a long job for now, because something may have come into effect.
var errPass = errors.New("others go first")

// do does one job. One that cannot be done is kept as failed; the error is the
// store's. A long one that let others pass stays open, and goes on where it was.
func (s *Service) do(ctx context.Context, j Job) error {
	if j.State == Waiting {
		j.State, j.Started = Running, s.now().UTC()
		if err := s.store.SaveJob(ctx, j, nil); err != nil {
			return err
		}
	}
	done, err := s.past.Look(ctx, j, func(part Job) error {
		if err := s.store.SaveJob(ctx, part, nil); err != nil || !part.Kind.long() {
			return err
		}
		select {
		case <-s.wake:
			return errPass
		default:
			return nil
		}
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, errPass) {
		return nil
	}
	done.State, done.Finished = Done, s.now().UTC()
	if err != nil {
		done.State, done.Problem = Failed, errs.Public(err)
	}
	return s.store.SaveJob(ctx, done, nil)
}
