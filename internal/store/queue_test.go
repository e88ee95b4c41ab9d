package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

func lots(numbers ...telemetry.LotNumber) (out []telemetry.LotFound) {
	for _, n := range numbers {
		out = append(out, telemetry.LotFound{Number: n, Matcher: "m", Records: 3, Data: []byte(`{"it's":"found"}`)})
	}
	return out
}

func waiting(t *testing.T, q store.Queue) (out []telemetry.LotNumber) {
	t.Helper()
	list, err := q.Found(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		out = append(out, f.Number)
	}
	return out
}

// TestQueueTakesOnce: what was found in a lot is taken once, with the alerts, however
// often it is put, and also when everything of it was forgotten.
func TestQueueTakesOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, q, alerts := t.Context(), s.Queue(), alert.New(s.Alerts())
		put := func(numbers ...telemetry.LotNumber) {
			t.Helper()
			if err := q.PutFound(ctx, lots(numbers...)); err != nil {
				t.Fatal(err)
			}
		}
		take := func(n int, numbers ...uint64) error {
			_, err := alerts.Take(ctx, []alert.Detection{met(n, time.Minute, "host", "evil.example", "")}, &alert.Mark{Consumer: "match", Seq: 9, Lots: numbers})
			return err
		}
		put(3, 1, 2)
		put(2, 3, 4)
		if diff := cmp.Diff([]telemetry.LotNumber{1, 2, 3, 4}, waiting(t, q)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if list, err := q.Found(ctx, 1); err != nil || len(list) != 1 || string(list[0].Data) != `{"it's":"found"}` || list[0].Records != 3 || list[0].Matcher != "m" {
			t.Errorf("%+v %v", list, err)
		}
		if err := take(1, 1, 2); err != nil {
			t.Fatal(err)
		}
		put(1, 2) // a matcher that was taken for dead
		if err := take(2, 2, 3); errs.CodeOf(err) != "lots_taken" {
			t.Errorf("a lot that was taken: %v", err)
		}
		if totals, err := s.Alerts().Totals(ctx); err != nil || totals.Detections != 1 {
			t.Errorf("%+v %v", totals, err)
		}
		if diff := cmp.Diff([]telemetry.LotNumber{3, 4}, waiting(t, q)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if n, oldest, err := q.Backlog(ctx); err != nil || n != 2 || time.Since(oldest) > time.Minute {
			t.Errorf("backlog %d since %s, %v", n, oldest, err)
		}
		for range 3 { // raises the floor, then removes
			if err := q.Sweep(ctx, 2); err != nil {
				t.Fatal(err)
			}
		}
		put(1, 2)
		if diff := cmp.Diff([]telemetry.LotNumber{3, 4}, waiting(t, q)); diff != "" {
			t.Errorf("after the sweep: -want +got\n%s", diff)
		}
		if at, err := s.Checkpoints().Checkpoint(ctx, "match"); err != nil || at != 9 {
			t.Errorf("checkpoint %d %v", at, err)
		}
	})
}

func TestQueueAttempts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for want := 1; want < 4; want++ {
			if n, err := s.Queue().Attempt(t.Context(), 7); err != nil || n != want {
				t.Errorf("%d %v, want %d", n, err, want)
			}
		}
	})
}

// TestQueueBase: the first to ask for a stream decides where its numbers begin, and a
// stream never begins before the one that was there.
func TestQueueBase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		q, made := s.Queue(), time.Now()
		if _, ok, err := q.KnownBase(t.Context(), made); ok || err != nil {
			t.Errorf("%v %v", ok, err)
		}
		for _, tt := range []struct {
			created        time.Time
			proposed, want telemetry.LotNumber
		}{{made, 500, 500}, {made, 900, 500}, {made.Add(time.Hour), 20, 500}, {made.Add(2 * time.Hour), 800, 800}} {
			if got, err := q.Base(t.Context(), tt.created, tt.proposed); err != nil || got != tt.want {
				t.Errorf("%+v: %d %v", tt, got, err)
			}
		}
		if base, ok, err := q.KnownBase(t.Context(), made); base != 500 || !ok || err != nil {
			t.Errorf("%d %v %v", base, ok, err)
		}
		for _, name := range []string{"first", "second"} {
			if v, err := q.House(t.Context(), "home", name); err != nil || v != "first" {
				t.Errorf("%q %v", v, err)
			}
		}
	})
}

// TestLease: one at a time has it; who lost it cannot write any more, whatever it does.
func TestLease(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, q := t.Context(), s.Queue()
		free, err := q.Lease(ctx)
		if err != nil || free.Holder != "" {
			t.Fatalf("%+v %v", free, err)
		}
		epoch, ok, err := q.Claim(ctx, free, "one")
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if _, ok, err := q.Claim(ctx, free, "two"); ok || err != nil {
			t.Errorf("a lease that another took meanwhile: %v %v", ok, err)
		}
		seen, err := q.Lease(ctx)
		if err != nil || seen.Holder != "one" || seen.Epoch != epoch || seen.Since.IsZero() {
			t.Fatalf("%+v %v", seen, err)
		}
		if held, err := q.Confirm(ctx, epoch); !held || err != nil {
			t.Error(held, err)
		}
		if _, ok, err := q.Claim(ctx, seen, "two"); ok || err != nil {
			t.Errorf("a lease that was confirmed meanwhile: %v %v", ok, err)
		}
		s.Fence(epoch)
		if err := q.Tell(ctx, "intel.changed"); err != nil {
			t.Errorf("the holder writes: %v", err)
		}
		if seen, err = q.Lease(ctx); err != nil {
			t.Fatal(err)
		}
		next, ok, err := q.Claim(ctx, seen, "two")
		if err != nil || !ok || next != epoch+1 {
			t.Fatal(next, ok, err)
		}
		if err := q.Tell(ctx, "intel.changed"); !errs.IsFatal(err) || errs.CodeOf(err) != "lease_lost" {
			t.Errorf("who lost the lease writes: %v", err)
		}
		if news, err := q.News(ctx); err != nil || cmp.Diff(map[string]int64{"intel.changed": 1}, news) != "" {
			t.Errorf("%v %v", news, err)
		}
		s.Fence(next)
		if held, err := q.Confirm(ctx, epoch); held || err != nil {
			t.Errorf("who lost the lease confirms it: %v %v", held, err)
		}
		if err := q.Resign(ctx, next); err != nil {
			t.Fatal(err)
		}
		s.Fence(next + 1)
		if l, err := q.Lease(ctx); err != nil || l.Holder != "" {
			t.Errorf("%+v %v", l, err)
		}
	})
}

// TestProcesses: what processes tell of themselves, until they are forgotten.
func TestProcesses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, q := t.Context(), s.Queue()
		for _, data := range []string{"1", "2"} {
			if err := q.TellOf(ctx, store.Process{ID: "a", Role: "match", Data: []byte(data)}); err != nil {
				t.Fatal(err)
			}
		}
		list, err := q.Processes(ctx, 10)
		if err != nil || len(list) != 1 || string(list[0].Data) != "2" || list[0].Role != "match" || time.Since(list[0].At) > time.Minute {
			t.Errorf("%+v %v", list, err)
		}
		if err := q.ForgetProcesses(ctx, time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if list, err := q.Processes(ctx, 10); err != nil || len(list) != 0 {
			t.Errorf("%+v %v", list, err)
		}
	})
}
