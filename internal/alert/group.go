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
	"github.com/vedette-soc/vedette/risk/triage"
)

// How detections become incidents. A session is what happens on one entity
// without a longer pause than idle, at most an hour; what is close to it joins when
// it is no daily work, sessions join one incident when they share a reason that is
// rare here, a name (campaign, malware), or are both rare at the same time.
const (
	idle         = 5 * time.Minute
	nearby       = 30 * time.Minute
	reasonWindow = 7 * 24 * time.Hour
	nameWindow   = 7 * 24 * time.Hour
	maxSpan      = 14 * 24 * time.Hour
	maxAlerts    = 500
	rareEntities = 10 // a reason that fires on more entities links nothing
)

// grouping is one call of Take.
type grouping struct {
	tx        Tx
	now       time.Time
	watch     *watch
	learnt    *triage.Learnt
	touched   map[string]bool // incidents to rank
	order     []string
	spans     map[string]span              // of touched incidents, newer than what is stored of them
	alerts    map[string]*Alert            // by fingerprint: what is stored of those that are met again
	counted   map[string]bool              // of alerts, those whose counts are to be saved
	incidents map[string]*Incident         // where they are
	tracks    map[string]map[string]Record // by reason and entity
	grown     map[string]int               // how many alerts each incident took in
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
	a, known := g.alerts[fp]
	if !known {
		a = &Alert{ID: fp, Fingerprint: fp, Title: d.Summary, Detection: d, First: d.Time, Last: d.Time, Suppressed: d.Suppressed}
		g.alerts[fp] = a
	}
	a.Count++
	a.First, a.Last = earlier(a.First, d.Time), later(a.Last, d.Time)
	if a.Suppressed && !d.Suppressed { // a warning list was lifted
		a.Suppressed, known = false, false
	}
	if a.Suppressed {
		g.counted[fp] = true
		return nil
	}
	g.watch.note(a, d)
	if err := g.place(ctx, a, d, known); err != nil {
		return err
	}
	g.counted[fp] = true
	if !known {
		for entity, r := range g.tracks[d.Reason.Key] { // it fires more widely now
			r.Entities++
			g.tracks[d.Reason.Key][entity] = r
		}
	}
	g.touch(a.Incident)
	s := g.span(a.Incident, d.Time, d.Time)
	g.spans[a.Incident] = span{earlier(s.first, d.Time), later(s.last, d.Time)}
	return nil
}

// load reads what is stored of the alerts that ds belong to.
func (g *grouping) load(ctx context.Context, ds []Detection) error {
	var fps []string
	seen := map[string]bool{}
	for _, d := range ds {
		if fp := Fingerprint(d); !seen[fp] {
			seen[fp] = true
			fps = append(fps, fp)
		}
	}
	list, err := g.tx.AlertsBy(ctx, fps)
	if err != nil {
		return err
	}
	var homes []string
	for i := range list {
		g.alerts[list[i].Fingerprint] = &list[i]
		if id := list[i].Incident; id != "" && !seen[id] {
			seen[id] = true
			homes = append(homes, id)
		}
	}
	where, err := g.tx.Incidents(ctx, homes)
	for i := range where {
		g.incidents[where[i].ID] = &where[i]
	}
	return err
}

// save makes the counts of alerts durable; what reads alerts back from the
// transaction comes after it.
func (g *grouping) save(ctx context.Context) error {
	var list []Alert
	for fp := range g.counted {
		list = append(list, *g.alerts[fp])
	}
	clear(g.counted)
	slices.SortFunc(list, func(a, b Alert) int { return cmp.Compare(a.Fingerprint, b.Fingerprint) })
	return g.tx.SaveAlerts(ctx, list)
}

// home is the incident of an alert that is met again.
func (g *grouping) home(ctx context.Context, id string) (*Incident, error) {
	if in := g.incidents[id]; in != nil {
		return in, nil
	}
	in, err := g.tx.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	g.incidents[id] = &in
	return &in, nil
}

// track is how a reason was judged and how widely it fires, as of this call.
func (g *grouping) track(ctx context.Context, reason, entity string) (Record, error) {
	if r, ok := g.tracks[reason][entity]; ok {
		return r, nil
	}
	r, err := g.tx.Track(ctx, reason, entity)
	if err != nil {
		return r, err
	}
	if g.tracks[reason] == nil {
		g.tracks[reason] = map[string]Record{}
	}
	g.tracks[reason][entity] = r
	return r, nil
}

// place decides which incident an alert belongs to. An alert stays where it is,
// unless its incident was closed as a real attack: then new evidence opens a new
// one, while what was judged harmless keeps counting where it was judged.
func (g *grouping) place(ctx context.Context, a *Alert, d Detection, known bool) error {
	var follows *Incident
	if known && a.Incident != "" {
		in, err := g.home(ctx, a.Incident)
		if err != nil {
			return err
		}
		if in.State == Open || in.Verdict == nil || in.Verdict.Kind != TruePositive || !d.Time.After(in.Verdict.Time) {
			return nil
		}
		follows = in
	}
	// Who else is to be found is read from the transaction.
	if err := g.save(ctx); err != nil {
		return err
	}
	joins, err := g.joins(ctx, a, d)
	if err != nil {
		return err
	}
	if len(joins) == 0 {
		return g.open(ctx, a, d, follows)
	}
	target := joins[0]
	a.Incident = target.incident.ID
	g.grown[a.Incident]++
	g.counted[a.Fingerprint] = true
	if err := g.link(ctx, target.incident, target.link(a, g.now)); err != nil {
		return err
	}
	for _, other := range joins[1:] {
		if !other.merges {
			continue
		}
		if err := g.save(ctx); err != nil {
			return err
		}
		if apart, err := g.apart(ctx, other, target.incident.ID); err != nil || apart {
			if err != nil {
				return err
			}
			continue
		}
		if err := g.merge(ctx, other.incident, target.incident.ID, other.link(a, g.now)); err != nil {
			return err
		}
	}
	return nil
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
	in := Incident{ID: id.String(), State: Open, First: d.Time, Last: d.Time, Created: g.now, Updated: g.now, Title: d.Summary, Names: d.Reason.Names}
	if a.rare() {
		in.Rare = a.Sight.Session
	}
	if follows != nil {
		in.Links = append(in.Links, Link{Time: g.now, What: fmt.Sprintf("incident %d", follows.Number), Why: "the same attack, judged real, shows again"})
	}
	in.Assessment = risk.Assess(risk.Input{})
	if err := g.tx.SaveIncident(ctx, &in); err != nil {
		return err
	}
	a.Incident = in.ID
	g.grown[in.ID]++
	return g.tx.AddEntry(ctx, in.ID, Entry{Time: d.Time, Kind: "alert", Text: a.Title})
}

// link notes why an alert joined. The incident is saved by rank.
func (g *grouping) link(ctx context.Context, in Incident, l Link) error {
	cur, err := g.tx.Incident(ctx, in.ID)
	if err != nil {
		return err
	}
	links, names, changed := len(cur.Links), len(cur.Names), false
	if links < maxLinks {
		cur.Links = append(cur.Links, l)
	}
	if a := g.alerts[l.Alert]; a != nil { // what comes next may join for these; rank counts them anew
		cur.Names = addNew(cur.Names, a.Detection.Reason.Names)
		if a.rare() && a.Sight.Session.Sub(cur.Rare) > time.Minute {
			cur.Rare, changed = a.Sight.Session, true
		}
	}
	if changed || len(cur.Links) > links || len(cur.Names) > names {
		delete(g.incidents, in.ID)
		if err := g.tx.SaveIncident(ctx, &cur); err != nil {
			return err
		}
	}
	return g.tx.AddEntry(ctx, in.ID, Entry{Time: g.now, Kind: "link", Text: l.What + " joined: " + l.Why})
}

// merge moves all alerts of from into to and closes from.
func (g *grouping) merge(ctx context.Context, from Incident, to string, l Link) error {
	target, err := merge(ctx, g.tx, from.ID, to, l.Why, "vedette", g.now)
	if err != nil {
		return err
	}
	for _, a := range g.alerts {
		if a.Incident == from.ID {
			a.Incident = to
		}
	}
	delete(g.incidents, from.ID)
	l.What = fmt.Sprintf("incident %d", from.Number)
	return g.link(ctx, target, l)
}

func (g *grouping) touch(id string) {
	if !g.touched[id] {
		g.touched[id] = true
		g.order = append(g.order, id)
	}
}

// rank recomputes every touched incident from its alerts.
func (g *grouping) rank(ctx context.Context) ([]string, error) {
	if err := g.save(ctx); err != nil {
		return nil, err
	}
	list, contents, err := g.tx.Contents(ctx, g.order)
	if err != nil {
		return nil, err
	}
	j := judge{g.track, g.learnt}
	var changed []string
	ranked := list[:0]
	for _, in := range list {
		if in.Merged != "" {
			continue
		}
		before := in.Assessment
		if err := j.summarise(ctx, &in, contents[in.ID]); err != nil {
			return nil, err
		}
		in.Updated = g.now
		if before.Level != in.Assessment.Level && len(before.Terms) > 0 {
			if err := g.tx.AddEntry(ctx, in.ID, moved(g.now, before, in.Assessment, "")); err != nil {
				return nil, err
			}
		}
		ranked = append(ranked, in)
		changed = append(changed, in.ID)
	}
	return changed, g.tx.SaveIncidents(ctx, ranked)
}

// moved is the line in the timeline of a priority that changed.
func moved(now time.Time, before, after risk.Assessment, because string) Entry {
	text := fmt.Sprintf("priority %d → %d (%s)", before.Priority, after.Priority, after.Level)
	if because != "" {
		text += ": " + because
	}
	return Entry{Time: now, Kind: "priority", Text: text}
}

func number(n int) string { return fmt.Sprint(n) }

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
