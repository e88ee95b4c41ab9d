package jetstream_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/queue/jetstream"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// buried puts lots of one record each into the queue and has them kept apart, and last a
// message that is no lot.
func buried(t *testing.T, b *broker, q *jetstream.Queue, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := q.Append(t.Context(), records(name, 1)); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := nats.Connect(b.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Publish("PROOF.events", []byte("no lot")); err != nil {
		t.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	for n := 0; n <= len(names); {
		for _, l := range take(t, q, 8) {
			if err := l.Hand.Bury(t.Context(), "it ends whoever tries it"); err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
}

// TestDead: what is kept apart is listed and shown, goes into the queue again once, or is
// dropped; what is no lot does not go in again.
func TestDead(t *testing.T) {
	b := newBroker(t)
	q := b.open(nil)
	buried(t, b, q, "first", "second", "third")
	all, err := q.Dead(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var events []int
	for i, d := range all {
		events = append(events, d.Events)
		if d.Number != uint64(i+1) || d.Reason != "it ends whoever tries it" || d.Lot == 0 || d.Bytes == 0 || d.At.IsZero() {
			t.Errorf("%+v", d)
		}
	}
	if diff := cmp.Diff([]int{1, 1, 1, 0}, events); diff != "" {
		t.Fatal(diff)
	}
	if part, err := q.Dead(t.Context(), 2, 2); err != nil || len(part) != 2 || part[0].Number != 2 {
		t.Errorf("from 2, two: %+v, %v", part, err)
	}
	if d, got, _, err := q.DeadLot(t.Context(), 2); err != nil || d.Events != 1 || !cmp.Equal(got, records("second", 1)) {
		t.Errorf("%+v %+v %v", d, got, err)
	}
	if _, got, data, err := q.DeadLot(t.Context(), 4); err != nil || len(got) > 0 || !bytes.Equal(data, []byte("no lot")) {
		t.Errorf("what is no lot: %q %v", data, err)
	}
	if err := q.Revive(t.Context(), 4); errs.KindOf(err) != errs.Conflict {
		t.Errorf("what is no lot, retried: %v", err)
	}
	if err := q.Revive(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if got := done(t, q, 1); !cmp.Equal(got, records("second", 1)) {
		t.Errorf("retried: %+v", got)
	}
	if err := q.Forget(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for _, number := range []uint64{0, 1, 2, 99} {
		for what, err := range map[string]error{"retry": q.Revive(t.Context(), number), "drop": q.Forget(t.Context(), number)} {
			if errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s of %d: %v", what, number, err)
			}
		}
	}
	left, err := q.Dead(t.Context(), 0, 100)
	if err != nil || len(left) != 2 || left[0].Number != 3 || left[1].Number != 4 {
		t.Errorf("left: %+v, %v", left, err)
	}
	if s, err := q.State(t.Context()); err != nil || s.Dead != 2 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestReviveOnce: a retry that was broken off between the two streams makes no second lot.
func TestReviveOnce(t *testing.T) {
	b := newBroker(t)
	q := b.open(nil)
	buried(t, b, q, "only")
	if err := q.ReviveOnly(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := q.Revive(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	done(t, q, 1)
	if s, err := q.State(t.Context()); err != nil || s.Pending != 0 || s.Handed != 0 || s.Dead != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	var none telemetry.DeadLot
	if d, _, _, err := q.DeadLot(t.Context(), 1); errs.KindOf(err) != errs.NotFound || d != none {
		t.Errorf("it is still kept: %+v, %v", d, err)
	}
}
