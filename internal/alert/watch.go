package alert

import (
	"cmp"
	"context"
	"slices"

	"github.com/vedette-soc/vedette/risk/triage"
)

// watch says how unusual each detection is, from what came before it. What it
// learns is durable with what made it learn; after a transaction that failed it is
// read anew.
type watch struct {
	*triage.Watch
	known   map[string]bool // entities, for the size of the house
	touched map[string]*triage.Session
	ended   []*triage.Session
}

// recall brings the watch onto the board.
func (g *grouping) recall(ctx context.Context) error {
	if g.watch != nil {
		return nil
	}
	kept, open, err := g.tx.Remembered(ctx)
	if err != nil {
		return err
	}
	w := &watch{Watch: triage.Resume(triage.Defaults(), kept, open), touched: map[string]*triage.Session{}, known: map[string]bool{}}
	for _, h := range kept {
		if h.Entity != "" {
			w.known[h.Entity] = true
		}
	}
	g.watch = w
	return nil
}

// hosts is how many entities were seen.
func (w *watch) hosts() int { return len(w.known) }

// note counts a detection into the session of its entity and the alert's sight of
// it. What is found by looking back comes too late to be of any session.
func (w *watch) note(a *Alert, d *Detection) {
	if d.Past || d.Entity.Name == "" {
		return
	}
	at := triage.Alert{
		Time: d.Time, Rule: kindOf(d), Sensor: d.Sensor, Entity: d.Entity.Kind + "/" + d.Entity.Name, Peer: d.Peer, Severity: severity(d),
	}
	session, fired, ended := w.Add(at)
	w.known[at.Entity] = true
	w.touched[at.Entity] = session
	w.ended = append(w.ended, ended...)
	if a.Sight == nil {
		a.Sight = &triage.Sight{}
	}
	a.Sight.Note(session, fired, w.Warm(session.First))
}

// save makes durable what was learnt and which sessions go on.
func (w *watch) save(ctx context.Context, tx Tx) error {
	var gone []string
	for _, s := range w.ended {
		gone = append(gone, s.Entity)
	}
	var open []*triage.Session
	for _, s := range w.touched {
		if !slices.Contains(w.ended, s) {
			open = append(open, s)
		}
	}
	slices.SortFunc(open, func(a, b *triage.Session) int { return cmp.Compare(a.Entity, b.Entity) })
	kept, before := w.Learnt(w.ended)
	if err := tx.Remember(ctx, Remembered{Kept: kept, Before: before, Gone: gone, Open: open}); err != nil {
		return err
	}
	w.ended = nil
	clear(w.touched)
	return nil
}

// kindOf is what makes two detections the same kind for what is usual where: a
// rule, or for indicators the stage and the name they stand for. A single
// indicator would always be new.
func kindOf(d *Detection) string {
	if d.Reason.Kind != ByIndicator {
		return d.Reason.Key
	}
	name := ""
	if len(d.Reason.Names) > 0 {
		name = d.Reason.Names[0]
	}
	return "indicator/" + d.Tactic + "/" + name
}

// severity is the share of the worst that the detector gives.
func severity(d *Detection) float64 {
	switch d.Reason.Kind {
	case ByIndicator:
		return float64(d.Reason.Confidence) / 100
	case ByRule:
		return levelWeight[d.Reason.Level] / levelWeight["critical"]
	}
	return productShare[d.Reason.Level]
}

// productShare is severity by what products call it: high is Suricata's worst.
var productShare = map[string]float64{"critical": 1, "high": .9, "medium": .6, "low": .3}
