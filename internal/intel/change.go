package intel

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/indicator"
)

// Stamp is a moment in the life of the live indicators: what an index must keep
// to be brought up to date later. The zero Stamp is no moment.
type Stamp struct {
	Seq   int64     `json:"seq"`   // of the last noted change
	Token int64     `json:"token"` // tells histories apart that count alike
	At    time.Time `json:"at"`    // up to when expiry was looked at
}

// Change is what an indicator is now.
type Change struct {
	Key   Key
	Type  indicator.Type
	Value string
	Live  bool
}

// Journal tells what changed among the live indicators.
type Journal interface {
	// Moment returns the present moment. What is read from Live afterwards is at
	// least as new.
	Moment(ctx context.Context, now time.Time) (Stamp, error)
	// Changes returns what may have begun or ceased to be live between since and
	// now, as it is now, and the moment reached. ok is false when that cannot
	// be told: since is of another database, too long ago, or more than limit
	// indicators changed.
	Changes(ctx context.Context, since Stamp, now time.Time, limit int) (changed []Change, to Stamp, ok bool, err error)
}

// Moment returns the present moment, to be taken before Live is read.
func (s *Service) Moment(ctx context.Context) (Stamp, error) {
	return s.store.Moment(ctx, s.now().UTC())
}

// Changes returns what may have begun or ceased to be live since a moment; see
// [Journal].
func (s *Service) Changes(ctx context.Context, since Stamp, limit int) ([]Change, Stamp, bool, error) {
	return s.store.Changes(ctx, since, s.now().UTC(), limit)
}

// Live says whether the matcher must know the indicator at a time.
func (r *Row) Live(at time.Time) bool {
	return !r.Revoked && r.Claimed && (r.ValidUntil.IsZero() || r.ValidUntil.After(at))
}
