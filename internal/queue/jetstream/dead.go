package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

var _ telemetry.DeadLots = (*Queue)(nil)

// The headers of a message that is kept apart.
const (
	reasonHeader   = "Vedette-Reason"
	sequenceHeader = "Vedette-Sequence"
)

func (q *Queue) apart(ctx context.Context) (jetstream.Stream, error) {
	s, err := q.js.Stream(ctx, q.deadStream())
	if err != nil {
		return nil, errs.New(errs.Unavailable, "transport_unreachable", "NATS does not say what is kept apart in the stream %s: %v. Look at the server, and at transport.*.", q.deadStream(), err)
	}
	return s, nil
}

// Dead implements telemetry.DeadLots.
func (q *Queue) Dead(ctx context.Context, from uint64, limit int) ([]telemetry.DeadLot, error) {
	u, err := newUnpacker()
	if err != nil {
		return nil, err
	}
	defer u.z.Close()
	s, err := q.apart(ctx)
	if err != nil {
		return nil, err
	}
	var out []telemetry.DeadLot
	for next := max(from, 1); len(out) < limit; {
		m, err := q.deadMessage(ctx, s, next, jetstream.WithGetMsgSubject(q.deadSubject()))
		if errs.KindOf(err) == errs.NotFound {
			break
		}
		if err != nil {
			return nil, err
		}
		records, _ := u.unpack(m.Data) // what is no lot has none
		out = append(out, deadLot(m, len(records)))
		next = m.Sequence + 1
	}
	return out, nil
}

// deadMessage reads one that is kept apart; with the option, the first from a number on.
func (q *Queue) deadMessage(ctx context.Context, s jetstream.Stream, number uint64, opts ...jetstream.GetMsgOpt) (*jetstream.RawStreamMsg, error) {
	if number == 0 { // which the server takes for the last one
		return nil, gone(number)
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	m, err := s.GetMsg(ctx, number, opts...)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil, gone(number)
	case err != nil:
		return nil, errs.New(errs.Unavailable, "transport_unreachable", "NATS does not say what is kept apart as %d: %v. Try again when it answers.", number, err)
	}
	return m, nil
}

func gone(number uint64) error {
	return errs.New(errs.NotFound, "dead_unknown", "Nothing is kept apart as %d: it was retried or dropped, or never there. See vedette queue dead list.", number)
}

func deadLot(m *jetstream.RawStreamMsg, events int) telemetry.DeadLot {
	lot, _ := strconv.ParseUint(m.Header.Get(sequenceHeader), 10, 64) // absent in what others put there
	return telemetry.DeadLot{Number: m.Sequence, At: m.Time.UTC(), Reason: m.Header.Get(reasonHeader), Lot: lot, Bytes: len(m.Data), Events: events}
}

// DeadLot implements telemetry.DeadLots.
func (q *Queue) DeadLot(ctx context.Context, number uint64) (telemetry.DeadLot, []telemetry.Record, []byte, error) {
	m, records, _, err := q.dead(ctx, number)
	if err != nil {
		return telemetry.DeadLot{}, nil, nil, err
	}
	return deadLot(m, len(records)), records, m.Data, nil
}

// dead reads one that is kept apart; one that is no lot has no records.
func (q *Queue) dead(ctx context.Context, number uint64) (*jetstream.RawStreamMsg, []telemetry.Record, jetstream.Stream, error) {
	u, err := newUnpacker()
	if err != nil {
		return nil, nil, nil, err
	}
	defer u.z.Close()
	s, err := q.apart(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	m, err := q.deadMessage(ctx, s, number)
	if err != nil {
		return nil, nil, nil, err
	}
	records, _ := u.unpack(m.Data)
	return m, records, s, nil
}

// Revive implements telemetry.DeadLots. The stream knows for two minutes what it took: a
// second try within them makes no second lot.
func (q *Queue) Revive(ctx context.Context, number uint64) error {
	s, err := q.revive(ctx, number)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	if err := s.DeleteMsg(ctx, number); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return errs.New(errs.Unavailable, "dead_kept", "What is kept apart as %d is in the queue again, but is still kept as well: %v. Drop it.", number, err)
	}
	return nil
}

// revive puts one into the queue and returns the stream from which it is to be removed.
func (q *Queue) revive(ctx context.Context, number uint64) (jetstream.Stream, error) {
	old, records, s, err := q.dead(ctx, number)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, errs.New(errs.Conflict, "dead_no_lot", "What is kept apart as %d is no lot of events: it would come back at once. Look at it with vedette queue dead show %d, then drop it.", number, number)
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	m := nats.NewMsg(q.subject())
	m.Data = old.Data
	id := fmt.Sprintf("revived-%d-%d", old.Time.UnixMicro(), number)
	if _, err := q.js.PublishMsg(ctx, m, jetstream.WithMsgID(id)); err != nil {
		return nil, errs.New(errs.Unavailable, "dead_not_revived", "The stream %s does not take what is kept apart as %d: %v. It is still kept; try again when the stream has room.", q.c.Stream, number, err)
	}
	return s, nil
}

// Forget implements telemetry.DeadLots.
func (q *Queue) Forget(ctx context.Context, number uint64) error {
	s, err := q.apart(ctx)
	if err != nil {
		return err
	}
	if _, err := q.deadMessage(ctx, s, number); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	err = s.DeleteMsg(ctx, number)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful):
		return gone(number)
	case err != nil:
		return errs.New(errs.Unavailable, "transport_unreachable", "NATS does not drop what is kept apart as %d: %v. Try again when it answers.", number, err)
	}
	return nil
}
