package telemetry

import (
	"context"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/indicator"
)

const (
	// LotRecords is how many records a lot holds at most.
	LotRecords = 1000
	// lotNumbers is how many numbers of records each lot has to itself.
	lotNumbers = 1024
)

// LotNumber numbers lots in the order they were accepted. It decides the numbers of
// their records, so that whoever looks at a lot gives them the same.
type LotNumber uint64

// First is the number of the first record of a lot.
func (n LotNumber) First() Seq { return Seq(n)*lotNumbers + 1 }

// Last is the highest number that a record of the lot can have.
func (n LotNumber) Last() Seq { return n.First() + lotNumbers - 1 }

// LotOf is the lot that a record is of.
func LotOf(s Seq) LotNumber { return LotNumber((s - 1) / lotNumbers) }

// Lot is records that receivers handed over together. One matcher at a time has it.
type Lot struct {
	Number  LotNumber
	Records []Record
	Tries   int       // how often it was handed out, with this time
	Since   time.Time // when it was accepted
	Hand    Hand
}

// Again says that somebody may have done a part of it before.
func (l *Lot) Again() bool { return l.Tries > 1 }

// Hand is what a matcher says of a lot that it has. Safe for concurrent use.
type Hand interface {
	// Done says that all of it is durable elsewhere. After nil it never comes again.
	Done(ctx context.Context) error
	// Working says that it takes longer; without it others get the lot after a while.
	Working() error
	// Return lets somebody else have it at once.
	Return()
	// Bury keeps it apart, for people to look at, and takes it out of the queue.
	Bury(ctx context.Context, why string) error
}

// LotQueue hands lots out to matchers.
type LotQueue interface {
	// TakeLots waits until there is a lot and returns at most limit of them; none when
	// ctx is done. What cannot be read as a lot it buries itself.
	TakeLots(ctx context.Context, limit int) ([]Lot, error)
}

// Noted is a lot with what its records hold, in their order.
type Noted struct {
	*Lot
	Notes []Note
}

// LotKeeper keeps records under the numbers that their lots give them.
type LotKeeper interface {
	// PutLots makes records and notes durable. A lot that is put again, also by another
	// process and at the same time, counts once.
	PutLots(ctx context.Context, lots []Noted) error
}

// Extent is what a history has to know of a lot that another process put.
type Extent struct {
	First   Seq              `json:"first"`
	Last    Seq              `json:"last"`
	Records int              `json:"records"`
	Oldest  time.Time        `json:"oldest,omitzero"` // of the events
	Newest  time.Time        `json:"newest,omitzero"`
	Types   []indicator.Type `json:"types,omitempty"` // of the values in it
}

// LotFound is what a matcher found in a lot, for the keeper.
type LotFound struct {
	Number  LotNumber
	Matcher string
	Records int
	Data    []byte
}

// LotFindings keeps what matchers found until the keeper has taken it; taking it is
// part of the transaction that the alerts are written in. Safe for concurrent use.
type LotFindings interface {
	// PutFound keeps what was found. What is there for a lot stays, also once it was
	// taken: whoever comes second says the same.
	PutFound(ctx context.Context, list []LotFound) error
	// Found returns what waits, in the order of the lots.
	Found(ctx context.Context, limit int) ([]LotFound, error)
	// Attempt counts that somebody begins with a lot that came before, and returns how
	// often that was so.
	Attempt(ctx context.Context, n LotNumber) (int, error)
}

// Extent is what a history has to know of the lot.
func (l Noted) Extent() Extent {
	first := l.Number.First()
	e := Extent{First: first, Last: first + Seq(len(l.Records)) - 1, Records: len(l.Records)}
	types := map[indicator.Type]bool{}
	for _, n := range l.Notes {
		if !n.Time.IsZero() {
			if e.Newest.IsZero() || n.Time.Before(e.Oldest) {
				e.Oldest = n.Time
			}
			if n.Time.After(e.Newest) {
				e.Newest = n.Time
			}
		}
		for _, v := range n.Values {
			if v.Type != "" && !types[v.Type] {
				types[v.Type] = true
				e.Types = append(e.Types, v.Type)
			}
		}
	}
	slices.Sort(e.Types)
	return e
}
