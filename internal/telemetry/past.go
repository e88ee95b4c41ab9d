package telemetry

import (
	"context"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

// Note is what a record holds.
type Note struct {
	Time   time.Time // of the event
	Source string    // who sent it
	Values []Value
}

// Value is an observable under its key. One without a type is found by its key
// only.
type Value struct {
	Key  Key
	Type indicator.Type
	Text string // canonical
}

// Past is a history that is searched backwards: by what an indicator would touch,
// not only by the very value. Implementations are safe for concurrent use.
type Past interface {
	// Parts lists what is kept, oldest first; each is searched by itself.
	Parts(ctx context.Context) ([]Part, error)
	// Sift asks pick about every distinct value noted in a part, those out of its
	// reach excepted, and returns the records that hold one it picked. A part that retention has removed since is
	// an errs.NotFound.
	Sift(ctx context.Context, p Part, pick Pick) (Sifted, error)
	// Seen sums up when, how often and by whom a key was seen.
	Seen(ctx context.Context, key Key) (Seen, error)
}

// Part is a stretch of the history.
type Part struct {
	First, End Seq       // numbers from First, below End
	Records    int       // readable ones
	From, To   time.Time // of the noted events, by their own time
	Noted      Seq       // the last record noted; First-1 when none is
}

// Pick says which values are wanted.
type Pick struct {
	Type  func(t indicator.Type) bool // is asked once a type; nil = every one
	Value func(t indicator.Type, value string) bool
	// Reach is where the values lie that Value can say yes to; nil = anywhere. It is
	// a hint: what lies within it is still asked.
	Reach *match.Reach
	From  Seq // records before it are not wanted
	Until Seq // nor are those after it; 0 = no limit
	Limit int // records returned at most, the newest; 0 = no limit
}

// Sifted is what Sift found.
type Sifted struct {
	Seqs   []Seq // ascending, each once
	Left   int   // found beyond the limit
	Values int   // distinct values asked about
	Missed int   // records that could not be looked at: damaged, or not noted yet
}

// Seen is the answer to "have we ever seen this?".
type Seen struct {
	Type    indicator.Type `json:"type"`
	Value   string         `json:"value"`
	Count   int            `json:"count"` // events that hold it
	First   time.Time      `json:"first,omitzero"`
	Last    time.Time      `json:"last,omitzero"`
	Sources []string       `json:"sources,omitempty"` // who sent them
	Days    []SeenDay      `json:"days,omitempty"`    // ascending, UTC, only those with events
	Since   time.Time      `json:"since,omitzero"`    // the oldest event that is still kept
}

// SeenDay is one day of it.
type SeenDay struct {
	Day   string `json:"day"` // 2006-01-02
	Count int    `json:"count"`
}

// Fetcher is a history that brings records that lie apart at once: one to which the way
// is long. Implementations are safe for concurrent use.
type Fetcher interface {
	// Fetch returns the records with these numbers (ascending), in order; those that
	// are no longer kept are left out.
	Fetch(ctx context.Context, seqs []Seq) ([]Stored, error)
}

// Sparse is a history that may leave numbers out though no record is missing.
type Sparse interface {
	// Sparse says that it does.
	Sparse() bool
}

// IsSparse says whether a history leaves numbers out.
func IsSparse(h History) bool {
	s, ok := h.(Sparse)
	return ok && s.Sparse()
}

// Missing is how many records are missing where a history has none from one number to
// before another.
func Missing(h History, from, end Seq) int {
	if end <= from || IsSparse(h) {
		return 0
	}
	return int(end - from)
}

// KeyOf is the key under which a history finds an observable.
func KeyOf(t indicator.Type, value string) Key {
	return Key(xxhash.Sum64String(string(t) + "\x00" + value))
}
