package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// fetchWait is how long one question for lots stands.
const fetchWait = 2 * time.Second

// consumerName is of one stream: who still has another of the same name in mind gets
// nothing of this one.
func (q *Queue) consumerName() string { return "match-" + strconv.FormatInt(q.created.UnixMicro(), 36) }

// from returns the consumer that all matchers share.
func (q *Queue) from(ctx context.Context) (jetstream.Consumer, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.consumer != nil {
		return q.consumer, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	s, err := q.js.Stream(ctx, q.c.Stream)
	if err != nil {
		return nil, fmt.Errorf("find the stream %s: %w", q.c.Stream, err)
	}
	if s.CachedInfo().Created != q.created {
		return nil, errs.Fatal(errs.New(errs.Conflict, "transport_stream", "The stream %s of NATS was removed and made anew; this process begins anew as well.", q.c.Stream))
	}
	q.consumer, err = s.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: q.consumerName(), AckPolicy: jetstream.AckExplicitPolicy, AckWait: q.c.Redeliver, MaxAckPending: handedMost, MaxDeliver: -1,
		Description: "Matchers of Vedette",
	})
	if err != nil {
		return nil, fmt.Errorf("make the consumer of the stream %s: %w", q.c.Stream, err)
	}
	return q.consumer, nil
}

// TakeLots implements telemetry.LotQueue. It asks for one lot, and once that is there for
// those that are there as well, so that nobody has lots it does not know of.
func (q *Queue) TakeLots(ctx context.Context, limit int) ([]telemetry.Lot, error) {
	u, err := newUnpacker()
	if err != nil {
		return nil, err
	}
	defer u.z.Close()
	for ctx.Err() == nil {
		messages, err := q.fetch(ctx, limit)
		if err != nil && len(messages) == 0 {
			if ctx.Err() != nil {
				return nil, nil
			}
			q.forget()
			return nil, err
		}
		var lots []telemetry.Lot
		for _, m := range messages {
			if l, ok := q.lot(ctx, u, m); ok {
				lots = append(lots, l)
			}
		}
		if len(lots) > 0 {
			return lots, nil
		}
	}
	return nil, nil
}

// forget lets the consumer be looked up anew.
func (q *Queue) forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.consumer = nil
}

func (q *Queue) fetch(ctx context.Context, limit int) ([]jetstream.Msg, error) {
	c, err := q.from(ctx)
	if err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, fetchWait)
	defer cancel()
	first, err := collected(c.Fetch(1, jetstream.FetchContext(waiting)))
	if err != nil && waiting.Err() == nil {
		return first, fmt.Errorf("fetch from NATS: %w", err)
	}
	if len(first) == 0 || limit < 2 {
		return first, nil
	}
	more, err := collected(c.FetchNoWait(limit - 1))
	if err != nil {
		err = fmt.Errorf("fetch from NATS: %w", err)
	}
	return append(first, more...), err
}

// collected reads the answer to a question for messages.
func collected(batch jetstream.MessageBatch, err error) ([]jetstream.Msg, error) {
	if err != nil {
		return nil, err
	}
	var out []jetstream.Msg
	for m := range batch.Messages() {
		out = append(out, m)
	}
	if err = batch.Error(); errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, jetstream.ErrNoMessages) {
		err = nil
	}
	return out, err
}

// lot reads a message; one that is no lot is buried.
func (q *Queue) lot(ctx context.Context, u *unpacker, m jetstream.Msg) (telemetry.Lot, bool) {
	about, err := m.Metadata()
	if err != nil {
		q.c.Log.ErrorContext(ctx, "a message of NATS without its place", "error", err)
		return telemetry.Lot{}, false
	}
	l := telemetry.Lot{Number: q.base + telemetry.LotNumber(about.Sequence.Stream), Tries: int(about.NumDelivered), Since: about.Timestamp, Hand: &hand{q, m, about.Sequence.Stream}}
	q.counts.taken.Add(1)
	if l.Again() {
		q.counts.again.Add(1)
	}
	if l.Records, err = u.unpack(m.Data()); err != nil {
		// The keeper must not wait for it: it gets a lot without records.
		q.c.Log.ErrorContext(ctx, "a message of the stream is no lot of events", "sequence", about.Sequence.Stream, "error", err)
		l.Records = nil
	}
	return l, true
}

// hand is a message that was handed out.
type hand struct {
	q        *Queue
	m        jetstream.Msg
	sequence uint64
}

// Done implements telemetry.Hand.
func (h *hand) Done(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askWithin)
	defer cancel()
	if err := h.m.DoubleAck(ctx); err != nil {
		return fmt.Errorf("acknowledge to NATS: %w", err)
	}
	return nil
}

// Working implements telemetry.Hand.
func (h *hand) Working() error { return h.m.InProgress() }

// Return implements telemetry.Hand. When it does not get there, the lot comes again later.
func (h *hand) Return() { _ = h.m.Nak() }

// Bury implements telemetry.Hand.
func (h *hand) Bury(ctx context.Context, why string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askWithin)
	defer cancel()
	m := nats.NewMsg(h.q.deadSubject())
	m.Data = h.m.Data()
	m.Header.Set(reasonHeader, why)
	m.Header.Set(sequenceHeader, strconv.FormatUint(h.sequence, 10))
	if _, err := h.q.js.PublishMsg(ctx, m, jetstream.WithMsgID(fmt.Sprintf("dead-%d-%d", h.q.created.UnixMicro(), h.sequence))); err != nil {
		return fmt.Errorf("keep a message apart: %w", err)
	}
	h.q.counts.buried.Add(1)
	return h.Done(ctx)
}
