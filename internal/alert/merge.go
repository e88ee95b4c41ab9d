package alert

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// merge moves all alerts of from into to and closes from as its duplicate. It
// returns to as it was.
func merge(ctx context.Context, tx Tx, from, to, why, by string, now time.Time) (Incident, error) {
	in, alerts, err := tx.Content(ctx, from)
	if err != nil {
		return in, err
	}
	target, err := tx.Incident(ctx, to)
	if err != nil {
		return target, err
	}
	for i := range alerts {
		alerts[i].Incident = to
	}
	if err := tx.SaveAlerts(ctx, alerts); err != nil {
		return target, err
	}
	in.State, in.Merged, in.Updated = Closed, to, now
	in.Verdict = &Verdict{Kind: Duplicate, Reason: fmt.Sprintf("merged into incident %d: %s", target.Number, why), By: by, Time: now}
	if err := tx.SaveIncident(ctx, &in); err != nil {
		return target, err
	}
	return target, tx.AddEntry(ctx, from, Entry{Time: now, Kind: "link", Text: fmt.Sprintf("merged into incident %d: %s", target.Number, why)})
}

// isCut tells whether an analyst said that d and what is in an incident do not
// belong together for the reason of j.
func (g *grouping) isCut(ctx context.Context, j join, d Detection) (bool, error) {
	cuts, err := g.tx.Cuts(ctx, j.how, j.value)
	if err != nil || len(cuts) == 0 {
		return false, err
	}
	_, alerts, err := g.tx.Content(ctx, j.incident.ID)
	if err != nil {
		return false, err
	}
	mine := side(j.how, d)
	return slices.ContainsFunc(alerts, func(a Alert) bool {
		other := side(j.how, a.Detection)
		return slices.ContainsFunc(cuts, func(c Cut) bool { return c.A == mine && c.B == other || c.A == other && c.B == mine })
	}), nil
}

// apart tells whether an analyst said that what is in two incidents does not belong
// together for the reason of j.
func (g *grouping) apart(ctx context.Context, j join, other string) (bool, error) {
	cuts, err := g.tx.Cuts(ctx, j.how, j.value)
	if err != nil || len(cuts) == 0 {
		return false, err
	}
	_, alerts, err := g.tx.Content(ctx, other)
	if err != nil {
		return false, err
	}
	for _, a := range alerts {
		if cut, err := g.isCut(ctx, j, a.Detection); cut || err != nil {
			return cut, err
		}
	}
	return false, nil
}

// side is what a cut in a way of joining keeps apart: entities, and on one entity
// the reasons.
func side(how string, d Detection) string {
	if how == byEntity {
		return d.Reason.Key
	}
	return d.Entity.Name
}
