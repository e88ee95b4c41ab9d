package supervise_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/supervise"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func wait(ctx context.Context) error { <-ctx.Done(); return nil }

func TestFailedWorkerIsRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		tree := supervise.New(quiet(), []supervise.Worker{
			{Name: "fails", Run: func(ctx context.Context) error {
				if runs++; runs < 3 {
					return errors.New("not yet")
				}
				return wait(ctx)
			}},
			{Name: "panics", Run: func(context.Context) error { panic("bug") }},
			{Name: "broken", Run: func(context.Context) error { return errs.Permanent(errors.New("wrong key")) }},
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- tree.Run(ctx, time.Second) }()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		st := tree.Status()
		if runs != 3 || st[0].State != supervise.Running || st[0].Restarts != 2 || st[0].Error != "not yet" {
			t.Errorf("after %d runs: %+v", runs, st[0])
		}
		if st[1].Restarts == 0 {
			t.Errorf("a panic was not survived: %+v", st[1])
		}
		if st[2].State != supervise.Degraded || st[2].Restarts != 0 {
			t.Errorf("a permanent failure: %+v", st[2])
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestFatalEndsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := errors.New("boom")
		tree := supervise.New(quiet(), []supervise.Worker{
			{Name: "good", Run: wait},
			{Name: "fatal", Run: func(context.Context) error { return errs.Fatal(boom) }},
		})
		if err := tree.Run(t.Context(), time.Second); !errors.Is(err, boom) {
			t.Errorf("Run = %v", err)
		}
	})
}

func TestStagesStopInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var order []string
		worker := func(name string, takes time.Duration) supervise.Worker {
			return supervise.Worker{Name: name, Run: func(ctx context.Context) error {
				<-ctx.Done()
				time.Sleep(takes)
				mu.Lock()
				defer mu.Unlock()
				order = append(order, name)
				return nil
			}}
		}
		tree := supervise.New(quiet(), []supervise.Worker{worker("intake", time.Second)}, []supervise.Worker{worker("match", 0)}, []supervise.Worker{worker("face", 0)})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := tree.Run(ctx, 10*time.Second); err != nil {
			t.Error(err)
		}
		if !slices.Equal(order, []string{"intake", "match", "face"}) {
			t.Errorf("stopped in the order %v", order)
		}
	})
}

func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		tree := supervise.New(quiet(), []supervise.Worker{{Name: "hangs", Run: func(context.Context) error { <-hang; return nil }}})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := tree.Run(ctx, time.Second); err == nil {
			t.Error("a worker that does not stop was not reported")
		}
		close(hang)
	})
}
