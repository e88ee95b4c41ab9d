package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/investigate"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/similar"
)

// Likeness says what an incident is like: other incidents, and the campaigns and
// actors of the knowledge base. It keeps both in memory and reads only what changed.
// Safe for concurrent use.
type Likeness struct {
	Past      alert.Past
	Intel     *intel.Service
	Technique investigate.TechniqueName
	Now       func() time.Time // nil = time.Now

	mu        sync.Mutex
	incidents shelf
	known     shelf
	revisions map[string]string // of incidents, as they were read
	read      time.Time         // when what the knowledge base holds was
}

var _ investigate.Likeness = (*Likeness)(nil)

// shelf is cases with what is shown of them.
type shelf struct {
	*similar.Library
	shown map[string]investigate.Similar
}

func (s *shelf) put(c similar.Case, shown investigate.Similar) {
	s.Put(c)
	s.shown[c.ID] = shown
}

// Bounds of what is kept and shown.
const (
	comparedIncidents = 50_000
	comparedAtOnce    = 500
	knownLife         = 5 * time.Minute
	similarIncidents  = 6
	similarKnown      = 6
	leastAlike        = .1 // below, what is shared says nothing
	sharedShown       = 40
)

// Similar implements investigate.Likeness.
func (l *Likeness) Similar(ctx context.Context, incident string) ([]investigate.Similar, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.renew(ctx); err != nil {
		return nil, err
	}
	list, alerts, err := l.Past.Compared(ctx, []string{incident})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	c := l.caseOf(list[0], alerts[incident])
	out := append(l.incidents.most(c, similarIncidents), l.known.most(c, similarKnown)...)
	slices.SortStableFunc(out, func(a, b investigate.Similar) int { return cmp.Compare(b.Score, a.Score) })
	return out, nil
}

func (s *shelf) most(c similar.Case, n int) []investigate.Similar {
	var out []investigate.Similar
	for _, m := range s.Nearest(c, n) {
		if m.Score < leastAlike {
			break
		}
		if one := m.Shared[0]; len(m.Shared) == 1 && one.Kind == similar.Technique {
			continue // many do it
		}
		like := s.shown[m.ID]
		like.Score, like.Shared = m.Score, m.Shared[:min(len(m.Shared), sharedShown)]
		out = append(out, like)
	}
	return out
}

// renew brings what is kept up to date.
func (l *Likeness) renew(ctx context.Context) error {
	now := time.Now
	if l.Now != nil {
		now = l.Now
	}
	if l.incidents.Library == nil {
		l.incidents = shelf{similar.New(), map[string]investigate.Similar{}}
		l.revisions = map[string]string{}
	}
	if l.known.Library == nil || now().Sub(l.read) > knownLife {
		if err := l.readKnown(ctx); err != nil {
			return fmt.Errorf("read campaigns and actors: %w", err)
		}
		l.read = now()
	}
	current, err := l.Past.Revisions(ctx, comparedIncidents)
	if err != nil {
		return fmt.Errorf("read which incidents changed: %w", err)
	}
	var changed []string
	for id, r := range current {
		if l.revisions[id] != r {
			changed = append(changed, id)
		}
	}
	for id := range l.revisions {
		if _, ok := current[id]; !ok {
			l.incidents.Remove(id)
			delete(l.incidents.shown, id)
			delete(l.revisions, id)
		}
	}
	slices.Sort(changed)
	for part := range slices.Chunk(changed, comparedAtOnce) {
		list, alerts, err := l.Past.Compared(ctx, part)
		if err != nil {
			return fmt.Errorf("read incidents: %w", err)
		}
		for _, in := range list {
			l.incidents.put(l.caseOf(in, alerts[in.ID]), shownIncident(in))
			l.revisions[in.ID] = current[in.ID]
		}
	}
	return nil
}

func shownIncident(in *alert.Incident) investigate.Similar {
	s := investigate.Similar{Ref: ref.Ref{Kind: ref.Incident, ID: in.ID}, Kind: "incident", Number: in.Number, Title: in.Title, Time: in.First}
	if v := in.Verdict; v != nil {
		s.Verdict, s.Reason = string(v.Kind), v.Reason
	}
	return s
}

// caseOf is an incident as it compares: techniques, and rules that name none, in the
// order they were first seen; names, and what is foreign in its events.
func (l *Likeness) caseOf(in *alert.Incident, alerts []*alert.Alert) similar.Case {
	c := similar.Case{ID: in.ID, Ordered: true}
	for _, n := range in.Names {
		c.Traces = append(c.Traces, similar.Item{Kind: similar.Name, Value: intel.FoldName(n), Label: n})
	}
	alerts = slices.SortedStableFunc(slices.Values(alerts), func(a, b *alert.Alert) int { return a.First.Compare(b.First) })
	for _, a := range alerts {
		d := a.Detection
		for _, t := range d.Techniques {
			c.Steps = append(c.Steps, l.technique(t))
		}
		if len(d.Techniques) == 0 && d.Reason.Kind != alert.ByIndicator {
			c.Steps = append(c.Steps, similar.Item{Kind: similar.Rule, Value: d.Reason.Key, Label: d.Reason.Title})
		}
		if d.Reason.Kind == alert.ByIndicator {
			if i, ok := similar.Observable(d.Reason.Type, d.Reason.Value); ok {
				c.Traces = append(c.Traces, i)
			}
		}
		if i, ok := similar.Observable(d.Observable.Type, d.Observable.Value); ok && d.Reason.Kind == alert.ByIndicator {
			c.Traces = append(c.Traces, i)
		}
		if i, ok := similar.Observable(indicator.IPv4, d.Peer); ok {
			c.Traces = append(c.Traces, i)
		}
	}
	return c
}

func (l *Likeness) technique(id string) similar.Item {
	i := similar.Item{Kind: similar.Technique, Value: id}
	if name, _, ok := l.Technique(id); ok {
		i.Label = name
	}
	return i
}

// readKnown reads the campaigns and actors of which it is known what they do.
func (l *Likeness) readKnown(ctx context.Context) error {
	circle, err := l.Intel.Actors(ctx)
	if err != nil {
		return err
	}
	l.known = shelf{similar.New(), map[string]investigate.Similar{}}
	for _, list := range [][]intel.Actor{circle.Actors, circle.Campaigns} {
		for i := range list {
			a := &list[i]
			c := similar.Case{ID: a.ID}
			for _, e := range circle.Uses(a, "attack-pattern") {
				if e.AttackID != "" {
					c.Steps = append(c.Steps, l.technique(e.AttackID))
				}
			}
			bear := func(e intel.Entity) {
				for _, n := range append([]string{e.Name}, e.Aliases...) {
					c.Traces = append(c.Traces, similar.Item{Kind: similar.Name, Value: intel.FoldName(n), Label: n})
				}
			}
			for _, e := range append(a.Members, circle.Uses(a, "malware", "tool")...) {
				bear(e)
			}
			if len(c.Steps)+len(c.Traces) <= 1+len(a.Aliases) {
				continue // nothing but its names is known
			}
			s := investigate.Similar{Ref: ref.Ref{Kind: ref.Entity, ID: a.ID}, Kind: a.Type, Title: a.Name}
			for _, m := range a.Members {
				if m.Source != "" && !slices.Contains(s.Sources, m.Source) {
					s.Sources = append(s.Sources, m.Source)
				}
			}
			l.known.put(c, s)
		}
	}
	return nil
}
