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
	// Resting returns the names of all entities that alerts are about, and the
	// indicators they rest on, by key, as the alerts know them.
	Resting(ctx context.Context) (entities []string, indicators map[string]Reason, err error)
}

// Tx is the write side inside Store.Write.
type Tx interface {
	Grouping
	Remembering
	Teachable
	// SaveIncident inserts or updates; a new incident (Number 0) gets a number.
	SaveIncident(ctx context.Context, i *Incident) error
	// SaveIncidents updates incidents that have a number.
	SaveIncidents(ctx context.Context, list []Incident) error
	AddEntry(ctx context.Context, incident string, e Entry) error
	// Contents returns those incidents that there are, with their alerts by incident.
	Contents(ctx context.Context, ids []string) ([]Incident, map[string][]Alert, error)
	// Incidents returns those that there are.
	Incidents(ctx context.Context, ids []string) ([]Incident, error)
	// Incident returns an incident as this transaction sees it.
	Incident(ctx context.Context, id string) (Incident, error)
	// Content returns an incident and its alerts as this transaction sees them.
	Content(ctx context.Context, id string) (Incident, []Alert, error)
	Record(ctx context.Context, r Change) error
}

// Grouping is what groups detections and alerts.
type Grouping interface {
	// Insert keeps those detections that are not known yet and returns them.
	Insert(ctx context.Context, d []Detection) ([]Detection, error)
	// AlertsBy returns those alerts of the fingerprints that there are.
	AlertsBy(ctx context.Context, fingerprints []string) ([]Alert, error)
	SaveAlerts(ctx context.Context, a []Alert) error
	// Candidates returns the open incidents with evidence at or after w.Since
	// that hold what is wanted, oldest first.
	Candidates(ctx context.Context, w Wanted) ([]Candidate, error)
	// Track returns how a reason was judged before, and how widely it fires.
	Track(ctx context.Context, reasonKey, entity string) (Record, error)
}

// Remembering keeps what is usual where, the sessions that go on, and what analysts
// cut.
type Remembering interface {
	// Remembered returns everything that Remember kept.
	Remembered(ctx context.Context) ([]triage.Habit, []*triage.Session, error)
	Remember(ctx context.Context, r Remembered) error
	// Cuts returns what was cut that had been joined in this way.
	Cuts(ctx context.Context, how, value string) ([]Cut, error)
	SaveCut(ctx context.Context, c Cut) error
}

// Teachable keeps what verdicts teach.
type Teachable interface {
	// Lessons returns all lessons, the newest first, at most 4,000.
	Lessons(ctx context.Context) ([]triage.Lesson, error)
	// SaveLesson keeps what the verdict on an incident teaches; nil = nothing any more.
	SaveLesson(ctx context.Context, incident string, l *triage.Lesson) error
	// Touching returns the incidents that hold an alert of one of the entities or
	// reasons and were not merged, by id; onlyOpen leaves out closed ones.
	Touching(ctx context.Context, entities, reasons []string, onlyOpen bool) ([]string, error)
}

// Remembered is what one call of Take taught: pieces of memory that changed, what
// may be forgotten, and the sessions that ended or go on.
type Remembered struct {
	Kept   []triage.Habit
	Before int64    // pairs last seen before, in Unix seconds, may be forgotten
	Gone   []string // entities whose session ended
	Open   []*triage.Session
}

// Wanted says which incidents may take an alert. Zero fields find none.
type Wanted struct {
	Entity string
	Reason string
	Names  []string
	Rare   time.Time // something rare fired at or after it
	Since  time.Time
}

// Candidate is an open incident that may take a new alert, and what it shares.
type Candidate struct {
	Incident Incident
	Entity   bool
	Reason   bool
	Rare     bool
	Names    []string
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
// of events got (when Consumer is set).
type Change struct {
	Act      *ref.Act
	Topic    string
	Consumer string
	Seq      uint64
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
	Entities   int `json:"entities"`
	True       int `json:"true"`
	False      int `json:"false"`       // verdicts on the reason everywhere
	BenignHere int `json:"benign_here"` // benign true positives of the reason on this entity
}
