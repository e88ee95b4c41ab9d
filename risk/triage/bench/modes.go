package bench

import (
	"math"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/risk/triage"
)

// shift is how often the queue is looked at.
const shift = 4 * time.Hour

// examples are the labelled sessions of r. Those of one incident share one unit of
// weight on either side, so that a flood, or a company with a long attack, does
// not outvote the others.
func (r *Replayed) examples() []triage.Example {
	size := map[*triage.Incident]float64{}
	for _, k := range r.Cases {
		if !k.Excluded {
			size[k.Incident]++
		}
	}
	var out []triage.Example
	for _, k := range r.Cases {
		if k.Excluded {
			continue
		}
		out = append(out, triage.Example{Session: k.Session, Evidence: k.Evidence, Real: k.Positive, Weight: 1 / math.Sqrt(size[k.Incident])})
	}
	return out
}

// Watched is what a mode said of every case: the log-odds that order the queue,
// and the probability.
type Watched struct {
	Order   []float64
	Said    []float64
	AtFirst []float64 // the probability before any verdict of the same shift
	Reviews int
	Asked   map[triage.Ask]int
}

// still judges every case of r by a model that does not learn.
func (r *Replayed) still(m triage.Model) Watched {
	w := newWatched(len(r.Cases))
	l := triage.NewLearner(m)
	for i, k := range r.Cases {
		w.Order[i] = l.Order(k.Session, k.Evidence)
		w.Said[i] = l.Likelihood(k.Session, k.Evidence)
	}
	w.AtFirst = w.Said
	return w
}

func newWatched(n int) Watched {
	return Watched{
		Order: make([]float64, n), Said: make([]float64, n), AtFirst: make([]float64, n),
		Asked: map[triage.Ask]int{},
	}
}

// due is when a case is judged: when its incident can grow no more.
func due(k *Case, set triage.Settings) time.Time {
	if k.Incident.Standing {
		return k.Last.Add(set.Reach)
	}
	return k.Incident.First.Add(set.Span)
}

// online replays verdicts: at the end of each shift the analyst reviews a share of
// perDay sessions that came up in it, and the model learns. What counts for a case
// is what was said before its own verdict; for one that was not reviewed, at the
// end of its shift.
func (r *Replayed) online(m triage.Model, set triage.Settings, perDay int) Watched {
	w := newWatched(len(r.Cases))
	at := map[*triage.Session]int{}
	order := make([]int, len(r.Cases))
	for i, k := range r.Cases {
		order[i], at[k.Session] = i, i
	}
	slices.SortStableFunc(order, func(a, b int) int { return due(r.Cases[a], set).Compare(due(r.Cases[b], set)) })
	l := triage.NewLearner(m)
	if len(order) == 0 {
		return w
	}
	begin, budget := due(r.Cases[order[0]], set), 0.0
	for len(order) > 0 {
		end := begin.Add(shift)
		n := 0
		for n < len(order) && due(r.Cases[order[n]], set).Before(end) {
			n++
		}
		budget += float64(perDay) * shift.Hours() / 24
		if n > 0 {
			w.round(r, l, order[:n], at, int(budget), end)
		}
		budget -= math.Floor(budget) // reviews that found nothing are not saved up
		order, begin = order[n:], end
	}
	return w
}

// round is the end of one shift.
func (w *Watched) round(r *Replayed, l *triage.Learner, batch []int, at map[*triage.Session]int, n int, now time.Time) {
	for _, i := range batch {
		w.AtFirst[i] = l.Likelihood(r.Cases[i].Session, r.Cases[i].Evidence)
	}
	open := slices.Clone(batch)
	for range n {
		if len(open) == 0 {
			break
		}
		sessions, ev := make([]*triage.Session, len(open)), make([]triage.Evidence, len(open))
		for j, i := range open {
			sessions[j], ev[j] = r.Cases[i].Session, r.Cases[i].Evidence
		}
		a := l.Choose(sessions, ev, 1, w.Reviews)[0]
		i := at[a.Session]
		k := r.Cases[i]
		w.say(l, i, k)
		w.Reviews++
		w.Asked[a.Why]++
		open = slices.DeleteFunc(open, func(j int) bool { return j == i })
		if !k.Excluded { // of those the analyst cannot tell
			l.Learn(now, triage.Verdict{Session: k.Session, Evidence: k.Evidence, Real: k.Positive, Time: now, Weight: a.Weight})
		}
	}
	for _, i := range open {
		w.say(l, i, r.Cases[i])
	}
}

func (w *Watched) say(l *triage.Learner, i int, k *Case) {
	w.Order[i] = l.Order(k.Session, k.Evidence)
	w.Said[i] = l.Likelihood(k.Session, k.Evidence)
}

// probabilities pairs what was said with what happened, for cases that count.
func (r *Replayed) probabilities(p []float64) []said {
	var out []said
	for i, k := range r.Cases {
		if !k.Excluded {
			out = append(out, said{p[i], k.Positive})
		}
	}
	return out
}

// incidentOrder is the order of incidents that an order of sessions gives.
func (r *Replayed) incidentOrder(score []float64) []float64 {
	of := map[*triage.Incident][]float64{}
	for i, k := range r.Cases {
		of[k.Incident] = append(of[k.Incident], score[i])
	}
	out := make([]float64, len(r.Incidents))
	for i, g := range r.Incidents {
		out[i] = g.Order(of[g.Incident])
	}
	return out
}

// By measures the order of sessions that a model gives.
func (r *Replayed) By(m triage.Model) Ranking { return r.rankSessions(r.still(m).Order) }
