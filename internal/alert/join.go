package alert

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/risk/triage"
)

// maxLinks is how many reasons an incident keeps.
const maxLinks = 200

// How two things can belong together.
const (
	byName   = "name"   // campaign, malware, actor
	byReason = "reason" // the same indicator
	byEntity = "entity" // the same host or account
	byRare   = "rare"   // both rare, at the same time
)

// join is an open incident an alert belongs to, and why.
type join struct {
	card     *Card
	how      string
	value    string
	why      string
	strength int
	weight   float64 // log10 of how much more often this is so than by chance
	merges   bool    // it joins incidents, not only the alert
}

func (j join) link(a *Alert, now time.Time) Link {
	return Link{Time: now, What: a.Title, Why: j.why, Alert: a.Fingerprint, How: j.how, Value: j.value, Weight: round(j.weight)}
}

// joins lists the open incidents that an alert belongs to, the strongest reason
// first. What was cut is not joined for that reason again.
func (g *grouping) joins(ctx context.Context, a *Alert, d *Detection) ([]join, error) {
	track, err := g.track(ctx, d.Reason.Key)
	if err != nil {
		return nil, err
	}
	want := wanted{entity: d.Entity.Name, names: d.Reason.Names, since: d.Time.Add(-reasonWindow)}
	if d.Entity.Shared {
		want.entity = ""
	}
	if a.rare() && !d.Entity.Shared && !d.Past {
		want.rare = d.Time.Add(-nearby)
	}
	if d.Reason.Kind == ByIndicator && track.Entities <= rareEntities { // else it links nothing, and may be in thousands
		want.reason = d.Reason.Key
	}
	var out []join
	for _, c := range g.find(want) {
		if c.card.Alerts >= maxAlerts || later(c.card.Last, d.Time).Sub(earlier(c.card.First, d.Time)) > maxSpan {
			continue
		}
		j, ok := g.fits(c, a, d, track)
		if !ok {
			continue
		}
		if cut, err := g.isCut(ctx, j, d); err != nil || cut {
			if err != nil {
				return nil, err
			}
			continue
		}
		out = append(out, j)
	}
	slices.SortStableFunc(out, func(a, b join) int { return cmp.Compare(b.strength, a.strength) })
	return out, nil
}

// fits tells for which reason, the strongest, an alert belongs to a candidate.
func (g *grouping) fits(c found, a *Alert, d *Detection, track Record) (join, bool) {
	in := c.card
	gap := distance(d.Time, in.First, in.Last)
	switch {
	case len(c.names) > 0 && gap <= nameWindow:
		return join{
			card: in, how: byName, value: c.names[0], strength: 4, weight: 2, merges: true,
			why: fmt.Sprintf("both belong to %s", strings.Join(c.names, ", ")),
		}, true
	case c.reason && gap <= reasonWindow:
		n := track.Entities
		if a.Earlier == nil {
			n++ // with the one that meets it now
		}
		all := max(g.watch.hosts(), n)
		return join{
			card: in, how: byReason, value: d.Reason.Key, strength: 3, weight: math.Log10(float64(all+1) / float64(n)), merges: true,
			why: fmt.Sprintf("both met %s, which is rare here (%d of our entities)", d.Reason.Title, n),
		}, true
	case c.entity && gap <= nearby && (gap <= idle || !a.daily()):
		return join{
			card: in, how: byEntity, value: d.Entity.Name, strength: 2, weight: 1 - gap.Minutes()/nearby.Minutes(), merges: true,
			why: fmt.Sprintf("same %s %s, %s apart", d.Entity.Kind, d.Entity.Name, gap.Round(time.Second)),
		}, true
	case c.rare && gap <= nearby && g.rareTogether(in, a, d) && track.False <= track.True: // what was judged false is not what it is about
		return join{
			card: in, how: byRare, strength: 1, weight: a.Sight.Last,
			why: fmt.Sprintf("rare on %s (surprise %.1f), as is what happened within %.0f minutes", d.Entity.Name, a.Sight.Last, nearby.Minutes()),
		}, true
	}
	return join{}, false
}

// rareTogether tells whether what is rare may join in only for that: it must be more
// than a remark, and what is together for no better reason is no longer than a shift,
// or one long attack would take in everything.
func (g *grouping) rareTogether(in *Card, a *Alert, d *Detection) bool {
	return a.rare() && later(in.Last, d.Time).Sub(earlier(in.First, d.Time)) <= triage.Defaults().Span
}

// rare tells whether an alert was rare where it fired, and more than a remark.
func (a *Alert) rare() bool {
	return a.Sight.Rare(triage.Defaults()) && severity(&a.Detection) > triage.Remark
}

// daily tells whether an alert is what happens there every day.
func (a *Alert) daily() bool {
	return a.Sight != nil && a.Sight.Warm == 1 && a.Sight.Last < triage.Defaults().Odd
}
