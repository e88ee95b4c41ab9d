// Package receivertest is what every receiver of a network must pass: [Run] sends
// a numbered stream, half a frame, what is too long, what is no text, and sends on
// while the disk takes nothing.
//
// What is acknowledged must be kept; what is not kept must be counted; a bad
// sender must not harm the next.
package receivertest

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// MaxEvent is the limit of one event that a receiver under test must have.
const MaxEvent = 64 << 10

// Sender is a client of the receiver under test. Each call may use a connection
// of its own.
type Sender struct {
	// Send delivers records in order and returns how many of them, from the
	// first, were acknowledged or refused one by one: those need not be sent again.
	Send func(ctx context.Context, records []string) (done int, err error)
	// Half sends the beginning of a delivery of one record and then breaks off. Nil
	// where there is no such thing.
	Half func(ctx context.Context, record string) error
	// Unacknowledged says that the protocol has no acknowledgement: Send is done
	// when the bytes are sent.
	Unacknowledged bool
	// Lossy says that the protocol may lose what is not taken at once.
	Lossy bool
	// Datagram is the longest record the protocol carries, 0 = any.
	Datagram int
	// Wrap makes a record of a text that has no quotes; nil = it is one.
	Wrap func(text string) string
	// Illegible is a record that is no text, or no document; empty = bytes with NUL.
	Illegible string
}

// Start starts a receiver that gives to intake and ends with the test.
type Start func(t testing.TB, intake *telemetry.Intake) Sender

// Run runs the suite.
func Run(t *testing.T, start Start) {
	for name, test := range map[string]func(*testing.T, *bench){
		"numbered stream": numbered,
		"half a frame":    half,
		"too long":        long,
		"not text":        illegible,
		"disk is busy":    busy,
	} {
		t.Run(name, func(t *testing.T) { test(t, set(t, start)) })
	}
}

// bench is a receiver, its client, and what it keeps.
type bench struct {
	Sender
	history *disk
	intake  *telemetry.Intake
}

func set(t *testing.T, start Start) *bench {
	t.Helper()
	d := &disk{}
	in := telemetry.NewIntake(d, 0)
	b := &bench{start(t, in), d, in}
	if b.Wrap == nil {
		b.Wrap = func(s string) string { return s }
	}
	if b.Illegible == "" {
		b.Illegible = "n\x00=\x000\x000\x007\x00"
	}
	return b
}

func (b *bench) record(n int) string { return b.Wrap(fmt.Sprintf("host app: n=%06d of the stream", n)) }

func (b *bench) records(from, to int) []string {
	var out []string
	for n := from; n < to; n++ {
		out = append(out, b.record(n))
	}
	return out
}

var number = regexp.MustCompile(`n=(\d{6})`)

// numbers are those of the records kept, in order.
func (b *bench) numbers(t *testing.T) []string {
	t.Helper()
	records := b.history.all()
	out := make([]string, len(records))
	for i, r := range records {
		m := number.FindSubmatch(r.Raw)
		if m == nil {
			t.Fatalf("what was kept is none of what was sent: %.200q", r.Raw)
		}
		out[i] = string(m[1])
		if r.Source == "" || r.Received.IsZero() {
			t.Errorf("record %s came from %q at %v", out[i], r.Source, r.Received)
		}
	}
	return out
}

func span(from, to int) []string {
	var out []string
	for n := from; n < to; n++ {
		out = append(out, fmt.Sprintf("%06d", n))
	}
	return out
}

// kept waits until as many records are kept as wanted, and compares them.
func (b *bench) kept(t *testing.T, want []string) {
	t.Helper()
	b.wait(t, "the records to be kept", func() bool {
		return b.history.count() >= len(want)
	})
	if diff := cmp.Diff(want, b.numbers(t)); diff != "" {
		t.Errorf("kept: -want +got\n%.2000s", diff)
	}
}

// refused is how much was counted as not kept.
func (b *bench) refused() (n int64) {
	for _, s := range b.intake.Sources() {
		for _, k := range s.Refused {
			n += k
		}
	}
	return n
}

func (b *bench) wait(t *testing.T, what string, until func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !until(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s; %d kept, sources %+v", what, b.history.count(), b.intake.Sources())
		}
	}
}

func (b *bench) send(t *testing.T, records []string) {
	t.Helper()
	done, err := b.Send(t.Context(), records)
	if err != nil || done != len(records) {
		t.Fatalf("%d of %d records were taken: %v", done, len(records), err)
	}
}

// numbered: everything arrives, once and in order.
func numbered(t *testing.T, b *bench) {
	const n, step = 5000, 250
	for from := 0; from < n; from += step {
		b.send(t, b.records(from, from+step))
		if b.Lossy || b.Unacknowledged { // connections of their own have no order among them
			b.wait(t, "the batch", func() bool {
				return b.history.count() >= from+step
			})
		} else if n := b.history.count(); n < from+step {
			t.Fatalf("%d records are acknowledged and %d kept", from+step, n)
		}
	}
	b.kept(t, span(0, n))
	if r := b.refused(); r > 0 {
		t.Errorf("%d were refused", r)
	}
}

// half: what broke off is not taken for a record, and the next sender is well.
func half(t *testing.T, b *bench) {
	if b.Half == nil {
		t.Skip("this protocol has no half frames")
	}
	for range 3 {
		if err := b.Half(t.Context(), b.record(666_666)); err != nil {
			t.Fatal(err)
		}
	}
	b.send(t, b.records(0, 10))
	b.kept(t, span(0, 10))
	b.wait(t, "half frames to be counted", func() bool { return b.refused() >= 3 })
}

// long: one record beyond the limit is counted, those around it are kept.
func long(t *testing.T, b *bench) {
	size := 3 * MaxEvent
	if b.Datagram > 0 {
		t.Skip("this protocol carries nothing longer than the limit")
	}
	big := b.Wrap("n=666666 " + strings.Repeat("x", size))
	b.send(t, []string{b.record(0), big, b.record(1)})
	b.kept(t, span(0, 2))
	b.wait(t, "the long record to be counted", func() bool { return b.refused() == 1 })
}

// illegible: what is no text is counted, those around it are kept.
func illegible(t *testing.T, b *bench) {
	b.send(t, []string{b.record(0), b.Illegible, b.record(1)})
	b.kept(t, span(0, 2))
	b.wait(t, "the record to be counted", func() bool { return b.refused() == 1 })
}

// busy: while nothing can be kept nothing is acknowledged; afterwards the sender
// delivers the rest, and nothing that was acknowledged is missing.
func busy(t *testing.T, b *bench) {
	b.send(t, b.records(0, 10))
	b.kept(t, span(0, 10))
	b.history.full.Store(true)
	if b.Unacknowledged {
		b.send(t, b.records(10, 20))
		time.Sleep(200 * time.Millisecond)
		b.history.full.Store(false)
		b.kept(t, span(0, 20))
		return
	}
	short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	done, err := b.Send(short, b.records(10, 20))
	cancel()
	if err == nil || done != 0 {
		t.Fatalf("%d records were acknowledged while nothing could be kept (error %v)", done, err)
	}
	b.history.full.Store(false)
	b.send(t, b.records(10, 20))
	b.wait(t, "the rest", func() bool {
		seen := map[string]bool{}
		for _, n := range b.numbers(t) {
			seen[n] = true
		}
		return len(seen) == 20
	})
}
