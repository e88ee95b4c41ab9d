package pipeline

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/errs"
)

// seenEvent is a stored detection with its event; the event is nil when it is no
// longer there.
type seenEvent struct {
	alert.Held
	event   *event.Event
	arrived time.Time
	facts   map[string]string // what it is, by name of a trait
}

// perRule is how many exceptions of one rule are proposed at once.
const perRule = 3

// ofRule returns what is proposed for one rule.
func (s *Suppressions) ofRule(ctx context.Context, rule string, r alert.Reviewed) ([]Suppression, error) {
	meta, _, err := s.Detect.Rule(ctx, rule)
	if errs.KindOf(err) == errs.NotFound {
		return nil, nil // the alerts are of a rule that was removed
	}
	if err != nil {
		return nil, err
	}
	all, err := s.events(ctx, r.Held)
	if err != nil {
		return nil, err
	}
	var out []Suppression
	covered := map[string]bool{}
	for _, g := range groups(all, r) {
		if len(out) == perRule || !slices.ContainsFunc(g.events, func(e *seenEvent) bool { return !covered[e.Detection.ID] }) {
			continue
		}
		c, ok, err := s.narrowest(meta, g.events)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		p := Suppression{
			ID: suppressionID(rule, g.trait, g.value), Kind: alert.ByRule, Rule: rule, Title: meta.Title, Level: meta.Level, Where: c.where, Hosts: g.hosts(),
			Occasions: g.occasions, Judged: g.judged(r.Incidents), Days: int(suppressFor / (24 * time.Hour)),
		}
		p.Replay = replay(func(e *seenEvent) bool {
			if e.event == nil {
				return slices.Contains(p.Hosts, e.Detection.Entity.Name)
			}
			return c.passes(e.event)
		}, g, all, r)
		p.Refused = len(p.Replay.Real) > 0
		out = append(out, p)
		for _, e := range g.events {
			covered[e.Detection.ID] = true
		}
	}
	return out, nil
}

// events reads the events of detections from the history.
func (s *Suppressions) events(ctx context.Context, held []alert.Held) ([]*seenEvent, error) {
	out := make([]*seenEvent, len(held))
	for i, h := range held {
		out[i] = &seenEvent{Held: h}
		seq, ok := seqOf(h.Detection.Event)
		if !ok {
			continue
		}
		records, err := s.History.Read(ctx, seq, 1)
		if err != nil {
			return nil, err
		}
		if len(records) == 0 || records[0].Seq != seq {
			continue
		}
		if ev, ok := s.Decoder.read(records[0]); ok {
			out[i].arrived = records[0].Received
			out[i].event, out[i].facts = &ev, s.factsOf(&ev, h.Detection.Entity.Name)
		}
	}
	return out, nil
}

// group is detections judged harmless that share a trait.
type group struct {
	trait, value string
	events       []*seenEvent
	occasions    int
}

// groups are the sets of detections, judged harmless on enough occasions, that share
// a value or a host, those that cover most first. None is about what a person is to
// look at, or about more hosts than can be named.
func groups(all []*seenEvent, r alert.Reviewed) []group {
	by := map[[2]string][]*seenEvent{}
	for _, e := range all {
		in := r.Incidents[e.Incident]
		if e.event == nil || r.JudgedReal(e.Detection, e.arrived) != nil || !in.Verdict.Harmless() || e.arrived.After(in.Verdict.Time) || e.Detection.Entity.Name == "" {
			continue
		}
		key := [2]string{"entity", e.Detection.Entity.Name}
		by[key] = append(by[key], e)
		for trait, value := range e.facts {
			if !slices.Contains(hostTraits(), trait) {
				key := [2]string{trait, value}
				by[key] = append(by[key], e)
			}
		}
	}
	var out []group
	for key, events := range by {
		g := group{key[0], key[1], events, occasions(events)}
		if g.occasions < leastOccasions || len(g.hosts()) > maxSuppressed ||
			slices.ContainsFunc(events, func(e *seenEvent) bool { return alert.Railed(e.Detection) != "" }) {
			continue
		}
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b group) int {
		return cmp.Or(cmp.Compare(len(b.events), len(a.events)), cmp.Compare(a.trait, b.trait), cmp.Compare(a.value, b.value))
	})
	return out
}

// occasions counts the times at which something happened, on each host, apart when they
// were judged apart.
func occasions(events []*seenEvent) int {
	byHost := map[[2]string][]time.Time{}
	for _, e := range events {
		key := [2]string{e.Detection.Entity.Name, e.Incident}
		byHost[key] = append(byHost[key], e.Detection.Time)
	}
	n := 0
	for _, times := range byHost {
		slices.SortFunc(times, time.Time.Compare)
		for i, t := range times {
			if i == 0 || t.Sub(times[i-1]) > occasion {
				n++
			}
		}
	}
	return n
}

func (g group) hosts() []string {
	var out []string
	for _, e := range g.events {
		if !slices.Contains(out, e.Detection.Entity.Name) {
			out = append(out, e.Detection.Entity.Name)
		}
	}
	slices.Sort(out)
	return out
}

func (g group) judged(incidents map[string]alert.Incident) []IncidentLine {
	var out []IncidentLine
	for _, e := range g.events {
		out = addLine(out, incidents[e.Incident])
	}
	return out
}

func addLine(list []IncidentLine, in alert.Incident) []IncidentLine {
	if slices.ContainsFunc(list, func(l IncidentLine) bool { return l.ID == in.ID }) {
		return list
	}
	return append(list, lineOf(in))
}

// replay says what the exception would have hidden of what is stored.
func replay(hides func(*seenEvent) bool, g group, all []*seenEvent, r alert.Reviewed) Replay {
	out := Replay{Looked: len(all), Counted: max(0, r.Counted-len(all)), Real: []IncidentLine{}, Doubtful: []IncidentLine{}}
	var hidden []IncidentLine
	accounted := map[string]bool{} // incidents judged real of which something is stored
	for _, e := range all {
		real := r.JudgedReal(e.Detection, cmp.Or(e.arrived, e.Detection.Time))
		if real != nil {
			accounted[real.ID] = true
		}
		if e.event == nil {
			out.Gone++
		}
		if !hides(e) {
			continue
		}
		out.Hidden++
		in := r.Incidents[e.Incident]
		if real != nil {
			in = *real
		}
		hidden = addLine(hidden, in)
		switch {
		case in.Verdict != nil && in.Verdict.Kind == alert.TruePositive:
			out.Real = addLine(out.Real, in)
		case in.Verdict == nil || in.Verdict.Kind == alert.Undetermined:
			out.Doubtful = addLine(out.Doubtful, in)
		}
	}
	out.Incidents = len(hidden)
	for _, in := range r.Real { // what is not stored any more cannot be shown to be something else
		if !accounted[in.ID] && slices.ContainsFunc(g.events, func(e *seenEvent) bool { return in.Holds(e.Detection) }) {
			out.Real = addLine(out.Real, in)
		}
	}
	return out
}
