// Package hunt looks backwards: new intelligence and new rules against all that
// is kept, and questions that a hunter asks.
//
// [Parse] reads a question, [Query.Matches] puts it to an event, [Service] keeps
// jobs and saved hunts. Promises: a job survives a restart and goes on where it
// was; what it could not look at is counted; the language never panics and says
// in which column it is at a loss.
package hunt

import (
	"time"
)

// Kind of a job.
type Kind string

// The kinds.
const (
	Indicators Kind = "indicators" // what began to be live since a moment
	AllLive    Kind = "all"        // every live indicator
	Rules      Kind = "rules"      // rules that were turned on or changed
	Patterns   Kind = "patterns"   // of the indicators of another job, STIX patterns over text that is no value
)

// long says that a job reads every record: minutes, where others take seconds.
func (k Kind) long() bool { return k == Rules || k == Patterns }

// State of a job.
type State string

// The states.
const (
	Waiting State = "waiting"
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
)

// Job is one look back over the history, and what it found. Records have the
// numbers from From up to Until.
type Job struct {
	ID       string    `json:"id"`
	Kind     Kind      `json:"kind"`
	State    State     `json:"state"`
	By       string    `json:"by"`
	Created  time.Time `json:"created,omitzero"`
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
	Problem  string    `json:"problem,omitempty"`

	Since string   `json:"since,omitempty"` // the moment of the indicators, as whoever made the job wrote it
	Rules []string `json:"rules,omitempty"` // ids
	Wants int      `json:"wants"`           // indicators or rules looked for

	From  uint64 `json:"from"`
	Until uint64 `json:"until"`
	Next  uint64 `json:"next"` // the first record that is not done

	Records   int      `json:"records"`             // looked at
	Missed    int      `json:"missed"`              // could not be looked at: damaged, or removed by retention meanwhile
	Left      int      `json:"left"`                // held something that was looked for, beyond the limit of one job
	Values    int      `json:"values"`              // distinct values held against the indicators
	Events    int      `json:"events"`              // read in full
	Found     int      `json:"found"`               // detections that are new
	Known     int      `json:"known"`               // detections that there were already, or beyond what one alert keeps
	Incidents []string `json:"incidents,omitempty"` // that changed; the first hundred

	// Memory is what correlations remember while the job is under way.
	Memory string `json:"memory,omitempty"`
}

// Progress is between 0 and 1.
func (j Job) Progress() float64 {
	switch {
	case j.State == Done:
		return 1
	case j.Until < j.From || j.Next <= j.From:
		return 0
	}
	return min(float64(j.Next-j.From)/float64(j.Until-j.From+1), .99)
}

// incidentsKept bounds what a job names.
const incidentsKept = 100

// Changed adds an incident that changed.
func (j *Job) Changed(incidents []string) {
	for _, id := range incidents {
		known := false
		for _, have := range j.Incidents {
			known = known || have == id
		}
		if !known && len(j.Incidents) < incidentsKept {
			j.Incidents = append(j.Incidents, id)
		}
	}
}
