package alert

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/ref"
)

// An alert that was judged real stays in its closed incident as it was: with its evidence,
// its counts and its times. What fires again after the verdict is a new alert. The new
// one takes over the fingerprint, by which what comes next finds it; the earlier one
// gets another. What happened before the verdict and arrives after it still belongs to the
// earlier one. What was judged harmless keeps counting where it was judged.

// maxEarlier is how far back the alerts are followed that something late may belong to.
const maxEarlier = 4

// again makes room for new alerts where what was judged real fires again. known tells
// which detections are kept already: they fire no more.
func (g *grouping) again(ctx context.Context, list []Arrival) error {
	after := map[string][]Arrival{} // fingerprints with what may fire again
	for i := range list {
		if a := g.alert(list[i].Fingerprint); a != nil && g.judgedReal(a, &list[i].Detection) {
			after[a.Fingerprint] = append(after[a.Fingerprint], list[i])
		}
	}
	for fp, may := range after {
		known, err := g.tx.Known(ctx, may)
		if err != nil {
			return fmt.Errorf("read which detections are known: %w", err)
		}
		if !slices.ContainsFunc(may, func(d Arrival) bool { return !known[d.ID] }) {
			continue
		}
		if err := g.retire(ctx, g.alerts[fp]); err != nil {
			return fmt.Errorf("keep alert %s as it was judged: %w", fp, err)
		}
	}
	return g.late(ctx, list)
}

// judgedReal tells whether an alert is in an incident that was closed as a real attack
// before a detection.
func (g *grouping) judgedReal(a *Alert, d *Detection) bool {
	f := g.files[a.Incident]
	return f != nil && f.State == Closed && f.Verdict != nil && f.Verdict.Kind == TruePositive && d.Time.After(f.Verdict.Time)
}

// retire gives an alert another fingerprint: the old one is free for what comes.
func (g *grouping) retire(ctx context.Context, a *Alert) error {
	f, old := g.files[a.Incident], a.Fingerprint
	g.did = true
	a.Fingerprint = uuid.NewSHA1(namespace, []byte("earlier\x00"+old+"\x00"+f.ID+"\x00"+f.Verdict.Time.String())).String()
	a.ID = a.Fingerprint
	delete(g.alerts, old)
	delete(g.counted, old)
	g.alerts[a.Fingerprint], g.counted[a.Fingerprint] = a, a
	for i := range f.Links {
		if f.Links[i].Alert == old {
			f.Links[i].Alert = a.Fingerprint
		}
	}
	g.keep(f)
	g.before[old] = &Earlier{
		Fingerprint: a.Fingerprint, Incident: f.ID, Number: f.Number, Verdict: f.Verdict.Kind, By: f.Verdict.By, Time: f.Verdict.Time, Count: a.Count,
	}
	return g.tx.Retire(ctx, old, a.Fingerprint)
}

// late gives what happened before a verdict to the alert that was judged.
func (g *grouping) late(ctx context.Context, list []Arrival) error {
	for range maxEarlier {
		var missing []string
		moved := false
		for i := range list {
			e := g.before[list[i].Fingerprint]
			if a := g.alert(list[i].Fingerprint); a != nil {
				e = a.Earlier
			}
			if e == nil || list[i].Time.After(e.Time) {
				continue
			}
			list[i].Fingerprint, moved = e.Fingerprint, true
			if g.alert(e.Fingerprint) == nil && !slices.Contains(missing, e.Fingerprint) {
				missing = append(missing, e.Fingerprint)
			}
		}
		if !moved {
			return nil
		}
		if err := g.read(ctx, missing); err != nil {
			return err
		}
	}
	return nil
}

// recalls says that an alert fired before, and how it was judged then.
func (g *grouping) recalls(f *file, a *Alert) {
	if e := a.Earlier; e != nil {
		g.say(f, Entry{Time: g.now, Kind: "alert", Text: fmt.Sprintf("%s fired before, in incident %d (%s): %s by %s", a.Title, e.Number, plural(e.Count, "detection"), e.Verdict, e.By), Ref: ref.Ref{Kind: ref.Incident, ID: e.Incident}})
	}
}
