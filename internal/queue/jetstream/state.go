package jetstream

import (
	"context"
	"fmt"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// State is how the queue is, as the server says.
type State struct {
	Connected   bool                `json:"connected"`
	Pending     uint64              `json:"pending"`     // lots that nobody has yet
	Handed      int                 `json:"handed"`      // lots that matchers have in hand
	Redelivered int                 `json:"redelivered"` // of these, not for the first time
	Bytes       uint64              `json:"bytes"`
	MaxBytes    int64               `json:"max_bytes"`
	Dead        uint64              `json:"dead"` // messages kept apart
	Replicas    int                 `json:"replicas"`
	Done        telemetry.LotNumber `json:"done"` // all up to it are done
	Last        telemetry.LotNumber `json:"last"` // the last that was put
}

// State asks the server how the queue is.
func (q *Queue) State(ctx context.Context) (State, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	out := State{Connected: q.conn.IsConnected()}
	s, err := q.js.Stream(ctx, q.c.Stream)
	if err != nil {
		return out, fmt.Errorf("ask NATS about the stream %s: %w", q.c.Stream, err)
	}
	info := s.CachedInfo()
	out.Bytes, out.MaxBytes, out.Replicas = info.State.Bytes, info.Config.MaxBytes, info.Config.Replicas
	out.Last = q.base + telemetry.LotNumber(info.State.LastSeq)
	dead, err := q.js.Stream(ctx, q.deadStream())
	if err != nil {
		return out, fmt.Errorf("ask NATS about the stream %s: %w", q.deadStream(), err)
	}
	out.Dead = dead.CachedInfo().State.Msgs
	c, err := q.from(ctx)
	if err != nil {
		return out, err
	}
	about, err := c.Info(ctx)
	if err != nil {
		q.forget()
		return out, fmt.Errorf("ask NATS about the matchers: %w", err)
	}
	out.Pending, out.Handed, out.Redelivered = about.NumPending, about.NumAckPending, about.NumRedelivered
	out.Done = q.base + telemetry.LotNumber(about.AckFloor.Stream)
	return out, nil
}

// Counts are figures of this process since its start.
type Counts struct {
	Put     int64 `json:"put"`     // lots
	Records int64 `json:"records"` // in them
	Retried int64 `json:"retried"` // lots sent again because no answer came
	Refused int64 `json:"refused"` // times that senders were told to come again
	Taken   int64 `json:"taken"`   // lots handed out to us
	Again   int64 `json:"again"`   // of these, not for the first time
	Buried  int64 `json:"buried"`
}

// Counts returns the figures of this process.
func (q *Queue) Counts() Counts {
	c := &q.counts
	return Counts{Put: c.put.Load(), Records: c.records.Load(), Retried: c.retried.Load(), Refused: c.refused.Load(), Taken: c.taken.Load(), Again: c.again.Load(), Buried: c.buried.Load()}
}
