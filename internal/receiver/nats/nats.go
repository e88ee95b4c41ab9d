// Package nats receives events from a stream of NATS JetStream, through a durable
// pull consumer: one event in a message, or several as lines.
//
// [Worker.Run] is a worker. Promises: a message is acknowledged only when its events
// are durable, so that the stream delivers again what was not; several of us may
// share a consumer; a message that holds nothing readable is counted and
// acknowledged, as it would never be better; what is fetched at once is bounded.
package nats

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

const (
	// ahead bounds what is fetched and not taken yet, batch what is taken at once.
	ahead      = 8 << 20
	batchBytes = 4 << 20
	batchCount = 4000
	// idle is how long a batch waits for more.
	idle = 20 * time.Millisecond
	// ackWait is when the stream takes us for dead and delivers again.
	ackWait = time.Minute
	// pending is how many messages may be delivered and not acknowledged.
	pending = 20_000
)

// Worker takes events from a stream.
type Worker struct {
	URL      string // of one or several servers, parted by commas
	Stream   string // looked up by Subject when empty
	Subject  string // filter; empty = all of the stream
	Consumer string // durable name, default "vedette"
	Format   string // of every event; recognised when empty
	// At most one of: a file of credentials, a user with password, a token.
	Credentials string
	User        string
	Password    errs.Secret
	Token       errs.Secret
	Secure      *tls.Config // nil = as the URL says
	Intake      *telemetry.Intake
	Formats     *format.Recogniser
	MaxEvent    int // bytes, default 1 MiB
	Log         *slog.Logger
}

// Run takes events until ctx is done.
func (w *Worker) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	conn, err := nats.Connect(w.URL, w.options()...)
	if err != nil {
		return fmt.Errorf("connect to NATS: %w", err)
	}
	defer conn.Close()
	consumer, err := w.consumer(ctx, conn)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	stream, err := consumer.Messages(jetstream.PullMaxMessagesWithBytesLimit(batchCount, ahead))
	if err != nil {
		return fmt.Errorf("fetch from NATS: %w", err)
	}
	defer release(stream, conn)
	for ctx.Err() == nil {
		if err := w.step(ctx, stream); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// release gives back what was fetched and not taken, so that it is delivered again
// at once instead of after ackWait, and waits until the server knows that we fetch
// no more.
func release(stream jetstream.MessagesContext, conn *nats.Conn) {
	stream.Drain()
	for {
		m, err := stream.Next(jetstream.NextMaxWait(100 * time.Millisecond))
		if err != nil {
			break
		}
		_ = m.Nak()
	}
	stream.Stop()
	_ = conn.FlushTimeout(2 * time.Second)
}

func (w *Worker) options() []nats.Option {
	opts := []nats.Option{nats.Name("vedette"), nats.MaxReconnects(-1), nats.Timeout(10 * time.Second)}
	switch {
	case w.Credentials != "":
		opts = append(opts, nats.UserCredentials(w.Credentials))
	case w.User != "":
		opts = append(opts, nats.UserInfo(w.User, string(w.Password)))
	case w.Token != "":
		opts = append(opts, nats.Token(string(w.Token)))
	}
	if w.Secure != nil {
		opts = append(opts, nats.Secure(w.Secure))
	}
	return opts
}

func (w *Worker) consumer(ctx context.Context, conn *nats.Conn) (jetstream.Consumer, error) {
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, fmt.Errorf("open JetStream: %w", err)
	}
	short, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	stream := w.Stream
	if stream == "" {
		if stream, err = js.StreamNameBySubject(short, w.Subject); err != nil {
			return nil, fmt.Errorf("find the stream of the subject %q: %w", w.Subject, err)
		}
	}
	name := w.Consumer
	if name == "" {
		name = "vedette"
	}
	c, err := js.CreateOrUpdateConsumer(short, stream, jetstream.ConsumerConfig{
		Durable: name, FilterSubject: w.Subject, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: pending,
		Description: "Vedette keeps these events",
	})
	if err != nil {
		return nil, fmt.Errorf("make the consumer %q of the stream %q: %w", name, stream, err)
	}
	return c, nil
}

// step takes what there is, up to a bound, makes it durable and acknowledges it.
func (w *Worker) step(ctx context.Context, stream jetstream.MessagesContext) error {
	var records []telemetry.Record
	var messages []jetstream.Msg
	for bytes := 0; bytes < batchBytes && len(messages) < batchCount; {
		wait := jetstream.NextContext(ctx)
		if len(messages) > 0 {
			wait = jetstream.NextMaxWait(idle)
		}
		m, err := stream.Next(wait)
		if errors.Is(err, nats.ErrTimeout) && len(messages) > 0 {
			break
		}
		if err != nil {
			return fmt.Errorf("fetch from NATS: %w", err)
		}
		messages = append(messages, m)
		bytes += len(m.Data())
		source := "nats/" + m.Subject()
		receiver.Split(w.Intake, w.Formats, source, m.Data(), w.MaxEvent, func(raw []byte, own string) {
			if own == "" {
				own = w.Format
			}
			records = append(records, telemetry.Record{Source: source, Format: own, Raw: raw})
		})
	}
	return w.keep(ctx, messages, records)
}

func (w *Worker) keep(ctx context.Context, messages []jetstream.Msg, records []telemetry.Record) error {
	// Messages that hold nothing readable are acknowledged as well.
	err := receiver.KeepAlive(ctx, w.Intake, records, w.Log, ackWait/3, func() {
		for _, m := range messages {
			_ = m.InProgress() // when the connection is down, the stream delivers again
		}
	})
	if err != nil {
		return fmt.Errorf("keep events of NATS: %w", err)
	}
	last := len(messages) - 1
	for _, m := range messages[:last] {
		if err := m.Ack(); err != nil {
			return fmt.Errorf("acknowledge to NATS: %w", err)
		}
	}
	// The last waits for its answer, which stands for those before it. A stop must not
	// leave it out.
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := messages[last].DoubleAck(short); err != nil {
		return fmt.Errorf("acknowledge to NATS: %w", err)
	}
	return nil
}
