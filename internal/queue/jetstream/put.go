package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

const (
	// lotBytes is when a lot is full though it has room for more records.
	lotBytes = 512 << 10
	// linger is how long a small lot waits for more.
	linger = 20 * time.Millisecond
	// smallLot is what is worth waiting for.
	smallLot = 500
	// publishWithin is how long one try has, patience how long all of them.
	publishWithin = 2 * time.Second
	patience      = 5 * time.Second
	tryPause      = 100 * time.Millisecond
)

// request is what one caller wants kept.
type request struct {
	records []telemetry.Record
	done    chan error
}

// Append implements telemetry.Appender: nil says that the stream has the records. After
// an error it may have them all the same: the answer may have been lost.
func (q *Queue) Append(ctx context.Context, records []telemetry.Record) (telemetry.Seq, error) {
	if len(records) == 0 {
		return 0, nil
	}
	r := &request{records: records, done: make(chan error, 1)}
	select {
	case q.requests <- r:
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-q.stop:
		return 0, errs.New(errs.Unavailable, "queue_closed", "The server is stopping.")
	}
	return 0, <-r.done // the records are in use until then
}

// gather is the goroutine that makes lots of what callers bring.
func (q *Queue) gather(p *packer) {
	for {
		var r *request
		select {
		case r = <-q.requests:
		case <-q.stop:
			return
		}
		batch, records := q.collect(r)
		var sent []*sending
		for len(records) > 0 {
			n := full(records)
			sent = append(sent, q.send(p.pack(records[:n]), n))
			records = records[n:]
		}
		q.ended.Go(func() {
			err := q.wait(sent)
			for _, r := range batch {
				r.done <- err
			}
		})
	}
}

// collect takes the requests that wait, up to a full lot, and waits a moment for more
// when there are few.
func (q *Queue) collect(r *request) ([]*request, []telemetry.Record) {
	batch, records := []*request{r}, r.records
	var more <-chan time.Time
	for len(records) < telemetry.LotRecords {
		if more == nil && len(records) < smallLot {
			more = time.After(linger)
		}
		select {
		case r = <-q.requests:
		default:
			if len(records) >= smallLot || more == nil {
				return batch, records
			}
			select {
			case r = <-q.requests:
			case <-more:
				return batch, records
			}
		}
		if len(batch) == 1 {
			records = records[:len(records):len(records)] // the first caller's own
		}
		batch, records = append(batch, r), append(records, r.records...)
	}
	return batch, records
}

// full is how many of records make a lot.
func full(records []telemetry.Record) int {
	n, size := 0, 0
	for n < len(records) && n < telemetry.LotRecords {
		size += len(records[n].Raw) + len(records[n].Context)
		if n > 0 && size > lotBytes {
			break
		}
		n++
	}
	return n
}

// sending is a lot on its way.
type sending struct {
	data    []byte
	id      string // by which the stream knows it when it comes again
	records int
	answer  jetstream.PubAckFuture
	err     error
}

// send begins to send a lot.
func (q *Queue) send(data []byte, records int) *sending {
	s := &sending{data: data, id: uuid.NewString(), records: records}
	if most := q.conn.MaxPayload(); int64(len(data)) > most-1024 && most > 0 {
		s.err = errs.New(errs.Invalid, "event_too_large", "An event is larger than NATS takes (max_payload is %d bytes there).", most)
		return s
	}
	q.try(s)
	return s
}

func (q *Queue) try(s *sending) {
	m := nats.NewMsg(q.subject())
	m.Data = s.data
	s.answer, s.err = q.js.PublishMsgAsync(m, jetstream.WithMsgID(s.id), jetstream.WithStallWait(publishWithin))
}

// wait waits until the stream has all lots, or has refused one.
func (q *Queue) wait(sent []*sending) error {
	var all sync.WaitGroup
	failed := make([]error, len(sent))
	for i, s := range sent {
		if i == len(sent)-1 {
			failed[i] = q.settle(s)
			break
		}
		all.Go(func() { failed[i] = q.settle(s) })
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			q.counts.refused.Add(1)
			return err
		}
	}
	return nil
}

// settle waits for the answer to a lot, and sends it again while there is none.
func (q *Queue) settle(s *sending) error {
	for end := time.Now().Add(patience); ; {
		err := s.err
		if err == nil {
			select {
			case <-s.answer.Ok():
				q.counts.put.Add(1)
				q.counts.records.Add(int64(s.records))
				return nil
			case err = <-s.answer.Err():
			}
		}
		if last := told(err); last != nil {
			return last
		}
		if time.Now().After(end) {
			return errs.New(errs.Unavailable, "transport_silent", "NATS, which takes the events, does not answer. See that it runs and can be reached as transport.nats says; senders send again until then.").Because(err)
		}
		select {
		case <-time.After(tryPause):
		case <-q.stop:
			return errs.New(errs.Unavailable, "queue_closed", "The server is stopping.")
		}
		q.counts.retried.Add(1)
		q.try(s)
	}
}

// told is what a sender is told of an error that another try does not help; nil = try.
func told(err error) error {
	if kind := errs.KindOf(err); kind == errs.Invalid {
		return err
	}
	var api *jetstream.APIError
	if errors.As(err, &api) && strings.Contains(api.Description, "maximum") {
		return errs.New(errs.RateLimited, "transport_full", "More events wait to be matched than the stream of NATS may hold. Send again in a moment.").Because(fmt.Errorf("publish: %w", err))
	}
	return nil
}
