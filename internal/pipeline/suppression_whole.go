package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/ref"
)

// leastHosts is on how many hosts something must have been judged false to pass
// everywhere: on one the verdict itself keeps it quiet.
const leastHosts = 2

// ofReason returns what is proposed for an indicator or for an alert of another product:
// to let it pass wherever it is met, when all that was judged of it was judged false.
// What is right and authorised somewhere is not wrong elsewhere.
func (s *Suppressions) ofReason(ctx context.Context, key string, r alert.Reviewed) ([]Suppression, error) {
	all, err := s.events(ctx, r.Held)
	if err != nil {
		return nil, err
	}
	g := group{trait: "reason", value: key}
	for _, e := range all {
		v := r.Incidents[e.Incident].Verdict
		if v == nil || e.Detection.Suppressed || cmp.Or(e.arrived, e.Detection.Time).After(v.Time) {
			continue
		}
		switch v.Kind {
		case alert.FalsePositive:
			g.events = append(g.events, e)
		case alert.BenignTruePositive:
			return nil, nil
		}
	}
	g.occasions = occasions(g.events)
	if g.occasions < leastOccasions || len(g.hosts()) < leastHosts {
		return nil, nil
	}
	about := g.events[0].Detection.Reason
	p := Suppression{
		ID: suppressionID(key, "everywhere", ""), Kind: about.Kind, Rule: key, Title: about.Title, Level: about.Level, Hosts: g.hosts(),
		Where:     fmt.Sprintf("%s: %s\nhosts: all, but what a guard rail keeps\n", about.Kind.Word(), about.Title),
		Occasions: g.occasions, Judged: g.judged(r.Incidents), Days: int(suppressFor / (24 * time.Hour)),
	}
	p.Replay = replay(func(e *seenEvent) bool { return alert.Railed(e.Detection) == "" }, g, all, r)
	p.Replay.Gone = 0 // their events say nothing more
	p.Refused = len(p.Replay.Real) > 0
	return []Suppression{p}, nil
}

// decisionsRest is how long decisions are good for: another process may have made one.
const decisionsRest = 15 * time.Second

// Pass marks detections of what somebody decided to let pass on their hosts: they are kept
// and counted, and raise nothing. A nil *Suppressions marks none.
func (s *Suppressions) Pass(ctx context.Context, ds []alert.Detection) error {
	if s == nil || len(ds) == 0 {
		return nil
	}
	live, err := s.passing(ctx)
	if err != nil {
		return fmt.Errorf("read what is let pass: %w", err)
	}
	now := time.Now()
	for i := range ds {
		for _, d := range live {
			if d.Passes(&ds[i], now) {
				ds[i].Suppressed = true
				ds[i].Warnings = append(ds[i].Warnings, alert.Warning{List: "let pass by " + d.By, Entry: d.Reason, Action: "suppress", Decision: d.ID})
				break
			}
		}
	}
	return nil
}

func (s *Suppressions) passing(ctx context.Context) ([]alert.Decision, error) {
	s.passes.Lock()
	defer s.passes.Unlock()
	if time.Since(s.read) < decisionsRest {
		return s.live, nil
	}
	all, err := s.Alerts.Decisions(ref.WithActor(ctx, ref.SystemActor))
	if err != nil {
		return nil, err
	}
	s.live = slices.DeleteFunc(all, func(d alert.Decision) bool { return d.State != alert.Accepted || !d.Whole() })
	s.read = time.Now()
	return s.live, nil
}
