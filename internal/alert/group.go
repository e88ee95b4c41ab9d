package alert

import (
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

// grouping is one transaction that changes alerts and incidents: on the board, and
// in the store when it is flushed.
type grouping struct {
	*board
	tx      Tx
	now     time.Time
	learnt  *triage.Learnt
	loose   map[string]*Alert   // by fingerprint, in no incident
	counted map[string]*Alert   // to be saved
	changed map[string]*file    // to be saved
	touched map[string]bool     // to be ranked
	order   []string            // in which they were touched
	before  map[string]*Earlier // by fingerprint, what was judged real and fires again
	lines   []Line
	did     bool // the board is no longer as it was stored
}

// Fingerprint is what makes two detections the same alert.
func Fingerprint(d *Detection) string {
	key := make([]byte, 0, 128)
	for i, part := range [...]string{d.Sensor, string(d.Reason.Kind), d.Reason.Key, d.Entity.Kind, d.Entity.Name} {
		if i > 0 {
			key = append(key, 0)
		}
		key = append(key, part...)
	}
	return uuid.NewSHA1(namespace, key).String()
}

// arrive reads what is stored of the alerts that detections belong to.
func (g *grouping) arrive(ctx context.Context, ds []Detection) ([]Arrival, error) {
	list := make([]Arrival, len(ds))
	asked := map[string]bool{}
	var unknown []string
	for i := range ds {
		list[i] = Arrival{Detection: ds[i], Fingerprint: Fingerprint(&ds[i])}
		if fp := list[i].Fingerprint; !asked[fp] {
			asked[fp] = true
			if a := g.alerts[fp]; a == nil {
				unknown = append(unknown, fp)
			} else if f := g.files[a.Incident]; f != nil {
				f.used = g.turn
			}
		}
	}
	if err := g.read(ctx, unknown); err != nil {
		return nil, err
	}
	if err := g.again(ctx, list); err != nil {
		return nil, err
	}
	for i := range list {
		if a := g.alert(list[i].Fingerprint); a != nil {
			list[i].Before = a.Count
		}
	}
	return list, nil
}

// read brings alerts onto the board, with their incidents.
func (g *grouping) read(ctx context.Context, fingerprints []string) error {
	if len(fingerprints) == 0 {
		return nil
	}
	list, err := g.tx.AlertsBy(ctx, fingerprints)
	if err != nil {
		return err
	}
	var homes []string
	for _, a := range list {
		if a.Incident != "" && !slices.Contains(homes, a.Incident) {
			homes = append(homes, a.Incident)
		}
	}
	if err := g.fetch(ctx, g.tx, homes); err != nil {
		return err
	}
	for _, a := range list {
		if g.alerts[a.Fingerprint] == nil {
			a.Incident = ""
			g.loose[a.Fingerprint] = a
		}
	}
	return nil
}

func (g *grouping) alert(fp string) *Alert {
	if a := g.alerts[fp]; a != nil {
		return a
	}
	return g.loose[fp]
}

// add counts d into its alert and the alert into an incident.
func (g *grouping) add(ctx context.Context, d *Arrival) error {
	g.did = true
	a := g.alert(d.Fingerprint)
	known := a != nil
	if !known {
		a = &Alert{ID: d.Fingerprint, Fingerprint: d.Fingerprint, Title: d.Summary, Detection: d.Detection, First: d.Time, Last: d.Time, Suppressed: d.Suppressed, Earlier: g.before[d.Fingerprint]}
		g.loose[d.Fingerprint] = a
	}
	a.Count++
	a.meets(&d.Detection)
	a.First, a.Last = earlier(a.First, d.Time), later(a.Last, d.Time)
	a.Suppressed = a.Suppressed && d.Suppressed // a warning list may have been lifted
	a.leaked(&d.Detection)
	g.counted[a.Fingerprint] = a
	switch {
	case d.Suppressed && a.Incident != "": // it is let pass by now: counted where it was, and no more
		g.touch(a.Incident)
	case !d.Suppressed:
		g.watch.note(a, &d.Detection)
		if err := g.place(ctx, a, &d.Detection); err != nil {
			return err
		}
		g.touch(a.Incident)
		if c := g.open[a.Incident]; c != nil {
			c.covers(d.Time)
		}
	}
	if known || a.Earlier != nil {
		return nil
	}
	r, err := g.track(ctx, d.Reason.Key) // it fires more widely now
	r.Entities++
	g.tracks[d.Reason.Key] = r
	return err
}

// track is how a reason was judged and how widely it fires, as of now.
func (g *grouping) track(ctx context.Context, reason string) (Record, error) {
	if r, ok := g.tracks[reason]; ok {
		return r, nil
	}
	r, err := g.tx.Track(ctx, reason)
	if err == nil {
		g.tracks[reason] = r
	}
	return r, err
}

// place decides which incident an alert belongs to. An alert stays where it is.
func (g *grouping) place(ctx context.Context, a *Alert, d *Detection) error {
	if a.Incident != "" {
		return nil
	}
	joins, err := g.joins(ctx, a, d)
	if err != nil {
		return err
	}
	if len(joins) == 0 {
		return g.found(a, d)
	}
	target, err := g.file(ctx, joins[0].card.ID)
	if err != nil {
		return err
	}
	g.move(a, target)
	g.link(target, joins[0].link(a, g.now))
	g.recalls(target, a)
	for _, other := range joins[1:] {
		if !other.merges {
			continue
		}
		apart, err := g.apart(ctx, other, target)
		if err != nil {
			return err
		}
		if apart {
			continue
		}
		from, err := g.file(ctx, other.card.ID)
		if err != nil {
			return err
		}
		l := other.link(a, g.now)
		g.merge(from, target, l.Why, "vedette")
		l.What = fmt.Sprintf("incident %d", from.Number)
		g.link(target, l)
	}
	return nil
}

// found opens an incident for an alert.
func (g *grouping) found(a *Alert, d *Detection) error {
	in := Incident{First: d.Time, Last: d.Time, Title: d.Summary, Names: d.Reason.Names}
	if e := a.Earlier; e != nil {
		in.Links = append(in.Links, Link{Time: g.now, What: fmt.Sprintf("incident %d", e.Number), Why: "the same attack, judged real, shows again"})
	}
	if a.rare() {
		in.Rare = a.Sight.Session
	}
	f, err := g.start(in)
	if err != nil {
		return err
	}
	g.move(a, f)
	g.say(f, Entry{Time: d.Time, Kind: "alert", Text: a.Title})
	g.recalls(f, a)
	return nil
}

// start opens an incident.
func (g *grouping) start(in Incident) (*file, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	g.number++
	in.ID, in.Number, in.State, in.Created, in.Updated = id.String(), g.number, Open, g.now, g.now
	in.Assessment = risk.Assess(risk.Input{})
	f := &file{Incident: in, used: g.turn}
	g.files[f.ID] = f
	g.keep(f)
	g.card(f)
	return f, nil
}

// link notes why something joined.
func (g *grouping) link(f *file, l Link) {
	if len(f.Links) < maxLinks {
		f.Links = append(f.Links, l)
	}
	if a := g.alerts[l.Alert]; a != nil { // what comes next may join for these; rank counts them anew
		f.Names = addNew(f.Names, a.Detection.Reason.Names)
		if a.rare() {
			f.Rare = later(f.Rare, a.Sight.Session)
		}
	}
	g.keep(f)
	g.card(f)
	g.say(f, Entry{Time: g.now, Kind: "link", Text: l.What + " joined: " + l.Why})
}

func (g *grouping) say(f *file, e Entry) {
	g.did = true
	g.lines = append(g.lines, Line{f.ID, e})
}

func (g *grouping) touch(id string) {
	if !g.touched[id] {
		g.touched[id] = true
		g.order = append(g.order, id)
	}
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

func number(n int) string { return fmt.Sprint(n) }

func because(by, did, why string) string { return strings.TrimSuffix(by+" "+did+": "+why, ": ") }

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
