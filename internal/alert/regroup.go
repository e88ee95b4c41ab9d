package alert

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/risk"
)

// Merge moves all alerts of an incident into another one and closes it.
func (s *Service) Merge(ctx context.Context, from, into, why string) error {
	if from == into {
		return errs.New(errs.Invalid, "merge_self", "An incident cannot be merged into itself.")
	}
	return s.regroup(ctx, "alert.merge", from, why, func(g *grouping, in Incident, by string) error {
		target, err := g.tx.Incident(ctx, into)
		if err != nil {
			return err
		}
		if target.State != Open || in.Merged != "" {
			return errs.New(errs.Conflict, "merge_closed", "Incident %d is closed, or incident %d was merged already: only what is open takes others in.", target.Number, in.Number)
		}
		reason := strings.TrimSuffix(by+" merged them: "+why, ": ")
		if _, err := merge(ctx, g.tx, in.ID, into, reason, by, g.now); err != nil {
			return err
		}
		g.touch(into)
		return g.link(ctx, target, Link{Time: g.now, What: fmt.Sprintf("incident %d", in.Number), Why: reason})
	})
}

// Split moves alerts of an incident, by fingerprint, into a new one, and remembers
// that they do not belong with what stays, for the reasons they had been joined. It
// returns the id of the new incident.
func (s *Service) Split(ctx context.Context, id string, fingerprints []string, why string) (string, error) {
	made := ""
	err := s.regroup(ctx, "alert.split", id, why, func(g *grouping, in Incident, by string) error {
		_, alerts, err := g.tx.Content(ctx, id)
		if err != nil {
			return err
		}
		var leave, stay []Alert
		for _, a := range alerts {
			if slices.Contains(fingerprints, a.Fingerprint) {
				leave = append(leave, a)
			} else {
				stay = append(stay, a)
			}
		}
		if len(leave) == 0 || len(stay) == 0 {
			return errs.New(errs.Invalid, "split_all", "Choose some of the alerts of the incident, not none and not all: of %d, %d were chosen.", len(alerts), len(leave))
		}
		made, err = g.split(ctx, in, leave, strings.TrimSuffix(by+" took them out: "+why, ": "))
		if err != nil {
			return err
		}
		return g.cut(ctx, in, leave, stay, by)
	})
	return made, err
}

// split opens an incident for alerts of another one.
func (g *grouping) split(ctx context.Context, from Incident, alerts []Alert, why string) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	in := Incident{
		ID: id.String(), State: Open, Owner: from.Owner, First: alerts[0].First, Last: alerts[0].Last, Created: g.now, Updated: g.now, Title: alerts[0].Title,
		Links: []Link{{Time: g.now, What: fmt.Sprintf("incident %d", from.Number), Why: why}}, Assessment: risk.Assess(risk.Input{}),
	}
	if err := g.tx.SaveIncident(ctx, &in); err != nil {
		return "", err
	}
	for i := range alerts {
		alerts[i].Incident = in.ID
	}
	if err := g.tx.SaveAlerts(ctx, alerts); err != nil {
		return "", err
	}
	g.touch(in.ID)
	g.touch(from.ID)
	text := fmt.Sprintf("%s became incident %d: %s", plural(len(alerts), "alert"), in.Number, why)
	if err := g.tx.AddEntry(ctx, from.ID, Entry{Time: g.now, Kind: "link", Text: text}); err != nil {
		return "", err
	}
	return in.ID, g.tx.AddEntry(ctx, in.ID, Entry{Time: g.now, Kind: "link", Text: fmt.Sprintf("taken out of incident %d: %s", from.Number, why)})
}

// maxCuts is how many pairs one cut keeps apart.
const maxCuts = 1000

// cut remembers what is not to be joined again: for each reason for which something
// had joined the incident, the two sides.
func (g *grouping) cut(ctx context.Context, in Incident, out, stay []Alert, by string) error {
	seen := map[Cut]bool{}
	for _, l := range in.Links {
		if l.How == "" {
			continue
		}
		for _, a := range out {
			for _, b := range stay {
				if l.Alert != a.Fingerprint && l.Alert != b.Fingerprint {
					continue
				}
				c := Cut{How: l.How, Value: l.Value, A: side(l.How, a.Detection), B: side(l.How, b.Detection)}
				if c.A == c.B || seen[c] || len(seen) >= maxCuts {
					continue
				}
				seen[c] = true
				c.By, c.Time = by, g.now
				if err := g.tx.SaveCut(ctx, c); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// regroup changes what belongs to an incident, in one transaction with its line in
// the audit log, and ranks what was touched.
func (s *Service) regroup(ctx context.Context, verb, id, why string, fn func(g *grouping, in Incident, by string) error) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	if len(why) > 2000 {
		return errs.New(errs.Invalid, "reason_length", "A reason has at most 2,000 characters.")
	}
	actor := ref.ActorFrom(ctx)
	s.taking.Lock()
	defer s.taking.Unlock()
	return s.store.Write(ctx, func(tx Tx) error {
		in, err := tx.Incident(ctx, id)
		if err != nil {
			return err
		}
		g, err := s.group(ctx, tx)
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
		return tx.Record(ctx, Change{Act: &act, Topic: "alert.changed"})
	})
}
