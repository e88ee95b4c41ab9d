package kafka_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/receiver/kafka"
	"github.com/vedette-soc/vedette/internal/receiver/receivertest"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// broker is a Kafka in this process with the topic "logs".
func broker(t testing.TB, partitions int32, opts ...kfake.Opt) []string {
	t.Helper()
	c, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1), kfake.SeedTopics(partitions, "logs"))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()
}

func producer(t testing.TB, brokers []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	p, err := kgo.NewClient(append(opts, kgo.SeedBrokers(brokers...), kgo.DefaultProduceTopic("logs"))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func send(ctx context.Context, p *kgo.Client, records []string) error {
	all := make([]*kgo.Record, len(records))
	for i, r := range records {
		all[i] = kgo.StringRecord(r)
	}
	return p.ProduceSync(ctx, all...).FirstErr()
}

func run(t testing.TB, w kafka.Worker) (stop func()) {
	t.Helper()
	w.Topics, w.Formats, w.Log = []string{"logs"}, format.NewRecogniser(), slog.New(slog.DiscardHandler)
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
		brokers := broker(t, 1)
		p := producer(t, brokers)
		t.Cleanup(run(t, kafka.Worker{Brokers: brokers, Intake: in, MaxEvent: receivertest.MaxEvent}))
		return receivertest.Sender{Unacknowledged: true, Send: func(ctx context.Context, records []string) (int, error) {
			return len(records), send(ctx, p, records)
		}}
	})
}

// TestRestart: a worker goes on where the last one committed.
func TestRestart(t *testing.T) {
	brokers := broker(t, 3)
	p := producer(t, brokers)
	h := new(historytest.Memory)
	for round := range 3 {
		var lines []string
		for i := range 10 {
			lines = append(lines, fmt.Sprintf("{\"a\":%d}\n{\"b\":%d}", i, i))
		}
		if err := send(t.Context(), p, lines); err != nil {
			t.Fatal(err)
		}
		in := telemetry.NewIntake(h, 0)
		stop := run(t, kafka.Worker{Brokers: brokers, Intake: in})
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if stats, _ := h.Stats(t.Context()); stats.Records >= 20*(round+1) {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("not all has arrived in round %d", round)
			}
		}
		stop()
		var got []string
		for _, s := range in.Sources() {
			got = append(got, fmt.Sprint(s.Name, " ", s.Events))
		}
		if diff := cmp.Diff([]string{"kafka/logs 20"}, got); diff != "" {
			t.Errorf("round %d: -want +got\n%s", round, diff)
		}
	}
	if stats, _ := h.Stats(t.Context()); stats.Records != 60 {
		t.Errorf("%d records are kept, want 60", stats.Records)
	}
}

// TestSignIn: SASL, and what an unknown mechanism does.
func TestSignIn(t *testing.T) {
	brokers := broker(t, 1, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "vedette", "good"))
	p := producer(t, brokers, kgo.SASL(scram.Auth{User: "vedette", Pass: "good"}.AsSha256Mechanism()))
	if err := send(t.Context(), p, []string{"one"}); err != nil {
		t.Fatal(err)
	}
	h := new(historytest.Memory)
	stop := run(t, kafka.Worker{Brokers: brokers, Intake: telemetry.NewIntake(h, 0), User: "vedette", Password: "good", Mechanism: "scram-sha-256"})
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if stats, _ := h.Stats(t.Context()); stats.Records == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("nothing has arrived")
		}
	}
	stop()
	w := kafka.Worker{Brokers: brokers, Topics: []string{"logs"}, User: "vedette", Mechanism: "gssapi", Log: slog.New(slog.DiscardHandler)}
	if err := w.Run(t.Context()); !errs.IsPermanent(err) {
		t.Errorf("an unknown mechanism: %v", err)
	}
}
