package telemetry

import (
	"cmp"
	"slices"
	"time"
)

// Known is what has to be remembered of a sender across a restart, so that one that
// fell silent meanwhile is missed.
type Known struct {
	Name     string        `json:"name"`
	First    time.Time     `json:"first"`
	Last     time.Time     `json:"last"`
	Pause    time.Duration `json:"pause"`
	Arrivals int64         `json:"arrivals"`
}

// retired is after how long without an event a sender is forgotten at a restart.
const retired = 7 * 24 * time.Hour

// Known returns the senders of which something was kept, by name.
func (in *Intake) Known() []Known {
	in.mu.Lock()
	defer in.mu.Unlock()
	var out []Known
	for _, s := range in.sources {
		if !s.Last.IsZero() {
			out = append(out, Known{s.Name, s.First, s.Last, s.Pause, s.arrivals})
		}
	}
	slices.SortFunc(out, func(a, b Known) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Recall takes back what Known returned before a restart. The time in which we did
// not run counts for no sender's silence. Call it before the first record.
func (in *Intake) Recall(known []Known) {
	now := in.now()
	for _, k := range known {
		if k.Name == "" || k.Last.After(now) || now.Sub(k.Last) > retired || k.Pause < 0 {
			continue
		}
		in.count(k.Name, func(s *sender) {
			s.First, s.Last, s.Pause, s.arrivals = k.First.UTC(), k.Last.UTC(), k.Pause, k.Arrivals
		})
	}
}
