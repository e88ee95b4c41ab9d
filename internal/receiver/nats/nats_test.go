package nats_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/receiver/nats"
	"github.com/vedette-soc/vedette/internal/receiver/receivertest"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// broker is a NATS server in this process with a stream LOGS of the subjects logs.>.
func broker(t testing.TB) (url string, js jetstream.JetStream) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the broker does not start")
	}
	conn, err := client.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	if js, err = jetstream.New(conn); err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "LOGS", Subjects: []string{"logs.>"}}); err != nil {
		t.Fatal(err)
	}
	return s.ClientURL(), js
}

// run runs a worker; stop ends it.
func run(t testing.TB, w nats.Worker) (stop func()) {
	t.Helper()
	w.Formats, w.Log = format.NewRecogniser(), slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func TestConformance(t *testing.T) {
	receivertest.Run(t, func(t testing.TB, in *telemetry.Intake) receivertest.Sender {
		url, js := broker(t)
		t.Cleanup(run(t, nats.Worker{URL: url, Subject: "logs.>", Intake: in, MaxEvent: receivertest.MaxEvent}))
		return receivertest.Sender{Unacknowledged: true, Send: func(ctx context.Context, records []string) (int, error) {
			for i, r := range records {
				if _, err := js.Publish(ctx, "logs.a", []byte(r)); err != nil {
					return i, err
				}
			}
			return len(records), nil
		}}
	})
}

// TestRestart: a worker goes on where the last one stopped, and delivers what it
// could not keep.
func TestRestart(t *testing.T) {
	url, js := broker(t)
	h := new(historytest.Memory)
	publish := func(from, to int) {
		for i := from; i < to; i++ {
			if _, err := js.Publish(t.Context(), fmt.Sprintf("logs.%d", i%2), fmt.Appendf(nil, "line %d\nand %d", i, i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for round := range 3 {
		publish(10*round, 10*round+10)
		in := telemetry.NewIntake(h, 0)
		stop := run(t, nats.Worker{URL: url, Stream: "LOGS", Intake: in})
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if stats, _ := h.Stats(t.Context()); stats.Records >= 20*(round+1) {
				break
			}
			if time.Now().After(end) {
				t.Fatal("not all has arrived")
			}
		}
		stop()
		var sources []string
		for _, s := range in.Sources() {
			sources = append(sources, fmt.Sprint(s.Name, " ", s.Events))
		}
		if diff := cmp.Diff([]string{"nats/logs.0 10", "nats/logs.1 10"}, sources); diff != "" {
			t.Errorf("round %d: -want +got\n%s", round, diff)
		}
	}
	if stats, _ := h.Stats(t.Context()); stats.Records != 60 {
		t.Errorf("%d records are kept, want 60", stats.Records)
	}
	c, err := js.Consumer(t.Context(), "LOGS", "vedette")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := c.Info(t.Context()); err != nil || info.NumAckPending != 0 || info.NumPending != 0 {
		t.Errorf("%+v %v", info, err)
	}
}

// TestNoStream and no server: the supervisor is told, and tries again.
func TestErrors(t *testing.T) {
	url, _ := broker(t)
	for name, w := range map[string]nats.Worker{
		"no stream":  {URL: url, Stream: "NONE"},
		"no subject": {URL: url, Subject: "other"},
		"no server":  {URL: "nats://127.0.0.1:1"},
	} {
		w.Formats, w.Log, w.Intake = format.NewRecogniser(), slog.New(slog.DiscardHandler), telemetry.NewIntake(new(historytest.Memory), 0)
		if err := w.Run(t.Context()); err == nil || errs.IsPermanent(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
