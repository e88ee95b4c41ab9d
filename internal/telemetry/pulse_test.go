package telemetry_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// TestSilence: a sender is silent when it is quiet for longer than it is used to,
// or than was configured.
func TestSilence(t *testing.T) {
	for _, c := range []struct {
		name       string
		every      time.Duration
		times      int
		configured time.Duration
		allowed    time.Duration
	}{
		{"hardly known", time.Second, 3, 0, 20 * time.Minute},
		{"busy", time.Second, 100, 0, 5 * time.Minute},
		{"twice an hour", 30 * time.Minute, 20, 0, 2 * time.Hour},
		{"configured", 30 * time.Minute, 20, 20 * time.Minute, 20 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			in := telemetry.NewIntake(new(historytest.Memory), 0)
			in.Expect(c.configured)
			for i := range c.times {
				if i > 0 {
					time.Sleep(c.every)
				}
				if err := in.Accept(system(t), "syslog/10.0.0.1", records("one")); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(c.allowed)
			if s := in.Sources()[0]; s.Silent || s.Allowed != c.allowed {
				t.Errorf("%s: silent %v, may be quiet for %v, want %v", c.name, s.Silent, s.Allowed, c.allowed)
			}
			time.Sleep(time.Second)
			if s := in.Sources()[0]; !s.Silent {
				t.Errorf("%s: not silent after %v", c.name, c.allowed+time.Second)
			}
		})
	}
}

// TestClockAhead: events from the future are counted.
func TestClockAhead(t *testing.T) {
	in := telemetry.NewIntake(new(historytest.Memory), 0)
	now := time.Now()
	const year = 365 * 24 * time.Hour
	for _, at := range []time.Time{now, now.Add(4 * time.Minute), now.Add(year), now.Add(-year)} {
		in.Decoded("http/a", "ecs", at, now)
	}
	got := in.Sources()[0]
	if diff := cmp.Diff([]any{int64(1), year, year}, []any{got.Ahead, got.Skew, got.Lag}); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestTake counts each record for its own sender.
func TestTake(t *testing.T) {
	in := telemetry.NewIntake(new(historytest.Memory), 0)
	batch := []telemetry.Record{{Source: "a", Raw: []byte("1")}, {Source: "b", Raw: []byte("22")}, {Source: "b", Raw: []byte("3")}, {Source: "a", Raw: []byte("4")}}
	if err := in.Take(system(t), batch); err != nil {
		t.Fatal(err)
	}
	got := map[string][2]int64{}
	for _, s := range in.Sources() {
		got[s.Name] = [2]int64{s.Events, s.Bytes}
	}
	if diff := cmp.Diff(map[string][2]int64{"a": {2, 2}, "b": {2, 3}}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestRecall: a sender of before a restart is missed when it does not come back, and
// the time in between is not its own.
func TestRecall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := telemetry.NewIntake(new(historytest.Memory), 0)
		for range 20 {
			if err := before.Accept(system(t), "syslog/10.0.0.1", records("one")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		known := before.Known()
		time.Sleep(24 * time.Hour) // we do not run
		in := telemetry.NewIntake(new(historytest.Memory), 0)
		in.Recall(append(known, telemetry.Known{Name: "old", Last: time.Now().Add(-30 * 24 * time.Hour)}, telemetry.Known{Name: "from the future", Last: time.Now().Add(time.Hour)}))
		if diff := cmp.Diff(known, in.Known()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		for range 2 {
			time.Sleep(4 * time.Minute)
			s := in.Sources()[0]
			if want := time.Since(known[0].Last) > 24*time.Hour+8*time.Minute; s.Silent != want || s.Allowed != 5*time.Minute {
				t.Errorf("silent %v, want %v: %+v", s.Silent, want, s)
			}
		}
		if err := in.Accept(system(t), "syslog/10.0.0.1", records("one")); err != nil {
			t.Fatal(err)
		}
		if s := in.Sources()[0]; s.Silent || s.Pause != time.Minute {
			t.Errorf("%+v", s)
		}
	})
}
