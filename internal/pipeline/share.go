package pipeline

import (
	"time"

	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Share is how the processes are that share the work.
type Share struct {
	Keeper      string        `json:"keeper"` // which process keeps
	Since       time.Time     `json:"since,omitzero"`
	Pending     uint64        `json:"pending"`     // lots in the stream that no matcher has
	Handed      int           `json:"handed"`      // lots that matchers have in hand
	Redelivered int           `json:"redelivered"` // of these, not for the first time
	Dead        uint64        `json:"dead"`        // messages kept apart
	Bytes       uint64        `json:"bytes"`       // in the stream
	MaxBytes    int64         `json:"max_bytes"`
	Replicas    int           `json:"replicas"`
	Backlog     int           `json:"backlog"` // lots that the keeper has still to take
	Lag         time.Duration `json:"lag"`     // how long the oldest of these has waited
	Gathered    GathererState `json:"gathered"`
	Processes   []Process     `json:"processes"`
	Problem     string        `json:"problem,omitempty"` // why some of this is not known
}

// Waiting is how many lots are not taken yet, wherever they are.
func (s *Share) Waiting() int { return int(s.Pending) + s.Handed + s.Backlog }

// Process is one process, as it tells of itself.
type Process struct {
	ID       string             `json:"id"`
	Role     string             `json:"role"`
	Host     string             `json:"host"`
	Version  string             `json:"version"`
	Started  time.Time          `json:"started"`
	Told     time.Time          `json:"told"` // when it told so last
	Live     bool               `json:"live"` // it did so lately
	Match    *LookoutState      `json:"match,omitempty"`
	Index    int                `json:"index,omitempty"` // indicators that it matches
	Rules    int                `json:"rules,omitempty"`
	Knows    Known              `json:"knows"`
	Intake   *Put               `json:"intake,omitempty"`
	Senders  []telemetry.Source `json:"senders,omitempty"`
	Troubles []supervise.Status `json:"troubles,omitempty"` // workers that do not run
}

// Known is up to where a matcher knows what the keeper changed.
type Known struct {
	Intel int64 `json:"intel"` // the last change of an indicator
	Rules int64 `json:"rules"` // how many announcements of rules and the profile
}

// Put is what a receiver put into the stream since its start.
type Put struct {
	Lots    int64 `json:"lots"`
	Events  int64 `json:"events"`
	Retried int64 `json:"retried"` // lots sent again because no answer came
	Refused int64 `json:"refused"` // times that senders were told to come again
}

// JoinSenders joins what receivers tell of senders with what the keeper knows of their
// events.
func JoinSenders(processes []Process, own []telemetry.Source) []telemetry.Source {
	at := map[string]int{}
	var out []telemetry.Source
	for _, p := range processes {
		for _, s := range p.Senders {
			i, ok := at[s.Name]
			if !ok {
				at[s.Name] = len(out)
				out = append(out, s)
				continue
			}
			out[i] = joined(out[i], s)
		}
	}
	for _, s := range own {
		i, ok := at[s.Name]
		if !ok {
			out = append(out, s)
			continue
		}
		out[i].Formats, out[i].Lag, out[i].Ahead, out[i].Skew = s.Formats, s.Lag, s.Ahead, s.Skew
	}
	return out
}

// joined is one sender that two receivers know.
func joined(a, b telemetry.Source) telemetry.Source {
	a.Events, a.Bytes = a.Events+b.Events, a.Bytes+b.Bytes
	for reason, n := range b.Refused {
		if a.Refused == nil {
			a.Refused = map[string]int64{}
		}
		a.Refused[reason] += n
	}
	if a.First.IsZero() || !b.First.IsZero() && b.First.Before(a.First) {
		a.First = b.First
	}
	if b.Last.After(a.Last) {
		a.Last = b.Last
	}
	a.Silent = a.Silent && b.Silent // one of the ways is enough
	return a
}
