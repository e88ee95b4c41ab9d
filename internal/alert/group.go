package alert

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/risk"
)

// How detections become incidents. A session is what happens on one entity
// without a longer pause than idle; sessions join one incident when they share a
// reason that is rare here, or a name (campaign, malware), within its window.
const (
	idle         = 30 * time.Minute
	reasonWindow = 7 * 24 * time.Hour
	nameWindow   = 7 * 24 * time.Hour
	maxSpan      = 14 * 24 * time.Hour
	maxAlerts    = 500
	rareEntities = 10 // a reason that fires on more entities links nothing
)

// grouping is one call of Take.
type grouping struct {
	tx      Tx
	now     time.Time
	touched map[string]bool // incidents to rank
	order   []string
	spans   map[string]span // of touched incidents, newer than what is stored of them
}

// span is the time an incident covers.
type span struct{ first, last time.Time }

// Fingerprint is what makes two detections the same alert.
func Fingerprint(d Detection) string {
	key := strings.Join([]string{d.Sensor, string(d.Reason.Kind), d.Reason.Key, d.Entity.Kind, d.Entity.Name}, "\x00")
	return uuid.NewSHA1(namespace, []byte(key)).String()
}

// add counts d into its alert and the alert into an incident.
func (g *grouping) add(ctx context.Context, d Detection) error {
	fp := Fingerprint(d)
	a, known, err := g.tx.AlertBy(ctx, fp)
	if err != nil {
		return err
	}
	if !known {
		a = Alert{ID: fp, Fingerprint: fp, Title: d.Summary, Detection: d, First: d.Time, Last: d.Time, Suppressed: d.Suppressed}
	}
	a.Count++
	a.First, a.Last = earlier(a.First, d.Time), later(a.Last, d.Time)
	if a.Suppressed && !d.Suppressed { // a warning list was lifted
		a.Suppressed, known = false, false
	}
	if a.Suppressed {
		return g.tx.SaveAlert(ctx, a)
	}
	if err := g.place(ctx, &a, d, known); err != nil {
		return err
	}
	g.touch(a.Incident)
	s := g.span(a.Incident, d.Time, d.Time)
	g.spans[a.Incident] = span{earlier(s.first, d.Time), later(s.last, d.Time)}
	return g.tx.SaveAlert(ctx, a)
}

// place decides which incident an alert belongs to. An alert stays where it is,
// unless its incident was closed as a real attack: then new evidence opens a new
// one, while what was judged harmless keeps counting where it was judged.
func (g *grouping) place(ctx context.Context, a *Alert, d Detection, known bool) error {
	var follows *Incident
	if known && a.Incident != "" {
		in, _, err := g.tx.Content(ctx, a.Incident)
		if err != nil {
			return err
		}
		if in.State == Open || in.Verdict == nil || in.Verdict.Kind != TruePositive || !d.Time.After(in.Verdict.Time) {
			return nil
		}
		follows = &in
	}
	joins, err := g.joins(ctx, d)
	if err != nil {
		return err
	}
	if len(joins) == 0 {
		return g.open(ctx, a, d, follows)
	}
	target := joins[0]
	a.Incident = target.incident.ID
	if err := g.link(ctx, target.incident, a.Title, target.why); err != nil {
		return err
	}
	for _, other := range joins[1:] {
		if err := g.merge(ctx, other.incident.ID, target.incident.ID, other.why); err != nil {
			return err
		}
	}
	return nil
}

// join is an open incident d belongs to, and why.
type join struct {
	incident Incident
	why      string
	strength int
}

func (g *grouping) joins(ctx context.Context, d Detection) ([]join, error) {
	entity := d.Entity.Name
	if d.Entity.Shared {
		entity = ""
	}
	candidates, err := g.tx.Candidates(ctx, entity, d.Reason.Key, d.Reason.Names, d.Time.Add(-reasonWindow))
	if err != nil || len(candidates) == 0 {
		return nil, err
	}
	track, err := g.tx.Track(ctx, d.Reason.Key, "")
	if err != nil {
		return nil, err
	}
	var out []join
	for _, c := range candidates {
		in := c.Incident
		now := g.span(in.ID, in.First, in.Last)
		in.First, in.Last = earlier(in.First, now.first), later(in.Last, now.last)
		if in.Alerts >= maxAlerts || later(in.Last, d.Time).Sub(earlier(in.First, d.Time)) > maxSpan {
			continue
		}
		gap := distance(d.Time, in.First, in.Last)
		switch {
		case len(c.Names) > 0 && gap <= nameWindow:
			out = append(out, join{in, fmt.Sprintf("both belong to %s", strings.Join(c.Names, ", ")), 3})
		case c.Reason && d.Reason.Kind == ByIndicator && track.Entities <= rareEntities && gap <= reasonWindow:
			out = append(out, join{in, fmt.Sprintf("both met %s, which is rare here (%d of our entities)", d.Reason.Title, max(track.Entities, 1)), 2})
		case c.Entity && gap <= idle:
			out = append(out, join{in, fmt.Sprintf("same %s %s, %s apart", d.Entity.Kind, d.Entity.Name, gap.Round(time.Second)), 1})
		}
	}
	slices.SortStableFunc(out, func(a, b join) int {
		return cmp.Or(cmp.Compare(b.strength, a.strength), a.incident.Created.Compare(b.incident.Created))
	})
	return out, nil
}

// span returns the time an incident covers, including what this call added.
func (g *grouping) span(incident string, first, last time.Time) span {
	if s, ok := g.spans[incident]; ok {
		return s
	}
	return span{first, last}
}

// distance is how far t lies outside [first, last].
func distance(t, first, last time.Time) time.Duration {
	switch {
	case t.Before(first):
		return first.Sub(t)
	case t.After(last):
		return t.Sub(last)
	}
	return 0
}

func (g *grouping) open(ctx context.Context, a *Alert, d Detection, follows *Incident) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	in := Incident{ID: id.String(), State: Open, First: d.Time, Last: d.Time, Created: g.now, Updated: g.now, Title: d.Summary}
	if follows != nil {
		in.Links = append(in.Links, Link{Time: g.now, What: fmt.Sprintf("incident %d", follows.Number), Why: "the same attack, judged real, shows again"})
	}
	in.Assessment = risk.Assess(risk.Input{})
	if err := g.tx.SaveIncident(ctx, &in); err != nil {
		return err
	}
	a.Incident = in.ID
	return g.tx.AddEntry(ctx, in.ID, Entry{Time: d.Time, Kind: "alert", Text: a.Title})
}

// link notes why an alert joined. The incident is saved by rank.
func (g *grouping) link(ctx context.Context, in Incident, what, why string) error {
	cur, _, err := g.tx.Content(ctx, in.ID)
	if err != nil {
		return err
	}
	if len(cur.Links) < 200 {
		cur.Links = append(cur.Links, Link{Time: g.now, What: what, Why: why})
	}
	if err := g.tx.SaveIncident(ctx, &cur); err != nil {
		return err
	}
	return g.tx.AddEntry(ctx, in.ID, Entry{Time: g.now, Kind: "link", Text: what + " joined: " + why})
}

// merge moves all alerts of from into to and closes from.
func (g *grouping) merge(ctx context.Context, from, to, why string) error {
	in, alerts, err := g.tx.Content(ctx, from)
	if err != nil {
		return err
	}
	target, _, err := g.tx.Content(ctx, to)
	if err != nil {
		return err
	}
	for _, a := range alerts {
		a.Incident = to
		if err := g.tx.SaveAlert(ctx, a); err != nil {
			return err
		}
	}
	in.State, in.Merged, in.Updated = Closed, to, g.now
	in.Verdict = &Verdict{Kind: Duplicate, Reason: fmt.Sprintf("merged into incident %d: %s", target.Number, why), By: "vedette", Time: g.now}
	if err := g.tx.SaveIncident(ctx, &in); err != nil {
		return err
	}
	if err := g.tx.AddEntry(ctx, from, Entry{Time: g.now, Kind: "link", Text: fmt.Sprintf("merged into incident %d: %s", target.Number, why)}); err != nil {
		return err
	}
	return g.link(ctx, target, fmt.Sprintf("incident %d", in.Number), why)
}

func (g *grouping) touch(id string) {
	if !g.touched[id] {
		g.touched[id] = true
		g.order = append(g.order, id)
	}
}

// rank recomputes every touched incident from its alerts.
func (g *grouping) rank(ctx context.Context) ([]string, error) {
	var changed []string
	for _, id := range g.order {
		in, alerts, err := g.tx.Content(ctx, id)
		if err != nil {
			return nil, err
		}
		if in.Merged != "" {
			continue
		}
		before := in.Assessment
		if err := summarise(ctx, g.tx, &in, alerts); err != nil {
			return nil, err
		}
		in.Updated = g.now
		if before.Level != in.Assessment.Level && len(before.Terms) > 0 {
			text := fmt.Sprintf("priority %d → %d (%s)", before.Priority, in.Assessment.Priority, in.Assessment.Level)
			if err := g.tx.AddEntry(ctx, id, Entry{Time: g.now, Kind: "priority", Text: text}); err != nil {
				return nil, err
			}
		}
		if err := g.tx.SaveIncident(ctx, &in); err != nil {
			return nil, err
		}
		changed = append(changed, id)
	}
	return changed, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
