package detect

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/ref"
)

// Store keeps rules. All of it is safe for concurrent use; a write is durable
// when it returns nil, with its audit line and its announcement "rules.changed".
type Store interface {
	// Packs returns all packs by name, with their counts.
	Packs(ctx context.Context) ([]Pack, error)
	// Replace makes rules the content of a pack. What the pack had and has no
	// more is gone, but for its versions. Rules that changed get a new version;
	// the switches of the others stay. texts holds the files by hash.
	Replace(ctx context.Context, p Pack, rules []Rule, texts map[string]string, act ref.Act) (Change, error)
	// Rules returns the rules that a query finds and how many there are in all.
	Rules(ctx context.Context, q Query) ([]Rule, int, error)
	// Texts returns the files that rules with these hashes stand in.
	Texts(ctx context.Context, hashes []string) (map[string]string, error)
	// Versions returns the texts a rule has had, newest first.
	Versions(ctx context.Context, rule string) ([]Version, error)
	// Switch turns rules on or off.
	Switch(ctx context.Context, rules []string, on bool, act ref.Act) (int, error)
}

// TuningStore keeps what people and time say about rules. The same promises.
type TuningStore interface {
	SourceSwitches(ctx context.Context) ([]SourceSwitch, error)
	// SaveSourceSwitch keeps the switch, or removes it when on is true.
	SaveSourceSwitch(ctx context.Context, s SourceSwitch, on bool, act ref.Act) error
	// Exceptions returns those of a rule, or all when rule is empty, newest first.
	Exceptions(ctx context.Context, rule string) ([]Exception, error)
	SaveException(ctx context.Context, e Exception, act ref.Act) error
	// Excepted adds to the counts of exceptions, by id.
	Excepted(ctx context.Context, hits map[string]int, at time.Time) error
	// Backtests returns those of a rule, or all when rule is empty, newest first.
	Backtests(ctx context.Context, rule string, limit int) ([]Backtest, error)
	// SaveBacktest keeps a run; with an act when a person began it.
	SaveBacktest(ctx context.Context, b Backtest, act *ref.Act) error
	// AddSeen adds to the counts of events by log source and day.
	AddSeen(ctx context.Context, seen []Seen) error
	// Seen returns the counts from a day on.
	Seen(ctx context.Context, from string) ([]Seen, error)
}

// Change says what replacing a pack did.
type Change struct {
	New       int `json:"new"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Gone      int `json:"gone"`
	Moved     int `json:"moved"` // rules that another pack had under the same id: they stay there
}

// Query finds rules. Empty fields ask for nothing.
type Query struct {
	ID      string
	Text    string // part of the title, id or file
	Pack    string
	Level   string
	Tag     string // exact, such as attack.t1059.001
	Product string
	State   string // "on", "off"
	Limit   int    // 0 = all
	Offset  int
}
