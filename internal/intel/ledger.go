package intel

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/indicator"
)

// Ledger keeps the counts of the audit of feeds. Contract as of Store.
type Ledger interface {
	// Counts returns all counts; of days those at or after since.
	Tallies(ctx context.Context, since time.Time) (Tally, map[string]FeedFacts, error)
	// Settle records when the first good run of a source ended; later calls
	// change nothing.
	Settle(ctx context.Context, source string, at time.Time) error
	// SaveListed records what of a source stands on warning lists.
	SaveListed(ctx context.Context, source string, l Listed) error
	// Recount counts anew what Save keeps counts of, the sets of sources and the
	// indicators by type, and returns how many counts were wrong.
	Recount(ctx context.Context) (int, error)
	// Witness records what a verdict on an incident says of indicators ("" =
	// nothing) in the place of what it said before, and returns all it ever spoke of.
	Witness(ctx context.Context, incident string, keys []Key, kind string, at time.Time) ([]Key, error)
	// Outcomes returns what indicators led to since a moment: one for each alert.
	Outcomes(ctx context.Context, since time.Time) ([]Outcome, error)
	// Lives returns how long each entry of a source that came after its first good
	// run was listed, by type.
	Lives(ctx context.Context, source string, now time.Time) (map[indicator.Type][]indicator.Lived, error)
}

// FeedFacts is what is known of a source beside its counts.
type FeedFacts struct {
	Settled time.Time
	Listed  Listed
}

// Listed is what of a source should not be listed: it stands on warning lists.
type Listed struct {
	At      time.Time      `json:"at,omitzero"`
	Checked int            `json:"checked"`
	Listed  int            `json:"listed"`
	ByList  map[string]int `json:"by_list,omitempty"`
	Samples []ListedValue  `json:"samples,omitempty"`
}

// ListedValue is one such indicator.
type ListedValue struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	List  string `json:"list"`
	Entry string `json:"entry"`
}

// Outcome is one alert that an indicator raised.
type Outcome struct {
	Alert   string
	ID      string // of the indicator
	Value   string
	Title   string
	Sources []string // that claimed it when it was met
	First   time.Time
	Count   int
	Verdict string // "" = not judged; else of alert
	Entity  string
}
