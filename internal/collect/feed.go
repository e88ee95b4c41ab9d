package collect

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/stix"
)

// Feed is one source that is read again and again.
type Feed struct {
	ID          string        `json:"id"`
	Name        string        `json:"name"`
	URL         string        `json:"url"`  // http(s) URL or a path
	Kind        string        `json:"kind"` // a Parser's Kind; "" = recognised
	Options     Options       `json:"options"`
	Interval    time.Duration `json:"interval"`
	Snapshot    bool          `json:"snapshot"`    // absence means withdrawn
	Reliability string        `json:"reliability"` // Admiralty A-F
	Licence     string        `json:"licence"`
	Homepage    string        `json:"homepage"`
	GoodFor     string        `json:"good_for"`
	Category    string        `json:"category"`
	NeedsKey    bool          `json:"needs_key"` // the publisher asks for a key: set Auth
	Enabled     bool          `json:"enabled"`
	Auth        string        `json:"auth,omitempty"` // "env:NAME" or "file:PATH": sent as the header Authorization
}

// Health is the state of a feed as an operator sees it.
type Health string

// The states. All but OK, Fresh and Off raise an alarm.
const (
	Fresh    Health = "new"      // never ran
	Off      Health = "off"      // not enabled
	OK       Health = "ok"       // last run was good
	Dead     Health = "dead"     // cannot be fetched, or not for three intervals
	Empty    Health = "empty"    // answered with nothing usable
	Exploded Health = "exploded" // many times its usual size: held back
	Changed  Health = "changed"  // another shape than before: held back
	Poisoned Health = "poisoned" // lists our own assets: those entries are dropped, the rest is taken
)

// State is what is remembered of a feed between runs.
type State struct {
	Feed         string            `json:"feed"`
	Health       Health            `json:"health"`
	Message      string            `json:"message"` // what is wrong, and what to do
	ETag         string            `json:"e_tag"`
	LastModified string            `json:"last_modified"`
	BodyHash     string            `json:"body_hash"`       // SHA-256 of the last good body
	Files        map[string]string `json:"files,omitempty"` // of a manifest: the version of each file taken
	LastRun      time.Time         `json:"last_run,omitzero"`
	LastGood     time.Time         `json:"last_good,omitzero"`
	NextRun      time.Time         `json:"next_run,omitzero"`
	Failures     int               `json:"failures"`     // in a row
	UsualSize    int               `json:"usual_size"`   // entries of the last good run
	Acknowledged bool              `json:"acknowledged"` // an analyst said that the held-back set is right
}

// Run is one attempt to read a feed, or one import by hand.
type Run struct {
	ID        string               `json:"id"`
	Feed      string               `json:"feed"`  // feed id, or "import" and who did it
	Input     string               `json:"input"` // URL or file names
	Started   time.Time            `json:"started,omitzero"`
	Finished  time.Time            `json:"finished,omitzero"`
	Outcome   string               `json:"outcome"` // "stored", "unchanged", "held", "failed"
	Error     string               `json:"error"`
	Bytes     int64                `json:"bytes"`
	Report    indicator.LossReport `json:"report"`
	Samples   []Sample             `json:"samples,omitempty"` // a few of what was dropped
	Objects   int                  `json:"objects"`           // entities and relations among what was read
	Withdrawn int                  `json:"withdrawn"`
}

// Sample is one dropped entry, for whoever asks why.
type Sample struct {
	Reason string `json:"reason"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Text   string `json:"text"`
}

// Store keeps feeds, their states and runs. Each method is one transaction.
type Store interface {
	Feeds(ctx context.Context) ([]Feed, error)
	SaveFeed(ctx context.Context, f Feed, act ref.Act) error
	DeleteFeed(ctx context.Context, id string, act ref.Act) error
	States(ctx context.Context) (map[string]State, error)
	// SaveRun keeps the run and the feed's state after it; feed may be unknown
	// for imports by hand, then state is ignored.
	SaveRun(ctx context.Context, r Run, s State) error
	// Runs returns the newest runs of feed ("" = all).
	Runs(ctx context.Context, feed string, limit int) ([]Run, error)
}

// Knowledge takes what a run brought. The pipeline implements it over the
// knowledge base.
type Knowledge interface {
	// Merge takes canonical claims (Type set, Raw canonical); it returns how
	// many were new, how many joined something known, and the drops by reason.
	Merge(ctx context.Context, source, run string, claims []indicator.Claim) (stored, merged int, dropped map[string]int, err error)
	// Withdraw tells that source no longer claims what run did not repeat.
	Withdraw(ctx context.Context, source, run string) (int, error)
	// Objects takes entities and relationships; counts as of Merge.
	Objects(ctx context.Context, source string, objects []stix.Object) (stored, merged int, dropped map[string]int, err error)
	// Suspicious says why a claim must not come from a feed (own asset,
	// everybody's resolver); "" when nothing speaks against it.
	Suspicious(ctx context.Context, t indicator.Type, value string) string
	// Done tells that a run is complete, so that the live index is renewed.
	Done(ctx context.Context, source, run string) error
}
