package hunt

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/event"
)

// Ask is a question with the time it is about.
type Ask struct {
	Query  *Query
	Since  time.Time // of the events; zero = no limit
	Until  time.Time
	Limit  int           // events returned
	Budget time.Duration // after which the answer is given as it is; 0 = no limit
}

// Answer is what the history says to a question.
type Answer struct {
	Found   []Found     `json:"found"`            // the newest, by time
	Matched int         `json:"matched"`          // all
	Looked  int         `json:"looked"`           // records considered
	Read    int         `json:"read"`             // of these, read in full
	Missed  int         `json:"missed,omitempty"` // could not be read: damaged, or removed by retention meanwhile
	Kept    int         `json:"kept"`             // records that the history keeps
	Partial string      `json:"partial,omitempty"`
	First   time.Time   `json:"first,omitzero"` // of the answers
	Last    time.Time   `json:"last,omitzero"`
	Took    string      `json:"took"`
	Buckets []Bucket    `json:"buckets,omitempty"`
	Every   string      `json:"every,omitempty"` // a bucket's length
	Fields  []FieldStat `json:"fields,omitempty"`
	Tables  []Table     `json:"tables,omitempty"` // of the stages
}

// Found is one event.
type Found struct {
	ID     string       `json:"id"`
	Time   time.Time    `json:"time"`
	Source string       `json:"source"`
	Event  *event.Event `json:"event"`
}

// Bucket is how many answers fell into a stretch of time.
type Bucket struct {
	From  time.Time `json:"from"`
	Count int       `json:"count"`
}

// FieldStat is the values of a field, the most frequent first.
type FieldStat struct {
	Field  string  `json:"field"`
	Events int     `json:"events"`
	Values []Count `json:"values"`
	More   int     `json:"more,omitempty"` // values beyond these
}

// Count is how often a value came.
type Count struct {
	Value string `json:"value"`
	N     int    `json:"n"`
}

// Table is what a stage made.
type Table struct {
	Stage string   `json:"stage"`
	By    []string `json:"by,omitempty"`
	Rows  []Row    `json:"rows"`
	Other int      `json:"other,omitempty"` // events in groups beyond these
}

// Row is one group.
type Row struct {
	Values []string `json:"values"`
	N      int      `json:"n"`
}

const (
	// maxGroups bounds groups, shown and counted apart.
	maxGroups  = 10_000
	groupsKept = 100_000
	// fieldsOf bounds the answers whose fields are counted.
	fieldsOf   = 2000
	fieldsKept = 300
	valuesKept = 2000
	valuesTold = 8
	// maxBuckets is about how many stretches of time are told.
	maxBuckets = 60
	maxMinutes = 600_000
)

// Tally counts answers. Not safe for concurrent use.
type Tally struct {
	ask     Ask
	matched int
	first   time.Time
	last    time.Time
	minutes map[int64]int
	groups  []map[string]int
	other   []int
	counted int
	fields  map[string]map[string]int
}

// NewTally returns a Tally for a question.
func NewTally(a Ask) *Tally {
	t := &Tally{ask: a, minutes: map[int64]int{}, fields: map[string]map[string]int{}}
	for range a.Query.stages {
		t.groups, t.other = append(t.groups, map[string]int{}), append(t.other, 0)
	}
	return t
}

// Add counts an answer.
func (t *Tally) Add(ev *event.Event) {
	if t.matched == 0 {
		t.first, t.last = ev.Time, ev.Time
	}
	if ev.Time.Before(t.first) {
		t.first = ev.Time
	}
	if ev.Time.After(t.last) {
		t.last = ev.Time
	}
	t.matched++
	if m := ev.Time.Unix() / 60; len(t.minutes) < maxMinutes || t.minutes[m] > 0 {
		t.minutes[m]++
	}
	for i, s := range t.ask.Query.stages {
		t.group(i, s, ev)
	}
	if t.counted < fieldsOf {
		t.counted++
		t.countFields(ev)
	}
}

func (t *Tally) group(i int, s Stage, ev *event.Event) {
	var key strings.Builder
	switch s.Kind {
	case "histogram":
		key.WriteString(ev.Time.UTC().Truncate(s.Every).Format(time.RFC3339))
	default:
		for k, f := range s.By {
			if k > 0 {
				key.WriteByte(0)
			}
			key.WriteString(strings.ReplaceAll(value(ev, f), "\x00", " "))
		}
	}
	if g := t.groups[i]; len(g) < groupsKept || g[key.String()] > 0 {
		g[key.String()]++
	} else {
		t.other[i]++
	}
}

func value(ev *event.Event, field string) string {
	if field == "@timestamp" {
		return ev.Time.UTC().Format(time.RFC3339)
	}
	v := strings.Join(ev.Fields.Strings(field), ", ")
	return v[:min(len(v), 1000)]
}

func (t *Tally) countFields(ev *event.Event) {
	for name := range ev.Fields {
		if name == "event.original" || name == "message" {
			continue
		}
		v := value(ev, name)
		if v == "" {
			continue
		}
		values := t.fields[name]
		if values == nil {
			if len(t.fields) >= fieldsKept {
				continue
			}
			values = map[string]int{}
			t.fields[name] = values
		}
		if len(values) < valuesKept || values[v] > 0 {
			values[v]++
		}
	}
}

// Answer returns what was counted.
func (t *Tally) Answer() Answer {
	a := Answer{Matched: t.matched, First: t.first, Last: t.last}
	a.Buckets, a.Every = t.buckets()
	for name, values := range t.fields {
		f := FieldStat{Field: name}
		for _, c := range ranked(values) {
			f.Events += c.N
			if len(f.Values) < valuesTold {
				f.Values = append(f.Values, c)
			} else {
				f.More++
			}
		}
		if f.Events > 0 {
			a.Fields = append(a.Fields, f)
		}
	}
	slices.SortFunc(a.Fields, func(x, y FieldStat) int { return cmp.Compare(x.Field, y.Field) })
	for i, s := range t.ask.Query.stages {
		a.Tables = append(a.Tables, t.table(i, s))
	}
	return a
}

func (t *Tally) table(i int, s Stage) Table {
	out := Table{Stage: s.Kind, By: s.By, Other: t.other[i], Rows: []Row{}}
	most := maxGroups
	if s.Kind == "top" {
		most = s.N
	}
	groups := ranked(t.groups[i])
	if s.Kind == "histogram" {
		slices.SortFunc(groups, func(a, b Count) int { return cmp.Compare(a.Value, b.Value) })
		out.By = []string{"@timestamp"}
	}
	for k, c := range groups {
		if k >= most {
			out.Other += c.N
			continue
		}
		out.Rows = append(out.Rows, Row{strings.Split(c.Value, "\x00"), c.N})
	}
	return out
}

func ranked(m map[string]int) []Count {
	out := make([]Count, 0, len(m))
	for v, n := range m {
		out = append(out, Count{v, n})
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Value, b.Value)) })
	return out
}

// buckets cuts the time of the answers into about sixty stretches.
func (t *Tally) buckets() ([]Bucket, string) {
	if t.matched == 0 {
		return nil, ""
	}
	every := time.Minute
	for _, d := range []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 365 * 24 * time.Hour} {
		if t.last.Sub(t.first)/every < maxBuckets {
			break
		}
		every = d
	}
	counts := map[int64]int{}
	step := int64(every / time.Second)
	for m, n := range t.minutes {
		s := m * 60
		counts[(s-((s%step)+step)%step)/step] += n
	}
	lo, hi := int64(0), int64(0)
	for i := range counts {
		if lo == 0 && hi == 0 {
			lo, hi = i, i
		}
		lo, hi = min(lo, i), max(hi, i)
	}
	var out []Bucket
	for i := lo; i <= hi && len(out) < 10*maxBuckets; i++ {
		out = append(out, Bucket{time.Unix(i*step, 0).UTC(), counts[i]})
	}
	return out, every.String()
}
