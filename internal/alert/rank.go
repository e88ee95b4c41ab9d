package alert

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/risk"
)

// rank recomputes every touched incident from its alerts, once a transaction.
func (g *grouping) rank(ctx context.Context) ([]string, error) {
	var changed []string
	for _, id := range g.order {
		f := g.files[id]
		if f.Merged != "" {
			continue
		}
		before := f.Assessment
		if err := g.assess(ctx, f); err != nil {
			return nil, err
		}
		if before.Level != f.Assessment.Level && len(before.Terms) > 0 {
			g.say(f, moved(g.now, before, f.Assessment, ""))
		}
		changed = append(changed, id)
	}
	return changed, nil
}

// assess derives an incident from its alerts.
func (g *grouping) assess(ctx context.Context, f *file) error {
	slices.SortFunc(f.alerts, func(a, b *Alert) int {
		return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	g.keep(f)
	if err := (judge{g.track, g.learnt}).summarise(ctx, &f.Incident, f.alerts); err != nil {
		return fmt.Errorf("rank incident %d: %w", f.Number, err)
	}
	f.Updated = g.now
	g.card(f)
	return nil
}

// moved is the line in the timeline of a priority that changed.
func moved(now time.Time, before, after risk.Assessment, because string) Entry {
	text := fmt.Sprintf("priority %d → %d (%s)", before.Priority, after.Priority, after.Level)
	if because != "" {
		text += ": " + because
	}
	return Entry{Time: now, Kind: "priority", Text: text}
}
