// Package detect keeps the detection rules and their life: packs of Sigma rules
// with every version of each rule, what is switched on for which log source,
// exceptions with a reason and an expiry, and back-tests over what is kept.
//
// [Service.Import] brings a pack in, [Service.Running] gives what the pipeline
// compiles, [Service.Switch], [Service.Except] and [Service.Backtest] are what an
// analyst does with a rule. Nothing here evaluates events: package sigma does.
//
// Promises: an import that cannot read a rule says which and why and takes the
// others; a rule that changes keeps its switch, its exceptions and its earlier
// texts; every change carries who, when and why.
package detect

import (
	"time"

	"github.com/vedette-soc/vedette/sigma"
)

// Kind of what one Sigma document holds.
type Kind string

// The kinds.
const (
	Plain       Kind = "rule"
	Filter      Kind = "filter"
	Correlation Kind = "correlation"
)

// Pack is a set of rules that came together and is renewed together.
type Pack struct {
	Name     string    `json:"name"`
	Version  string    `json:"version"` // as its publisher calls it; may be empty
	License  string    `json:"license"` // of rules that state none themselves
	Origin   string    `json:"origin"`  // where it came from, for people
	Imported time.Time `json:"imported,omitzero"`
	By       string    `json:"by"`

	Rules   int `json:"rules"`   // filled on reading
	On      int `json:"on"`      // filled on reading
	Refused int `json:"refused"` // filled on reading
}

// Rule is one detection rule, filter or correlation.
type Rule struct {
	ID          string          `json:"id"` // its own; made from pack, file and title when it has none
	Pack        string          `json:"pack"`
	File        string          `json:"file"` // in the pack
	Line        int             `json:"line"` // where it begins there
	Kind        Kind            `json:"kind"`
	Title       string          `json:"title"`
	Description string          `json:"description,omitempty"`
	Level       string          `json:"level"` // informational, low, medium, high, critical
	Status      string          `json:"status,omitempty"`
	Author      string          `json:"author"`
	License     string          `json:"license"`
	Tags        []string        `json:"tags,omitempty"` // "attack.t1059.001", "cve.2021-44228" ...
	Source      sigma.LogSource `json:"logsource"`
	References  []string        `json:"references,omitempty"`
	FalsePos    []string        `json:"falsepositives,omitempty"`
	Text        string          `json:"-"` // hash of the file that holds it
	Version     int             `json:"version"`
	Added       time.Time       `json:"added,omitzero"`
	Changed     time.Time       `json:"changed,omitzero"`

	On        bool   `json:"on"`
	SwitchWhy string `json:"switch_why,omitempty"`
	SwitchBy  string `json:"switch_by,omitempty"`
}

// Version is one text that a rule has had.
type Version struct {
	Number int       `json:"number"`
	Text   string    `json:"text"` // of the file that held it
	Time   time.Time `json:"time"`
	By     string    `json:"by"`
}

// Exception lets events pass that a rule would report: a tuned-out case, for a
// reason and for a time.
type Exception struct {
	ID      string    `json:"id"`
	Rule    string    `json:"rule"`
	Where   string    `json:"where"` // a Sigma selection in YAML, as it would stand below detection
	Reason  string    `json:"reason"`
	By      string    `json:"by"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Ended   time.Time `json:"ended,omitzero"` // taken back before it expired
	Hits    int       `json:"hits"`           // detections it kept away
	LastHit time.Time `json:"last_hit,omitzero"`
}

// Live says whether the exception holds at a time.
func (e Exception) Live(now time.Time) bool {
	return e.Ended.IsZero() && now.Before(e.Expires)
}

// Backtest is a run of one rule over what the history keeps.
type Backtest struct {
	ID       string    `json:"id"`
	Rule     string    `json:"rule"`
	Title    string    `json:"title"`
	Version  int       `json:"version"` // of the rule
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	State    RunState  `json:"state"`
	By       string    `json:"by"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished,omitzero"`
	Problem  string    `json:"problem,omitempty"`

	Events   int      `json:"events"`  // looked at
	Matches  int      `json:"matches"` // before exceptions
	Excepted int      `json:"excepted"`
	Days     []Day    `json:"days,omitempty"`
	Entities []Count  `json:"entities,omitempty"` // concerned most, at most 20
	Samples  []Sample `json:"samples,omitempty"`  // the latest, at most 20
	Progress float64  `json:"progress"`           // 0-1
}

// RunState is how far a back-test is.
type RunState string

// The states of a back-test.
const (
	Waiting RunState = "waiting"
	Running RunState = "running"
	Done    RunState = "done"
	Failed  RunState = "failed"
)

// PerDay is the expected number of detections a day: matches less excepted ones
// over the days that have events, which may be fewer than were asked for; 0
// before the end.
func (b Backtest) PerDay() float64 {
	if b.State != Done || len(b.Days) == 0 {
		return 0
	}
	return float64(b.Matches-b.Excepted) / float64(len(b.Days))
}

// Day is how often a rule matched on one day (UTC).
type Day struct {
	Day     string `json:"day"` // 2006-01-02
	Events  int    `json:"events"`
	Matches int    `json:"matches"`
}

// Count is a value and how often it was there.
type Count struct {
	Value string `json:"value"`
	N     int    `json:"n"`
}

// Sample is one event that matched.
type Sample struct {
	Event string    `json:"event"` // id in the history
	Time  time.Time `json:"time,omitzero"`
	Who   string    `json:"who"`
	Why   []string  `json:"why"` // field=value that made it match
}

// SourceSwitch silences every rule of one log source.
type SourceSwitch struct {
	Source sigma.LogSource `json:"logsource"`
	Reason string          `json:"reason"`
	By     string          `json:"by"`
	Time   time.Time       `json:"time"`
}

// Seen is how many events of one log source came on one day.
type Seen struct {
	Source sigma.LogSource `json:"logsource"`
	Day    string          `json:"day"` // 2006-01-02, UTC
	Events int             `json:"events"`
}
