package alert

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/risk/triage"
)

// Store keeps detections, alerts and incidents. Reads see committed data only.
type Store interface {
	// Write runs fn in one transaction: all of it becomes durable, or nothing.
	Write(ctx context.Context, fn func(Tx) error) error
	Incident(ctx context.Context, id string) (Incident, error)
	Alerts(ctx context.Context, incident string) ([]Alert, error)
	// Detections returns the newest detections of an incident.
	Detections(ctx context.Context, incident string, limit int) ([]Detection, error)
	Timeline(ctx context.Context, incident string, limit int) ([]Entry, error)
	// Queue returns incidents, highest priority first, and the next cursor.
	Queue(ctx context.Context, q QueueQuery) ([]Incident, string, error)
	// Sightings returns the newest detections whose reason or observable is value.
	Sightings(ctx context.Context, value string, limit int) ([]Detection, int, error)
	// Sharing returns other incidents that share one of the values (observables
	// or names), newest first, with what they share.
	Sharing(ctx context.Context, incident string, values []string, limit int) ([]Shared, error)
	// Totals counts for the header and the health page.
	Totals(ctx context.Context) (Totals, error)
	// Lessons returns what verdicts taught, the newest first, at most 4,000.
	Lessons(ctx context.Context) ([]triage.Lesson, error)
	// Numbers returns the numbers of incidents by id.
	Numbers(ctx context.Context, ids []string) (map[string]int, error)
	// Entities returns all entities that alerts are about.
	Entities(ctx context.Context) ([]Who, error)
	// Indicators returns those that alerts rest on, by key, as the alerts know them.
	Indicators(ctx context.Context) (map[string]Reason, error)
	// Targeted returns the alerts of attacks on a vulnerability, the newest first, at
	// most 200,000.
	Targeted(ctx context.Context) ([]Alert, error)
}

// Tx is the write side inside Store.Write, by what its parts are for. Reads in it see
// what was written in it.
type Tx struct {
	// Turn numbers the transactions that write here: when it is one more than that of
	// the last one, nobody else wrote in between.
	Turn int64
	Reading
	Writing
	Remembering
	Cutting
	Teachable
}

// Reading is what grouping and ranking ask for.
type Reading interface {
	// Cards returns the open incidents, at most MaxCards, the newest, as grouping
	// looks for them, and the highest number given to an incident.
	Cards(ctx context.Context) ([]*Card, int, error)
	// AlertsBy returns those alerts of the fingerprints that there are.
	AlertsBy(ctx context.Context, fingerprints []string) ([]*Alert, error)
	// Contents returns those incidents that there are, with their alerts by incident.
	Contents(ctx context.Context, ids []string) ([]*Incident, map[string][]*Alert, error)
	// Known returns the ids of the detections that are kept of the events of list.
	Known(ctx context.Context, list []Arrival) (map[string]bool, error)
	// Track returns how a reason was judged before, and how widely it fires.
	Track(ctx context.Context, reason string) (Record, error)
}

// Writing keeps detections, alerts and incidents.
type Writing interface {
	// Insert keeps those detections that are not known yet, and returns them.
	Insert(ctx context.Context, list []Arrival) ([]Arrival, error)
	SaveAlerts(ctx context.Context, list []*Alert) error
	// SaveIncidents inserts or updates all but the names.
	SaveIncidents(ctx context.Context, list []*Incident) error
	// SaveNames keeps by which names incidents are found.
	SaveNames(ctx context.Context, list []*Incident) error
	// AddEntries adds lines to timelines, in their order.
	AddEntries(ctx context.Context, lines []Line) error
	Record(ctx context.Context, r Change) error
	// Retire gives the kept detections of an alert another fingerprint, and forgets the
	// alert under the old one.
	Retire(ctx context.Context, from, to string) error
}

// Remembering keeps what is usual where and the sessions that go on.
type Remembering interface {
	// Remembered returns everything that Remember kept.
	Remembered(ctx context.Context) ([]triage.Habit, []*triage.Session, error)
	Remember(ctx context.Context, r Remembered) error
}

// Cutting keeps what analysts took apart.
type Cutting interface {
	// Cuts returns all cuts, the newest first, at most 100,000.
	Cuts(ctx context.Context) ([]Cut, error)
	SaveCuts(ctx context.Context, list []Cut) error
}

// Teachable keeps what verdicts teach.
type Teachable interface {
	// Lessons returns all lessons, the newest first, at most 4,000.
	Lessons(ctx context.Context) ([]triage.Lesson, error)
	// SaveLesson keeps what the verdict on an incident teaches; nil = nothing any more.
	SaveLesson(ctx context.Context, incident string, l *triage.Lesson) error
	// Touching returns the incidents that hold an alert of one of the entities or
	// reasons and were not merged, by id; onlyOpen leaves out closed ones.
	Touching(ctx context.Context, entities []Who, reasons []string, onlyOpen bool) ([]string, error)
}

// Arrival is a detection on its way into its alert.
type Arrival struct {
	Detection
	Fingerprint string
	Before      int // how many detections its alert counted before
}

// Line is an entry for the timeline of an incident.
type Line struct {
	Incident string
	Entry
}

// Remembered is what one call of Take taught: pieces of memory that changed, what
// may be forgotten, and the sessions that ended or go on.
type Remembered struct {
	Kept   []triage.Habit
	Before int64    // pairs last seen before, in Unix seconds, may be forgotten
	Gone   []string // entities whose session ended
	Open   []*triage.Session
}

// Cut says that two things, entities or (of one entity) reasons, do not belong
// together although they were joined in a way.
type Cut struct {
	How, Value string
	A, B       string
	By         string
	Time       time.Time
}

// Change is what Tx.Record keeps beside the data: a line in the audit log and
// the announcement of Topic about its target (when set), and how far a consumer
// of events got (when Consumer is set), with the lots that it took.
type Change struct {
	Act      *ref.Act
	Topic    string
	Consumer string
	Seq      uint64
	Lots     []uint64 // taken by it, each for the first time
}

// QueueQuery selects incidents. Zero fields do not restrict.
type QueueQuery struct {
	State  State
	Text   string
	Owner  string
	Level  string
	Limit  int
	Cursor string
}

// Shared is an incident that shares something with another.
type Shared struct {
	Incident Incident `json:"incident"`
	Values   []string `json:"values,omitempty"`
}

// Totals are the figures every page shows.
type Totals struct {
	Open       map[string]int `json:"open,omitempty"` // by level
	Closed     int            `json:"closed"`
	Detections int            `json:"detections"`
	Alerts     int            `json:"alerts"`
	Suppressed int            `json:"suppressed"`
}

// Record is how a reason was judged before, and on how many entities it fired.
type Record struct {
	Entities    int
	True, False int // verdicts on incidents that hold it
}
