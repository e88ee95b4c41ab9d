package alert

import (
	"context"
	"fmt"
	"slices"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// Merge moves all alerts of an incident into another one and closes it.
func (s *Service) Merge(ctx context.Context, from, into, why string) error {
	if from == into {
		return errs.New(errs.Invalid, "merge_self", "An incident cannot be merged into itself.")
	}
	return s.regroup(ctx, "alert.merge", from, why, func(g *grouping, in *file, by string) error {
		target, err := g.file(ctx, into)
		if err != nil {
			return err
		}
		if target.State != Open || in.Merged != "" {
			return errs.New(errs.Conflict, "merge_closed", "Incident %d is closed, or incident %d was merged already: only what is open takes others in.", target.Number, in.Number)
		}
		reason := because(by, "merged them", why)
		g.merge(in, target, reason, by)
		g.touch(into)
		g.link(target, Link{Time: g.now, What: fmt.Sprintf("incident %d", in.Number), Why: reason})
		return nil
	})
}

// Split moves alerts of an incident, by fingerprint, into a new one, and remembers
// that they do not belong with what stays, for the reasons they had been joined. It
// returns the id of the new incident.
func (s *Service) Split(ctx context.Context, id string, fingerprints []string, why string) (string, error) {
	made := ""
	err := s.regroup(ctx, "alert.split", id, why, func(g *grouping, in *file, by string) error {
		var leave, stay []*Alert
		for _, a := range in.alerts {
			if slices.Contains(fingerprints, a.Fingerprint) {
				leave = append(leave, a)
			} else {
				stay = append(stay, a)
			}
		}
		if len(leave) == 0 || len(stay) == 0 {
			return errs.New(errs.Invalid, "split_all", "Choose some of the alerts of the incident, not none and not all: of %d, %d were chosen.", len(in.alerts), len(leave))
		}
		var err error
		if made, err = g.split(in, leave, because(by, "took them out", why)); err != nil {
			return err
		}
		return g.cut(ctx, &in.Incident, leave, stay, by)
	})
	return made, err
}

// split opens an incident for alerts of another one.
func (g *grouping) split(from *file, alerts []*Alert, why string) (string, error) {
	in, err := g.start(Incident{
		Owner: from.Owner, First: alerts[0].First, Last: alerts[0].Last, Title: alerts[0].Title,
		Links: []Link{{Time: g.now, What: fmt.Sprintf("incident %d", from.Number), Why: why}},
	})
	if err != nil {
		return "", err
	}
	for _, a := range alerts {
		g.move(a, in)
	}
	g.drop(from.ID) // its card is made anew when it is ranked
	g.touch(in.ID)
	g.touch(from.ID)
	g.say(from, Entry{Time: g.now, Kind: "link", Text: fmt.Sprintf("%s became incident %d: %s", plural(len(alerts), "alert"), in.Number, why)})
	g.say(in, Entry{Time: g.now, Kind: "link", Text: fmt.Sprintf("taken out of incident %d: %s", from.Number, why)})
	return in.ID, nil
}

// maxCuts is how many pairs one cut keeps apart.
const maxCuts = 1000

// cut remembers what is not to be joined again: for each reason for which something
// had joined the incident, the two sides.
func (g *grouping) cut(ctx context.Context, in *Incident, out, stay []*Alert, by string) error {
	seen := map[Cut]bool{}
	var made []Cut
	for _, l := range in.Links {
		if l.How == "" {
			continue
		}
		for _, a := range out {
			for _, b := range stay {
				if l.Alert != a.Fingerprint && l.Alert != b.Fingerprint {
					continue
				}
				c := Cut{How: l.How, Value: l.Value, A: side(l.How, &a.Detection), B: side(l.How, &b.Detection)}
				if c.A == c.B || seen[c] || len(seen) >= maxCuts {
					continue
				}
				seen[c] = true
				c.By, c.Time = by, g.now
				made = append(made, c)
				g.cuts[[2]string{c.How, c.Value}] = append(g.cuts[[2]string{c.How, c.Value}], c)
			}
		}
	}
	return g.tx.SaveCuts(ctx, made)
}

// regroup changes what belongs to an incident, in one transaction with its line in
// the audit log, and ranks what was touched.
func (s *Service) regroup(ctx context.Context, verb, id, why string, fn func(g *grouping, in *file, by string) error) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	if len(why) > 2000 {
		return errs.New(errs.Invalid, "reason_length", "A reason has at most 2,000 characters.")
	}
	actor := ref.ActorFrom(ctx)
	return s.write(ctx, func(g *grouping) error {
		in, err := g.file(ctx, id)
		if err != nil {
			return err
		}
		if err := fn(g, in, actor.Name); err != nil {
			return err
		}
		if _, err := g.rank(ctx); err != nil {
			return err
		}
		act := ref.Act{Actor: actor, Verb: verb, Target: ref.Ref{Kind: ref.Incident, ID: id}, Reason: why, Time: g.now}
		return g.tx.Record(ctx, Change{Act: &act, Topic: "alert.changed"})
	})
}
