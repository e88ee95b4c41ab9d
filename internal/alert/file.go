package alert

import (
	"cmp"
	"context"
	"slices"

	"github.com/vedette-soc/vedette/internal/errs"
)

// file is an incident, whole, to be changed.
func (g *grouping) file(ctx context.Context, id string) (*file, error) {
	if err := g.fetch(ctx, g.tx, []string{id}); err != nil {
		return nil, err
	}
	if f := g.files[id]; f != nil {
		return f, nil
	}
	return nil, errs.New(errs.NotFound, "incident_unknown", "There is no incident %q.", id)
}

// keep notes that an incident is to be saved.
func (g *grouping) keep(f *file) {
	g.did = true
	g.changed[f.ID] = f
}

// move puts an alert into an incident.
func (g *grouping) move(a *Alert, f *file) {
	g.did = true
	if from := g.files[a.Incident]; from != nil {
		from.alerts = slices.DeleteFunc(from.alerts, func(b *Alert) bool { return b == a })
	}
	delete(g.loose, a.Fingerprint)
	a.Incident = f.ID
	f.alerts = append(f.alerts, a)
	g.alerts[a.Fingerprint], g.counted[a.Fingerprint] = a, a
	if c := g.open[f.ID]; c != nil {
		g.hold(c, a)
		c.covers(a.First)
		c.covers(a.Last)
	}
}

// flush makes everything durable with the transaction.
func (g *grouping) flush(ctx context.Context) error {
	alerts := make([]*Alert, 0, len(g.counted))
	for _, a := range g.counted {
		alerts = append(alerts, a)
	}
	slices.SortFunc(alerts, func(a, b *Alert) int { return cmp.Compare(a.Fingerprint, b.Fingerprint) })
	if err := g.tx.SaveAlerts(ctx, alerts); err != nil {
		return err
	}
	list := make([]*Incident, 0, len(g.changed))
	var named []*Incident
	for _, f := range g.changed {
		list = append(list, &f.Incident)
		if now := foldAll(f.Names); !slices.Equal(now, f.names) {
			f.names = now
			named = append(named, &f.Incident)
		}
	}
	slices.SortFunc(list, func(a, b *Incident) int { return cmp.Compare(a.Number, b.Number) })
	if err := g.tx.SaveIncidents(ctx, list); err != nil {
		return err
	}
	if err := g.tx.SaveNames(ctx, named); err != nil {
		return err
	}
	return g.tx.AddEntries(ctx, g.lines)
}
