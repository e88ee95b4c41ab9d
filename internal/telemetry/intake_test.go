package telemetry_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

func records(raw ...string) []telemetry.Record {
	var out []telemetry.Record
	for _, r := range raw {
		out = append(out, telemetry.Record{Raw: []byte(r)})
	}
	return out
}

func system(t *testing.T) context.Context { return ref.WithActor(t.Context(), ref.SystemActor) }

func TestAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := new(historytest.Memory)
		in := telemetry.NewIntake(h, 0)
		start := time.Now().UTC()
		if err := in.Accept(system(t), "tail/a", records("one", "three")); err != nil {
			t.Fatal(err)
		}
		select {
		case <-in.Arrived():
		default:
			t.Error("nobody was told that something arrived")
		}
		time.Sleep(time.Hour)
		early := start.Add(-time.Minute)
		if err := in.Accept(system(t), "tail/a", []telemetry.Record{{Received: early, Source: "claimed", Raw: []byte("x")}}); err != nil {
			t.Fatal(err)
		}
		in.Refuse("http/b", "too-long", 3)
		in.Decoded("tail/a", "zeek", start.Add(-time.Second), start)
		in.Decoded("tail/a", "zeek", start.Add(time.Second), start)
		in.Decoded("tail/a", "json", start.Add(-2*time.Second), start)
		want := []telemetry.Source{
			{Name: "http/b", Refused: map[string]int64{"too-long": 3}},
			{
				Name: "tail/a", Events: 3, Bytes: 9, First: start, Last: start.Add(time.Hour),
				Lag: 2 * time.Second, Formats: map[string]int64{"zeek": 2, "json": 1}, Pause: time.Hour, Allowed: telemetry.Silence,
			},
		}
		if diff := cmp.Diff(want, in.Sources()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		got, err := h.Read(t.Context(), 1, 10)
		if err != nil {
			t.Fatal(err)
		}
		stored := []telemetry.Stored{
			{Seq: 1, Record: telemetry.Record{Received: start, Source: "tail/a", Raw: []byte("one")}},
			{Seq: 2, Record: telemetry.Record{Received: start, Source: "tail/a", Raw: []byte("three")}},
			{Seq: 3, Record: telemetry.Record{Received: early, Source: "tail/a", Raw: []byte("x")}},
		}
		if diff := cmp.Diff(stored, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

func TestDenied(t *testing.T) {
	in := telemetry.NewIntake(new(historytest.Memory), 0)
	if err := in.Accept(t.Context(), "x", records("one")); errs.KindOf(err) != errs.Denied {
		t.Errorf("nobody in particular was let in: %v", err)
	}
}

// slow appends only when it is let go on.
type slow struct {
	historytest.Memory
	free chan struct{}
}

func (s *slow) Append(ctx context.Context, r []telemetry.Record) (telemetry.Seq, error) {
	<-s.free
	return s.Memory.Append(ctx, r)
}

// TestPressure: when the bytes being appended reach the limit, a sender waits,
// and is sent away only after a while.
func TestPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &slow{free: make(chan struct{})}
		in := telemetry.NewIntake(h, 10)
		send := func(raw string) chan error {
			done := make(chan error, 1)
			go func() { done <- in.Accept(system(t), "x", records(raw)) }()
			return done
		}
		first := send("more bytes than there is room for")
		synctest.Wait()
		second := send("2")
		time.Sleep(time.Second)
		h.free <- struct{}{}
		h.free <- struct{}{}
		if err := <-first; err != nil {
			t.Error(err)
		}
		if err := <-second; err != nil {
			t.Errorf("a sender that waited a second: %v", err)
		}
		third := send("0123456789")
		synctest.Wait()
		if err := <-send("4"); errs.KindOf(err) != errs.RateLimited {
			t.Errorf("a sender for which there was no room: %v", err)
		}
		h.free <- struct{}{}
		if err := <-third; err != nil {
			t.Error(err)
		}
	})
}

func TestManySources(t *testing.T) {
	in := telemetry.NewIntake(new(historytest.Memory), 0)
	for i := range 5000 {
		in.Refuse(fmt.Sprint(i), "r", 1)
		in.Refuse("one", fmt.Sprint(i), 1)
	}
	sources := in.Sources()
	total := int64(0)
	for _, s := range sources {
		for _, n := range s.Refused {
			total += n
		}
		if len(s.Refused) > 65 {
			t.Errorf("%s has %d reasons", s.Name, len(s.Refused))
		}
	}
	if len(sources) > 4097 || total != 10_000 {
		t.Errorf("%d sources with %d refusals, want few with 10000", len(sources), total)
	}
}

// TestImport: records of old files are kept and told of, and no sender comes of them.
func TestImport(t *testing.T) {
	h := new(historytest.Memory)
	in := telemetry.NewIntake(h, 0)
	old := records("one", "two")
	for i := range old {
		old[i].Source = telemetry.ImportedFrom("cellar")
	}
	if err := in.Import(ref.WithActor(t.Context(), ref.Actor{Role: ref.Viewer}), old); errs.KindOf(err) != errs.Denied {
		t.Errorf("a viewer imports: %v", err)
	}
	if err := in.Import(system(t), old); err != nil {
		t.Fatal(err)
	}
	select {
	case <-in.Arrived():
	default:
		t.Error("nobody was told that something arrived")
	}
	got, err := h.Read(t.Context(), 1, 10)
	if err != nil || len(got) != 2 || !telemetry.Imported(got[1].Source) || got[0].Received.IsZero() {
		t.Errorf("%v %v", got, err)
	}
	if s := in.Sources(); len(s) > 0 {
		t.Errorf("an old file counts as a sender: %+v", s)
	}
	if telemetry.Imported("http/import/") {
		t.Error("a sender passes for an old file")
	}
}
