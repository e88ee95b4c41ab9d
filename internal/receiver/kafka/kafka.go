// Package kafka receives events from topics of Kafka, or of what speaks its protocol,
// as a member of a consumer group: one event in a message, or several as lines.
//
// [Worker.Run] is a worker. Promises: a place in a partition is committed only when
// all before it is durable, so that a crash repeats at most what was in hand; several
// of us may share a group; a message that holds nothing readable is counted and
// passed over; what is fetched ahead is bounded.
package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

const (
	fetchBytes     = 16 << 20 // one answer of a broker
	partitionBytes = 1 << 20  // of it, of one partition; a larger message comes all the same
	pollRecords    = 4000
)

// Worker takes events from topics.
type Worker struct {
	Brokers   []string
	Topics    []string
	Group     string // default "vedette"
	Format    string // of every event; recognised when empty
	User      string // empty = without a sign-in
	Password  errs.Secret
	Mechanism string      // plain, scram-sha-256 or scram-sha-512; default the last
	Secure    *tls.Config // nil = without TLS
	Intake    *telemetry.Intake
	Formats   *format.Recogniser
	MaxEvent  int // bytes, default 1 MiB
	Log       *slog.Logger
}

// Run takes events until ctx is done.
func (w *Worker) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	opts, err := w.options()
	if err != nil {
		return errs.Permanent(err)
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return errs.Permanent(fmt.Errorf("prepare to read from Kafka: %w", err))
	}
	defer client.CloseAllowingRebalance()
	for {
		err := w.step(ctx, client)
		client.AllowRebalance()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
	}
}

func (w *Worker) options() ([]kgo.Opt, error) {
	group := w.Group
	if group == "" {
		group = "vedette"
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(w.Brokers...), kgo.ConsumerGroup(group), kgo.ConsumeTopics(w.Topics...), kgo.ClientID("vedette"),
		kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMaxBytes(fetchBytes), kgo.FetchMaxPartitionBytes(partitionBytes), kgo.MaxConcurrentFetches(2),
		kgo.DialTimeout(10 * time.Second),
	}
	if w.Secure != nil {
		opts = append(opts, kgo.DialTLSConfig(w.Secure))
	}
	if w.User == "" {
		return opts, nil
	}
	var m sasl.Mechanism
	switch w.Mechanism {
	case "plain":
		m = plain.Auth{User: w.User, Pass: string(w.Password)}.AsMechanism()
	case "scram-sha-256":
		m = scram.Auth{User: w.User, Pass: string(w.Password)}.AsSha256Mechanism()
	case "", "scram-sha-512":
		m = scram.Auth{User: w.User, Pass: string(w.Password)}.AsSha512Mechanism()
	default:
		return nil, errs.New(errs.Invalid, "config_invalid", "intake.kafka: the mechanism %q is not one of plain, scram-sha-256, scram-sha-512.", w.Mechanism)
	}
	return append(opts, kgo.SASL(m)), nil
}

// step takes what there is, up to a bound, makes it durable and commits its places.
func (w *Worker) step(ctx context.Context, client *kgo.Client) error {
	fetches := client.PollRecords(ctx, pollRecords)
	var failed error
	fetches.EachError(func(topic string, partition int32, err error) {
		if failed == nil && !errors.Is(err, context.Canceled) {
			failed = fmt.Errorf("read the topic %q, partition %d: %w", topic, partition, err)
		}
	})
	var records []telemetry.Record
	taken := fetches.Records()
	for _, m := range taken {
		source := "kafka/" + m.Topic
		receiver.Split(w.Intake, w.Formats, source, m.Value, w.MaxEvent, func(raw []byte, own string) {
			if own == "" {
				own = w.Format
			}
			records = append(records, telemetry.Record{Source: source, Format: own, Raw: raw})
		})
	}
	if len(taken) == 0 {
		return failed
	}
	if err := receiver.Keep(ctx, w.Intake, records, w.Log); err != nil {
		return fmt.Errorf("keep events of Kafka: %w", err)
	}
	// A stop must not leave the commit of what is durable out.
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := client.CommitRecords(short, taken...); err != nil {
		return fmt.Errorf("commit to Kafka: %w", err)
	}
	return failed
}
