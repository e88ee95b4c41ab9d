package bench

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/risk/triage"
)

// Found is how an order of incidents shows the attack.
type Found struct {
	Phases       int      `json:"phases"`
	InTop20      float64  `json:"phases_in_top_20"`     // share shown by the first 20 incidents: their sessions, and their hosts from an hour before
	InTop20Own   float64  `json:"phases_in_top_20_own"` // the same by their sessions alone
	Missing      []string `json:"missing,omitempty"`
	Completeness float64  `json:"completeness"` // share of the attack's sessions in the incident that has most of them
	Purity       float64  `json:"purity"`       // share of that incident's sessions that show the attack
	AttackSize   int      `json:"attack_sessions"`
}

// found looks at the first 20 incidents of an order.
func (r *Replayed) found(score []float64) Found {
	order := make([]int, len(r.Incidents))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[b], score[a]) })
	own, all := map[string]bool{}, map[string]bool{}
	for _, i := range order[:min(20, len(order))] {
		for _, s := range r.Incidents[i].Steps {
			own[s], all[s] = true, true
		}
		for _, s := range r.Incidents[i].Context {
			all[s] = true
		}
	}
	f := Found{Phases: len(r.Phases)}
	for _, p := range r.Phases {
		if !all[p.Name] {
			f.Missing = append(f.Missing, p.Name)
		}
	}
	n := float64(max(1, len(r.Phases)))
	f.InTop20, f.InTop20Own = float64(len(all))/n, float64(len(own))/n
	f.Completeness, f.Purity, f.AttackSize = r.wholeness()
	return f
}

// apart is the pause after which a further attack session counts as another
// attack; a step labelled over more than a day is no session of one.
const (
	apart    = 6 * time.Hour
	tooLong  = 24 * time.Hour
	longRate = .05
)

// wholeness measures how much of the main attack is in one incident.
func (r *Replayed) wholeness() (completeness, purity float64, size int) {
	main := r.mainAttack()
	if len(main) == 0 {
		return 0, 0, 0
	}
	in := map[*triage.Incident]int{}
	var top *triage.Incident
	for _, k := range main {
		in[k.Incident]++
		if top == nil || in[k.Incident] > in[top] {
			top = k.Incident
		}
	}
	shows := 0
	for _, k := range r.Cases {
		if k.Incident == top && len(k.Steps) > 0 {
			shows++
		}
	}
	return float64(in[top]) / float64(len(main)), float64(shows) / float64(len(top.Sessions)), len(main)
}

// mainAttack is the run of attack sessions, without a long pause, that has most
// steps.
func (r *Replayed) mainAttack() []*Case {
	long := r.longSteps()
	var attack []*Case
	for _, k := range r.Cases {
		if k.Positive && slices.ContainsFunc(k.Steps, func(s string) bool { return !long[s] }) {
			attack = append(attack, k)
		}
	}
	slices.SortStableFunc(attack, func(a, b *Case) int { return a.First.Compare(b.First) })
	var main []*Case
	var steps []string
	var end time.Time
	best, from := -1, 0
	for i, k := range attack {
		end, steps = later(end, k.Last), union(steps, k.Steps)
		if i+1 < len(attack) && attack[i+1].First.Sub(end) < apart {
			continue
		}
		if len(steps) > best {
			main, best = attack[from:i+1], len(steps)
		}
		from, steps = i+1, nil
	}
	return main
}

// longSteps are those whose alerts spread over more than a day.
func (r *Replayed) longSteps() map[string]bool {
	first, out := map[uint8]time.Time{}, map[string]bool{}
	for i, a := range r.Alerts {
		n := r.labels[i].event
		if n == 0 {
			continue
		}
		if at, ok := first[n]; !ok {
			first[n] = a.Time
		} else if a.Time.Sub(at) > tooLong {
			out[r.names[n]] = true
		}
	}
	return out
}

// long tells whether the company's attack is a large part of what it sees: more
// than 5 % of its sessions.
func (r *Replayed) long() bool {
	n, positive := 0, 0
	for _, k := range r.Cases {
		if !k.Excluded {
			n++
			positive += int(one(k.Positive))
		}
	}
	return float64(positive) > longRate*float64(n)
}

// firstStep is how many minutes after the first alert that labels place in the
// attack a session with a step stood, when it ended, among the ten highest of the
// last 24 hours; negative when none did.
func (r *Replayed) firstStep(live []float64, idle time.Duration) float64 {
	begin := time.Time{}
	for i, a := range r.Alerts {
		if r.labels[i] != (label{}) {
			begin = a.Time
			break
		}
	}
	from := 0
	for i, k := range r.Cases {
		for r.Cases[from].Last.Before(k.Last.Add(-24 * time.Hour)) {
			from++
		}
		if len(k.Steps) == 0 {
			continue
		}
		above := 0
		for j := from; j < i; j++ {
			if live[j] >= live[i] {
				above++
			}
		}
		if above < 10 {
			return math.Round(k.Last.Add(idle).Sub(begin).Minutes())
		}
	}
	return -1
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
