package telemetry

import (
	"context"
	"time"
)

// DeadLot is a message that no matcher could take, kept apart for people to look at.
type DeadLot struct {
	Number uint64    `json:"number"` // among those kept apart
	At     time.Time `json:"at"`     // when it was kept apart
	Reason string    `json:"reason"`
	Lot    uint64    `json:"lot,omitempty"` // its number in the stream it came from
	Bytes  int       `json:"bytes"`         // of the message
	Events int       `json:"events"`        // in it; 0 = it is no lot of events
}

// DeadLots is what is kept apart. Implementations are safe for concurrent use.
type DeadLots interface {
	// Dead returns at most limit, the oldest first, from a number on.
	Dead(ctx context.Context, from uint64, limit int) ([]DeadLot, error)
	// DeadLot returns one with its records, and the message as it is; an errs.NotFound
	// when it is not there.
	DeadLot(ctx context.Context, number uint64) (d DeadLot, records []Record, data []byte, err error)
	// Revive puts one into the queue as a new lot, and then forgets it; called again, also
	// after a failure, within minutes it makes no second one. One that is no lot is an errs.Conflict.
	Revive(ctx context.Context, number uint64) error
	// Forget removes one for good; an errs.NotFound when it is not there.
	Forget(ctx context.Context, number uint64) error
}
