package alert

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/risk"
)

// Facts answer what is known now of what alerts rest on. Asked in a transaction, they
// must not wait for the store that alerts are in.
type Facts struct {
	Entities map[Who]bool      // those that are described differently now
	Describe func(Who) Entity  // as one is described now
	Reasons  map[string]Reason // by key, indicators whose confidence or names changed
	// Target says anew whether who is concerned has what was tried; nil = it is not asked.
	Target func(Detection) *Target
	// Targets are alerts, by fingerprint, of whose targets something else is known now.
	Targets map[string]Alert
	// Leaks are alerts, by fingerprint, of whose accounts or hosts other leaks are known now.
	Leaks map[string]Alert
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
	var reasons []string
	entities := slices.Collect(maps.Keys(f.Entities))
	for k := range f.Reasons {
		reasons = append(reasons, k)
	}
	var ids []string
	err := s.write(ctx, func(g *grouping) (err error) {
		ids, err = g.tx.Touching(ctx, entities, reasons, false)
		return err
	})
	for _, a := range f.Targets {
		ids = append(ids, a.Incident)
	}
	for _, a := range f.Leaks {
		ids = append(ids, a.Incident)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
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

func (s *Service) renewPart(ctx context.Context, ids []string, facts Facts, done *Renewed) error {
	var ranked, reopened []string
	err := s.write(ctx, func(g *grouping) error {
		if err := g.fetch(ctx, g.tx, ids); err != nil {
			return err
		}
		for _, id := range ids {
			f := g.files[id]
			if f == nil || f.Merged != "" {
				continue
			}
			did, again, err := s.renew(ctx, g, f, facts)
			if err != nil {
				return fmt.Errorf("rank incident %s anew: %w", id, err)
			}
			if did {
				ranked = append(ranked, id)
			}
			if again {
				reopened = append(reopened, id)
			}
		}
		return nil
	})
	if err == nil {
		done.Ranked, done.Reopened = append(done.Ranked, ranked...), append(done.Reopened, reopened...)
	}
	return err
}

// reopen takes a verdict back, and what it had taught.
func (s *Service) reopen(ctx context.Context, g *grouping, f *file, why string) error {
	f.State, f.Verdict = Open, nil
	clear(g.tracks)
	if err := g.tx.SaveLesson(ctx, f.ID, nil); err != nil {
		return err
	}
	s.learnt = nil
	var err error
	if g.learnt, err = s.fit(ctx, g.tx); err != nil {
		return err
	}
	g.say(f, Entry{Time: g.now, Kind: "state", Text: "reopened: " + why, By: "vedette"})
	return nil
}

// renew brings one incident up to date.
func (s *Service) renew(ctx context.Context, g *grouping, f *file, facts Facts) (ranked, reopened bool, err error) {
	var said, again []string
	for _, a := range f.alerts {
		what, why := refresh(a, facts)
		if now, ok := facts.Targets[a.Fingerprint]; ok {
			said, second := a.Detection.retarget(now.Detection.Target)
			what, why = addNew(what, said), addNew(why, second)
		}
		if now, ok := facts.Leaks[a.Fingerprint]; ok {
			said, second := a.Detection.releak(&now.Detection)
			what, why = addNew(what, said), addNew(why, second)
		}
		if len(what) > 0 {
			g.did, g.counted[a.Fingerprint] = true, a
		}
		said, again = addNew(said, what), addNew(again, why)
	}
	if len(said) == 0 {
		return false, false, nil
	}
	before := f.Assessment
	if f.State == Closed {
		if len(again) == 0 || f.Verdict == nil || f.Verdict.Kind == TruePositive {
			return false, false, nil // it stays as it was judged; what is known now is kept with its alerts
		}
		reopened = true
		if err := s.reopen(ctx, g, f, sayAll(again)); err != nil {
			return false, false, err
		}
	}
	if err := g.assess(ctx, f); err != nil {
		return false, false, err
	}
	g.say(f, renewed(g, before, f.Assessment, said))
	return true, reopened, nil
}

func renewed(g *grouping, before, after risk.Assessment, said []string) Entry {
	if before.Priority == after.Priority {
		return Entry{Time: g.now, Kind: "priority", Text: fmt.Sprintf("still %d (%s): %s", after.Priority, after.Level, sayAll(said))}
	}
	return moved(g.now, before, after, sayAll(said))
}

// refresh puts what is known now into an alert. what says what changed, again
// what of it asks for a second look.
func refresh(a *Alert, f Facts) (what, again []string) {
	d := &a.Detection
	if now, changed := a.describe(&f); changed {
		said, crown := entityChange(d.Entity, now)
		if said != "" {
			what = append(what, said)
		}
		if crown {
			again = append(again, said)
		}
		d.Entity = now
		if f.Target != nil && d.Target != nil {
			said, second := d.retarget(f.Target(*d))
			what, again = addNew(what, said), addNew(again, second)
		}
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
		said := fmt.Sprintf("the criticality of %s is × %g, was × %g", now.Name, now.Criticality, was.Criticality)
		if now.Account != "" {
			said += ": " + now.Why
		}
		parts = append(parts, said)
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

// Open counts the open incidents that hold an alert about one of these hosts and
// accounts.
func (s *Service) Open(ctx context.Context, entities []Who) (n int, err error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil || len(entities) == 0 {
		return 0, err
	}
	err = s.write(ctx, func(g *grouping) error {
		ids, err := g.tx.Touching(ctx, entities, nil, true)
		n = len(ids)
		return err
	})
	return n, err
}

// Targeted lists the alerts of attacks on a vulnerability.
func (s *Service) Targeted(ctx context.Context) ([]Alert, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.store.Targeted(ctx)
}

// Numbers returns by which numbers people know incidents, by id.
func (s *Service) Numbers(ctx context.Context, ids []string) (map[string]int, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.store.Numbers(ctx, ids)
}

// Entities lists the hosts and accounts that alerts are about.
func (s *Service) Entities(ctx context.Context) ([]Who, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.store.Entities(ctx)
}

// Indicators lists those that alerts rest on, by key, as alerts know them.
func (s *Service) Indicators(ctx context.Context) (map[string]Reason, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.store.Indicators(ctx)
}
