package bench

import (
	"cmp"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/risk/triage"
)

// Case is a session with what its labels say.
type Case struct {
	*triage.Session
	Positive bool            // an alert in it was caused by the attack
	Excluded bool            // only the time of an alert speaks for the attack: counts for steps, not for precision
	Steps    []string        // of the attack, by either label
	Evidence triage.Evidence // once its incident had grown to its end
	AtEnd    triage.Evidence // when it ended itself
}

// Replayed is one company after its alerts passed a desk.
type Replayed struct {
	*Company
	Cases     []*Case // in the order in which they ended
	Incidents []*Group
}

// Group is an incident with its cases.
type Group struct {
	*triage.Incident
	Cases    []*Case
	Positive bool
	Excluded bool
	Steps    []string // shown by its own sessions
	Context  []string // shown in addition by its hosts from an hour before it until its end
}

// lookback is how long before an incident its page shows what else happened on
// its hosts.
const lookback = time.Hour

// Replay passes a company's alerts through a fresh desk.
func Replay(c *Company, set triage.Settings) *Replayed {
	r := &Replayed{Company: c}
	desk := triage.NewDesk(set, nil)
	steps := map[*triage.Session]map[uint8]bool{}
	positive := map[*triage.Session]bool{}
	keep := func(ended []*triage.Session) {
		for _, s := range ended {
			k := &Case{Session: s, AtEnd: triage.Weigh(s, set), Positive: positive[s], Excluded: len(steps[s]) > 0 && !positive[s]}
			for n := range steps[s] {
				k.Steps = append(k.Steps, c.names[n])
			}
			slices.Sort(k.Steps)
			r.Cases = append(r.Cases, k)
		}
	}
	for i, a := range c.Alerts {
		s, ended := desk.Add(a)
		keep(ended)
		for _, n := range []uint8{c.labels[i].event, c.labels[i].window} {
			if n != 0 {
				if steps[s] == nil {
					steps[s] = map[uint8]bool{}
				}
				steps[s][n] = true
			}
		}
		positive[s] = positive[s] || c.labels[i].event != 0
	}
	keep(desk.Flush())
	for _, k := range r.Cases {
		k.Evidence = triage.Weigh(k.Session, set)
	}
	r.group()
	return r
}

func (r *Replayed) group() {
	at := map[*triage.Incident]*Group{}
	for _, k := range r.Cases {
		g := at[k.Incident]
		if g == nil {
			g = &Group{Incident: k.Incident}
			at[k.Incident] = g
			r.Incidents = append(r.Incidents, g)
		}
		g.Cases = append(g.Cases, k)
		g.Positive = g.Positive || k.Positive
		g.Excluded = g.Excluded || k.Excluded
		g.Steps = union(g.Steps, k.Steps)
	}
	slices.SortFunc(r.Incidents, func(a, b *Group) int { return cmp.Compare(a.ID, b.ID) })
	for _, g := range r.Incidents {
		g.Excluded = g.Excluded && !g.Positive
		if !g.Standing {
			r.context(g)
		}
	}
}

// context adds what happened on the hosts of g from an hour before.
func (r *Replayed) context(g *Group) {
	hosts := map[string]bool{}
	for _, k := range g.Cases {
		hosts[k.Entity] = true
	}
	from := g.First.Add(-lookback)
	for _, k := range r.Cases {
		if len(k.Steps) > 0 && hosts[k.Entity] && !k.Last.Before(from) && !k.First.After(g.Last) {
			g.Context = union(g.Context, k.Steps)
		}
	}
	g.Context = slices.DeleteFunc(g.Context, func(s string) bool { return slices.Contains(g.Steps, s) })
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(slices.Clip(a), s)
		}
	}
	slices.Sort(a)
	return a
}
