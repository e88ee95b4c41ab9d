package alert

import (
	"context"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// VerdictText is a verdict as people read it.
type VerdictText struct {
	Kind  VerdictKind
	Label string
	Means string
}

// Verdicts lists the six verdicts with the sentence that explains each.
var Verdicts = []VerdictText{
	{TruePositive, "True positive", "A real attack."},
	{BenignTruePositive, "Benign true positive", "The detection is right, the activity is authorised."},
	{FalsePositive, "False positive", "The indicator or rule is wrong."},
	{Duplicate, "Duplicate", "The same fact as another incident."},
	{Undetermined, "Undetermined", "Looked at, cannot tell."},
	{Test, "Test", "An exercise or a test of the detection."},
}

// Judge closes an incident with a verdict. A false positive, a benign true
// positive and an undetermined incident need a reason in words.
func (s *Service) Judge(ctx context.Context, id string, v Verdict) error {
	v.Reason = strings.TrimSpace(v.Reason)
	if !slices.ContainsFunc(Verdicts, func(k VerdictText) bool { return k.Kind == v.Kind }) {
		return errs.New(errs.Invalid, "verdict_unknown", "%q is no verdict.", v.Kind)
	}
	if v.Reason == "" && v.Kind != TruePositive && v.Kind != Test && v.Kind != Duplicate {
		return &errs.Error{
			Kind: errs.Invalid, Code: "verdict_reason_missing", Message: "Say why: this verdict teaches the ranking, and the next analyst reads it.",
			Fields: map[string]string{"reason": "A reason is needed for this verdict."},
		}
	}
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	var err error
	if v.Weight, err = s.byChance(ctx, id); err != nil {
		return err
	}
	return s.change(ctx, id, "alert.judge", string(v.Kind)+": "+v.Reason, func(i *Incident) (Entry, error) {
		v.Time = s.now().UTC()
		v.By = ref.ActorFrom(ctx).Name
		i.Verdict, i.State = &v, Closed
		text := string(v.Kind)
		if v.Reason != "" {
			text += ": " + v.Reason
		}
		return Entry{Kind: "verdict", Text: text}, nil
	})
}

// Reopen takes a verdict back.
func (s *Service) Reopen(ctx context.Context, id, why string) error {
	return s.change(ctx, id, "alert.reopen", why, func(i *Incident) (Entry, error) {
		if i.State == Open {
			return Entry{}, errs.New(errs.Conflict, "incident_open", "Incident %d is open already.", i.Number)
		}
		if i.Merged != "" {
			return Entry{}, errs.New(errs.Conflict, "incident_merged", "Incident %d was merged into another one; its alerts are there.", i.Number)
		}
		i.Verdict, i.State = nil, Open
		return Entry{Kind: "state", Text: strings.TrimSuffix("reopened: "+why, ": ")}, nil
	})
}
