package alert

import (
	"context"
	"fmt"
	"slices"
)

// merge moves all alerts of from into to and closes from as its duplicate.
func (g *grouping) merge(from, to *file, why, by string) {
	for _, a := range slices.Clone(from.alerts) {
		g.move(a, to)
	}
	reason := fmt.Sprintf("merged into incident %d: %s", to.Number, why)
	from.State, from.Merged, from.Updated = Closed, to.ID, g.now
	from.Verdict = &Verdict{Kind: Duplicate, Reason: reason, By: by, Time: g.now}
	g.keep(from)
	g.card(from)
	g.say(from, Entry{Time: g.now, Kind: "link", Text: reason})
}

// isCut tells whether an analyst said that d and what is in an incident do not
// belong together for the reason of j.
func (g *grouping) isCut(ctx context.Context, j join, d *Detection) (bool, error) {
	cuts := g.cuts[[2]string{j.how, j.value}]
	if len(cuts) == 0 {
		return false, nil
	}
	f, err := g.file(ctx, j.card.ID)
	if err != nil {
		return false, err
	}
	mine := side(j.how, d)
	return slices.ContainsFunc(f.alerts, func(a *Alert) bool {
		other := side(j.how, &a.Detection)
		return slices.ContainsFunc(cuts, func(c Cut) bool { return c.A == mine && c.B == other || c.A == other && c.B == mine })
	}), nil
}

// apart tells whether an analyst said that what is in two incidents does not belong
// together for the reason of j.
func (g *grouping) apart(ctx context.Context, j join, other *file) (bool, error) {
	if len(g.cuts[[2]string{j.how, j.value}]) == 0 {
		return false, nil
	}
	for _, a := range other.alerts {
		if cut, err := g.isCut(ctx, j, &a.Detection); cut || err != nil {
			return cut, err
		}
	}
	return false, nil
}

// side is what a cut in a way of joining keeps apart: entities, and on one entity
// the reasons.
func side(how string, d *Detection) string {
	if how == byEntity {
		return d.Reason.Key
	}
	return d.Entity.Name
}
