package alert

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/risk"
)

// Facts answer what is known now of what alerts rest on. Asked in a transaction, they
// must not wait for the store that alerts are in.
type Facts struct {
	Entities map[string]Entity // by name, those that are described differently now
	Reasons  map[string]Reason // by key, indicators whose confidence or names changed
}

// confirmed is the confidence from which an indicator is held to be confirmed.
const confirmed = 80

// Renewed is what Renew did.
type Renewed struct {
	Ranked   []string // ids of incidents that were ranked anew
	Reopened []string
}

// Renew ranks anew the incidents that facts touch, and says in their timeline which
// fact changed. A closed one that was not judged real opens again when its indicator
// is confirmed, when it gets the name of an actor or malware, or when its asset became
// a crown jewel.
func (s *Service) Renew(ctx context.Context, f Facts) (Renewed, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Renewed{}, err
	}
	var entities, reasons []string
	for k := range f.Entities {
		entities = append(entities, k)
	}
	for k := range f.Reasons {
		reasons = append(reasons, k)
	}
	var ids []string
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		ids, err = tx.Touching(ctx, entities, reasons, false)
		return err
	})
	if err != nil {
		return Renewed{}, err
	}
	var done Renewed
	for part := range slices.Chunk(ids, renewBatch) {
		if err := s.renewPart(ctx, part, f, &done); err != nil {
			return done, err
		}
	}
	return done, nil
}

// renewBatch is how many incidents one transaction ranks anew: detections wait that
// long at most.
const renewBatch = 200

func (s *Service) renewPart(ctx context.Context, ids []string, f Facts, done *Renewed) error {
	s.taking.Lock()
	defer s.taking.Unlock()
	err := s.store.Write(ctx, func(tx Tx) error {
		g, err := s.group(ctx, tx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			ranked, reopened, err := s.renew(ctx, g, id, f)
			if err != nil {
				return fmt.Errorf("rank incident %s anew: %w", id, err)
			}
			if ranked {
				done.Ranked = append(done.Ranked, id)
			}
			if reopened {
				done.Reopened = append(done.Reopened, id)
			}
		}
		return nil
	})
	if err != nil {
		s.learnt = nil // what was taken back in it was not
	}
	return err
}

// reopen takes a verdict back, and what it had taught.
func (s *Service) reopen(ctx context.Context, g *grouping, in *Incident, why string) error {
	in.State, in.Verdict = Open, nil
	if err := g.tx.SaveLesson(ctx, in.ID, nil); err != nil {
		return err
	}
	s.learnt = nil
	var err error
	if g.learnt, err = s.fit(ctx, g.tx); err != nil {
		return err
	}
	return g.tx.AddEntry(ctx, in.ID, Entry{Time: g.now, Kind: "state", Text: "reopened: " + why, By: "vedette"})
}

// renew brings one incident up to date.
func (s *Service) renew(ctx context.Context, g *grouping, id string, f Facts) (ranked, reopened bool, err error) {
	in, alerts, err := g.tx.Content(ctx, id)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return false, false, nil
		}
		return false, false, err
	}
	var changed []Alert
	var said, again []string
	for i := range alerts {
		what, why := refresh(&alerts[i].Detection, f)
		if len(what) == 0 {
			continue
		}
		changed = append(changed, alerts[i])
		said, again = addNew(said, what), addNew(again, why)
	}
	if len(changed) == 0 || in.Merged != "" {
		return false, false, nil
	}
	if err := g.tx.SaveAlerts(ctx, changed); err != nil {
		return false, false, err
	}
	before := in.Assessment
	if in.State == Closed && len(again) > 0 && in.Verdict != nil && in.Verdict.Kind != TruePositive {
		reopened = true
		if err := s.reopen(ctx, g, &in, sayAll(again)); err != nil {
			return false, false, err
		}
	}
	if err := (judge{g.track, g.learnt}).summarise(ctx, &in, alerts); err != nil {
		return false, false, err
	}
	in.Updated = g.now
	if err := g.tx.AddEntry(ctx, id, renewed(g, before, in.Assessment, said)); err != nil {
		return false, false, err
	}
	return true, reopened, g.tx.SaveIncident(ctx, &in)
}

func renewed(g *grouping, before, after risk.Assessment, said []string) Entry {
	if before.Priority == after.Priority {
		return Entry{Time: g.now, Kind: "priority", Text: fmt.Sprintf("still %d (%s): %s", after.Priority, after.Level, sayAll(said))}
	}
	return moved(g.now, before, after, sayAll(said))
}

// refresh puts what is known now into a detection. what says what changed, again
// what of it asks for a second look.
func refresh(d *Detection, f Facts) (what, again []string) {
	if now, ok := f.Entities[d.Entity.Name]; ok && now.Kind == d.Entity.Kind {
		said, crown := entityChange(d.Entity, now)
		if said != "" {
			what = append(what, said)
		}
		if crown {
			again = append(again, said)
		}
		d.Entity = now
	}
	now, ok := f.Reasons[d.Reason.Key]
	if !ok || d.Reason.Kind != ByIndicator {
		return what, again
	}
	if was := d.Reason.Confidence; was != now.Confidence {
		said := fmt.Sprintf("the confidence of %s is %d, was %d", d.Reason.Title, now.Confidence, was)
		what = append(what, said)
		if was < confirmed && now.Confidence >= confirmed {
			again = append(again, d.Reason.Title+" is now confirmed to be malicious: "+said)
		}
	}
	if named := without(now.Names, d.Reason.Names); len(named) > 0 {
		said := fmt.Sprintf("%s is now known as %s", d.Reason.Title, strings.Join(named[:min(3, len(named))], ", "))
		what, again = append(what, said), append(again, said)
	} else if len(without(d.Reason.Names, now.Names)) > 0 {
		what = append(what, d.Reason.Title+" is no longer known by all its names")
	}
	d.Reason.Confidence, d.Reason.Names, d.Reason.Sources = now.Confidence, now.Names, now.Sources
	return what, again
}

// entityChange says how a host or account is described differently.
func entityChange(was, now Entity) (said string, crown bool) {
	var parts []string
	if was.Criticality != now.Criticality {
		parts = append(parts, fmt.Sprintf("the criticality of %s is × %g, was × %g", now.Name, now.Criticality, was.Criticality))
		crown = now.Criticality >= 100
	}
	if was.Exposed != now.Exposed {
		parts = append(parts, map[bool]string{true: now.Name + " is exposed to the internet", false: now.Name + " is no longer exposed to the internet"}[now.Exposed])
	}
	if was.Reputation != now.Reputation {
		parts = append(parts, fmt.Sprintf("the stake for the reputation of %s is × %g, was × %g", now.Name, max(now.Reputation, 1), max(was.Reputation, 1)))
	}
	if !slices.Equal(was.Technologies, now.Technologies) {
		parts = append(parts, now.Name+" runs "+strings.Join(now.Technologies, ", "))
	}
	if was.Watched != now.Watched {
		parts = append(parts, map[bool]string{true: now.Name + " is watched", false: now.Name + " is no longer watched"}[now.Watched])
	}
	return strings.Join(parts, "; "), crown
}

func without(list, other []string) (out []string) {
	for _, v := range list {
		if !slices.Contains(other, v) {
			out = append(out, v)
		}
	}
	return out
}

func addNew(list, more []string) []string {
	return append(list, without(more, list)...)
}

// sayAll joins what changed, at most three of it.
func sayAll(list []string) string {
	text := strings.Join(list[:min(3, len(list))], "; ")
	if n := len(list) - 3; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	return text
}

// Resting lists what alerts rest on: the names of hosts and accounts, and the
// indicators as alerts know them, by key.
func (s *Service) Resting(ctx context.Context) (entities []string, reasons map[string]Reason, err error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, nil, err
	}
	return s.store.Resting(ctx)
}
