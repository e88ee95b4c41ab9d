// Package intel is the knowledge base: indicators with the sources that claim
// them, and the entities (actors, malware, tools, campaigns, techniques ...) and
// relations that say what they mean.
//
// [Service.Merge] brings claims in, [Service.Lookup] says what is known of a
// value, [Service.Live] streams what the matcher must know.
package intel

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/ref"
)

// Key is the storage key of an indicator: the first eight bytes of its UUIDv5.
// Sixty of its bits are random, so that two of ten million indicators share a
// key with a probability of 4e-5; a merge that meets a different value under the
// same key drops the claim with the reason "key-collision".
type Key int64

// KeyOf returns the key of a type and canonical value.
func KeyOf(t indicator.Type, value string) Key { return KeyOfID(indicator.UUID(t, value)) }

// KeyOfID returns the key of an indicator's id.
func KeyOfID(id uuid.UUID) Key { return Key(binary.BigEndian.Uint64(id[:8])) }

// Row is one indicator as stored, merged over its sources.
type Row struct {
	Key Key `json:"-"`
	indicator.Indicator
	Claimed  bool     `json:"claimed"`           // at least one source still claims it
	Sighting Sighting `json:"sighting,omitzero"` // what verdicts said of it; only Load reads it
	PinnedBy string   `json:"pinned_by"`         // the analyst who fixed confidence or expiry; wins over sources
	// Since is when confidence, revocation or being claimed became what they are.
	Since time.Time `json:"-"`
	// Turned says that the indicator begins or ceases to be live by being saved.
	Turned bool `json:"-"`
	// Fresh says that the store does not have it yet.
	Fresh bool `json:"-"`
	// Was is what it takes the place of, when something other than a confirmation
	// changes; saving keeps it.
	Was *Row `json:"-"`
}

// AssertionRow is what one source says of one indicator, as stored.
type AssertionRow struct {
	Key Key
	indicator.Assertion
	Tags      []string
	TLP       indicator.TLP
	Layer     indicator.Layer
	KillChain string
	ValidFrom time.Time
	Until     time.Time     // as the source says; zero = it does not
	Run       RunKey        // the import that said it last
	Since     time.Time     // when the source began to say it in these words
	Mark      Mark          // of all that it says
	Seq       int64         // in the order of arrival; only read
	Fresh     bool          // the store does not have it yet
	Was       *AssertionRow // what it takes the place of, to be kept
}

// Standing is the short of what sources say of an indicator, from the view of one of
// them and of its run.
type Standing struct {
	Key      Key
	Mine     bool // the source claims it
	Others   bool // others do
	ThisRun  bool // the source, in this run
	Seq      int64
	Mark     Mark
	LastSeen time.Time
}

// Batch is what one write brings: rows and assertions (insert or replace by key, and
// by key and source); which rows Turned, for Changes; what it changes in the counts
// of the audit; and, when Announce is set, the fact "intel.changed".
type Batch struct {
	Rows       []Row
	Assertions []AssertionRow
	Tally      *Tally
	Announce   bool
}

// Store keeps indicators. Each method is one transaction; what it returned nil
// for is durable. All may be called concurrently.
type Store interface {
	// Standing returns the short of what is claimed of keys, for each key that
	// anything was ever said of.
	Standing(ctx context.Context, source string, run RunKey, keys []Key) (map[Key]Standing, error)
	// Load returns the rows and assertions that exist for keys.
	Load(ctx context.Context, keys []Key) (map[Key]Row, map[Key][]AssertionRow, error)
	Journal
	Annals
	// Save writes b in one transaction.
	Save(ctx context.Context, b Batch) error
	// Stale returns what source claims although run did not write it, Key and Seq
	// only, by rising Seq above after, at most limit of them.
	Stale(ctx context.Context, source string, run RunKey, after int64, limit int) ([]Standing, error)
	// Live calls fn for every indicator that is neither revoked nor expired at
	// now and has a source that still claims it. The order is not defined.
	Live(ctx context.Context, now time.Time, fn func(k Key, t indicator.Type, value string) error) error
	// Search returns indicators that meet q, newest first, and the cursor of
	// the next page ("" at the end).
	Search(ctx context.Context, q Query) ([]Row, string, error)
	// Pages calls fn with all indicators that meet q (Limit and Cursor do not
	// count), some thousand at a time, by rising key. No transaction is open
	// while fn runs; fn may not keep the slice.
	Pages(ctx context.Context, q Query, fn func([]Row) error) error
	// Counts returns the number of indicators by type and by source: all and live.
	Counts(ctx context.Context, now time.Time) (Counts, error)
	// Pin fixes confidence, expiry or revocation of one indicator and records
	// act; row.Turned as in Save.
	Pin(ctx context.Context, row Row, act ref.Act) error
}

// KnowledgeStore keeps entities and relations. Contract as of Store.
type KnowledgeStore interface {
	// PutKnowledge inserts or updates by id (entities), by (from, type, to,
	// source) (relations) and by (id, source, modified) (objects as they came).
	// Where there are objects, it is they that are counted.
	PutKnowledge(ctx context.Context, k Knowledge) (Stored, error)
	// Objects returns kept objects that meet q, in the order of Seq.
	Objects(ctx context.Context, q ObjectQuery) ([]ObjectRow, error)
	Entity(ctx context.Context, id string) (Entity, error)
	Names
	// Decide records a decision about two entities, or takes it back, with act.
	Decide(ctx context.Context, d Decision, takeBack bool, act ref.Act) error
	// FindEntities returns entities by words of name or alias, and by type ("" = all).
	FindEntities(ctx context.Context, words, entityType string, limit int) ([]Entity, error)
}

// Knowledge is what one write brings.
type Knowledge struct {
	Entities  []Entity
	Relations []Relation
	Objects   []ObjectRow
	Now       time.Time
}

// Stored counts what a write changed.
type Stored struct{ New, Changed, Same int }

// Entity is something intelligence speaks about.
type Entity struct {
	ID          string    `json:"id"`   // STIX id
	Type        string    `json:"type"` // STIX type: intrusion-set, malware, tool, attack-pattern ...
	Name        string    `json:"name"`
	Aliases     []string  `json:"aliases,omitempty"`
	AttackID    string    `json:"attack_id,omitempty"` // G0016, S0154, T1059.001 ...
	Description string    `json:"description,omitempty"`
	Source      string    `json:"source"`
	Vocabulary  string    `json:"vocabulary,omitempty"` // curated names: "misp-galaxy/threat-actor"; "" = none, or ATT&CK where AttackID is set
	Country     string    `json:"country,omitempty"`    // of origin, ISO 3166 code, as suspected
	Victims     []string  `json:"victims,omitempty"`    // countries targeted, by name
	Sectors     []string  `json:"sectors,omitempty"`    // targeted
	URL         string    `json:"url,omitempty"`
	Modified    time.Time `json:"modified,omitzero"`
	LastSeen    time.Time `json:"last_seen,omitzero"` // of a campaign, as its source says
	Revoked     bool      `json:"revoked,omitempty"`
}

// Relation is a directed statement between two things.
type Relation struct {
	From   ref.Ref `json:"from"`
	Type   string  `json:"type"` // STIX relationship type: uses, indicates, attributed-to ...
	To     ref.Ref `json:"to"`
	Source string  `json:"source"`
}

// Query selects indicators. Zero fields do not restrict.
type Query struct {
	Text    string // part of the value or a name
	Type    indicator.Type
	Source  string
	Name    string // exact name (actor, malware), compared by FoldName
	State   string // "live" (default), "expired", "all"
	MinConf int
	MaxTLP  indicator.TLP // the most restrictive label to be returned; unknown = no limit
	Limit   int           // default 100, at most 1000
	Cursor  string
	// Arrival orders by the time an indicator first came, oldest first, instead of
	// by the time it was last seen, newest first.
	Arrival    bool
	AddedAfter time.Time // came after this
}

// Counts is how much is known.
type Counts struct {
	Total    int                    `json:"total"`
	Live     int                    `json:"live"`
	ByType   map[indicator.Type]int `json:"by_type,omitempty"`   // live
	BySource map[string]int         `json:"by_source,omitempty"` // assertions not withdrawn
}
