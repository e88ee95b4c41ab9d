package jetstream_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	client "github.com/nats-io/nats.go/jetstream"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/queue/jetstream"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// broker is a NATS server in this process that can be stopped and started again.
type broker struct {
	t    testing.TB
	dir  string
	port int
	*server.Server
}

func newBroker(t testing.TB) *broker {
	t.Helper()
	b := &broker{t: t, dir: t.TempDir(), port: -1}
	b.start()
	t.Cleanup(b.stop)
	return b
}

func (b *broker) start() {
	b.t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: b.port, JetStream: true, StoreDir: b.dir, NoSigs: true, NoLog: true})
	if err != nil {
		b.t.Fatal(err)
	}
	go s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		b.t.Fatal("the broker does not start")
	}
	b.Server = s
	u, err := url.Parse(s.ClientURL())
	if err != nil {
		b.t.Fatal(err)
	}
	if b.port, err = strconv.Atoi(u.Port()); err != nil {
		b.t.Fatal(err)
	}
}

func (b *broker) stop() {
	b.Shutdown()
	b.WaitForShutdown()
}

// open opens a queue of the stream PROOF.
func (b *broker) open(change func(*jetstream.Config)) *jetstream.Queue {
	b.t.Helper()
	c := jetstream.Config{URL: b.ClientURL(), Stream: "PROOF", MaxBytes: 32 << 20, Replicas: 1, Redeliver: time.Second}
	if change != nil {
		change(&c)
	}
	q, err := jetstream.Open(b.t.Context(), c)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		if err := q.Close(); err != nil {
			b.t.Error(err)
		}
	})
	return q
}

// records are n records that differ.
func records(name string, n int) (out []telemetry.Record) {
	for i := range n {
		r := telemetry.Record{Received: time.UnixMicro(1_700_000_000_000_000 + int64(i)).UTC(), Source: "http/" + name, Raw: fmt.Appendf(nil, "%s-%d", name, i)}
		if i%3 == 0 {
			r.Format, r.Context = "zeek", []byte("#fields\t\x00")
		}
		out = append(out, r)
	}
	return out
}

func take(t testing.TB, q *jetstream.Queue, limit int) []telemetry.Lot {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	lots, err := q.TakeLots(ctx, limit)
	if err != nil {
		t.Fatal(err)
	}
	return lots
}

// done takes everything there is, and says that it is done.
func done(t testing.TB, q *jetstream.Queue, want int) (out []telemetry.Record) {
	t.Helper()
	for len(out) < want {
		lots := take(t, q, 8)
		if len(lots) == 0 {
			t.Fatalf("%d of %d records came", len(out), want)
		}
		for _, l := range lots {
			out = append(out, l.Records...)
			if err := l.Hand.Done(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	return out
}

// TestPutAndTake: what senders put comes once, unchanged, in lots that are not too large.
func TestPutAndTake(t *testing.T) {
	b := newBroker(t)
	q := b.open(nil)
	q.Begin(70)
	var all sync.WaitGroup
	for i := range 5 {
		all.Go(func() {
			for k := range 4 {
				if _, err := q.Append(t.Context(), records(fmt.Sprintf("%d-%d", i, k), 10)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	large := records("large", 2500)
	large[7].Raw = []byte(strings.Repeat("x", 600<<10))
	if _, err := q.Append(t.Context(), large); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	other := b.open(nil)
	other.Begin(70)
	got := map[string]int{}
	var order []telemetry.Record
	next := telemetry.LotNumber(71)
	for len(got) < 2700 {
		for _, l := range take(t, other, 3) {
			if l.Number != next || l.Tries != 1 || l.Again() || len(l.Records) > telemetry.LotRecords || time.Since(l.Since) > time.Minute {
				t.Errorf("lot %d of %d records, tried %d times; want lot %d", l.Number, len(l.Records), l.Tries, next)
			}
			next++
			for _, r := range l.Records {
				got[string(r.Raw)]++
				if r.Source == "http/large" {
					order = append(order, r)
				}
			}
			if err := l.Hand.Done(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	if diff := cmp.Diff(large, order); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for raw, n := range got {
		if n != 1 {
			t.Errorf("%.40s came %d times", raw, n)
		}
	}
	state, err := q.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := jetstream.State{Connected: true, MaxBytes: 32 << 20, Replicas: 1, Done: next - 1, Last: next - 1}
	if diff := cmp.Diff(want, state); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if c := q.Counts(); c.Records != 2700 || c.Put != int64(next-71) || c.Refused+c.Retried != 0 {
		t.Errorf("%+v", c)
	}
}

// TestAgain: a lot whose matcher says nothing comes again, to whoever asks; one that is
// returned does so at once; one that takes long does not.
func TestAgain(t *testing.T) {
	b := newBroker(t)
	one, two := b.open(nil), b.open(nil)
	for _, name := range []string{"a", "b", "c"} {
		if _, err := one.Append(t.Context(), records(name, 2)); err != nil {
			t.Fatal(err)
		}
	}
	silent, returned, slow := take(t, one, 1)[0], take(t, one, 1)[0], take(t, one, 1)[0]
	returned.Hand.Return()
	if l := take(t, two, 1)[0]; l.Number != returned.Number || l.Tries != 2 || !l.Again() {
		t.Errorf("lot %d, tried %d times, came; want the one that was returned, %d", l.Number, l.Tries, returned.Number)
	} else if err := l.Hand.Done(t.Context()); err != nil {
		t.Error(err)
	}
	alive, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for alive.Err() == nil {
			_ = slow.Hand.Working()
			time.Sleep(100 * time.Millisecond)
		}
	}()
	for _, l := range take(t, two, 8) {
		if l.Number != silent.Number || l.Tries != 2 {
			t.Errorf("lot %d, tried %d times, came; want the one nothing was heard of, %d", l.Number, l.Tries, silent.Number)
		}
		if err := l.Hand.Done(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := slow.Hand.Done(t.Context()); err != nil {
		t.Error(err)
	}
	if s, err := one.State(t.Context()); err != nil || s.Pending+uint64(s.Handed) != 0 || s.Done != 3 {
		t.Errorf("%+v %v", s, err)
	}
}

// TestBury: what is no lot, and what nobody can do, is kept apart with the reason.
func TestBury(t *testing.T) {
	b := newBroker(t)
	q := b.open(nil)
	conn, err := nats.Connect(b.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := client.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "PROOF.events", []byte("not ours")); err != nil {
		t.Fatal(err)
	}
	l := take(t, q, 1)[0]
	if len(l.Records) != 0 || l.Number != 1 {
		t.Errorf("%+v", l)
	}
	for range 2 { // the answer may be lost
		if err := l.Hand.Bury(t.Context(), "it is no lot"); err != nil && !strings.Contains(err.Error(), "acknowledge") {
			t.Fatal(err)
		}
	}
	s, err := js.Stream(t.Context(), "PROOF_DEAD")
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.GetMsg(t.Context(), 1)
	if err != nil || string(m.Data) != "not ours" || m.Header.Get("Vedette-Reason") != "it is no lot" || m.Header.Get("Vedette-Sequence") != "1" {
		t.Errorf("%+v %v", m, err)
	}
	if s, err := q.State(t.Context()); err != nil || s.Dead != 1 || s.Pending+uint64(s.Handed) != 0 {
		t.Errorf("%+v %v", s, err)
	}
}

// TestFull: a stream that is full slows senders down and loses nothing.
func TestFull(t *testing.T) {
	b := newBroker(t)
	q := b.open(func(c *jetstream.Config) { c.MaxBytes = 1 << 20 })
	accepted := 0
	rnd := rand.NewChaCha8([32]byte{1})
	var full error
	for i := 0; full == nil && i < 100; i++ {
		r := records(fmt.Sprint(i), 1)
		r[0].Raw = make([]byte, 64<<10) // that zstd does not make smaller
		if _, err := rnd.Read(r[0].Raw); err != nil {
			t.Fatal(err)
		}
		if _, full = q.Append(t.Context(), r); full == nil {
			accepted++
		}
	}
	if errs.KindOf(full) != errs.RateLimited || accepted == 0 {
		t.Fatalf("after %d lots: %v, want %s", accepted, full, errs.RateLimited)
	}
	if got := len(done(t, q, accepted)); got != accepted {
		t.Errorf("%d records came, %d were accepted", got, accepted)
	}
	if _, err := q.Append(t.Context(), records("room", 1)); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// TestAway: without a server senders are told so; a short absence they do not notice.
func TestAway(t *testing.T) {
	b := newBroker(t)
	q := b.open(nil)
	if _, err := q.Append(t.Context(), records("before", 3)); err != nil {
		t.Fatal(err)
	}
	b.stop()
	if _, err := q.Append(t.Context(), records("away", 3)); errs.KindOf(err) != errs.Unavailable || !strings.Contains(errs.Public(err), "transport.nats") {
		t.Errorf("without a server: %v", err)
	}
	short := make(chan error, 1)
	go func() {
		_, err := q.Append(t.Context(), records("short", 3))
		short <- err
	}()
	time.Sleep(300 * time.Millisecond)
	b.start()
	if err := <-short; err != nil {
		t.Errorf("a short absence: %v", err)
	}
	got := map[string]int{}
	for _, r := range done(t, q, 6) {
		got[r.Source]++
	}
	if got["http/before"] != 3 || got["http/short"] != 3 || got["http/away"] > 3 {
		t.Errorf("%v", got)
	}
}
