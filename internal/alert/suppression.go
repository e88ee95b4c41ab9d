package alert

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/risk/triage"
)

// Held is a detection that is kept, and the incident it is in.
type Held struct {
	Detection Detection
	Incident  string
}

// Reviewed is what is kept of a rule: its detections since a time, those in
// incidents judged real whenever they were, and how many there were in all.
type Reviewed struct {
	Held      []Held
	Incidents map[string]Incident
	// Real are the incidents judged real that the rule was part of when they were.
	Real    []Incident
	Counted int // detections since then, kept or not
}

// DecisionState is what became of a proposal.
type DecisionState string

// The states of a decision.
const (
	Accepted  DecisionState = "accepted"
	Dismissed DecisionState = "dismissed"
	Undone    DecisionState = "undone" // accepted, and taken back
)

// Decision is what a person decided about a proposal to suppress a rule somewhere.
type Decision struct {
	ID        string        `json:"id"` // of the proposal
	Rule      string        `json:"rule"`
	Title     string        `json:"title"`
	Where     string        `json:"where"`
	State     DecisionState `json:"state"`
	Reason    string        `json:"reason"`
	By        string        `json:"by"`
	Time      time.Time     `json:"time"`
	Evidence  int           `json:"evidence"` // occasions that had been judged harmless
	Exception string        `json:"exception,omitempty"`
	Expires   time.Time     `json:"expires,omitzero"`
	// Kind is what is let pass: "" and "rule" are rules, by their exception; indicators
	// and alerts of other products pass everywhere until they expire.
	Kind ReasonKind `json:"kind,omitempty"`
}

// Whole tells whether a decision is about an indicator or another product's alert.
func (d Decision) Whole() bool { return d.Kind == ByIndicator || d.Kind == ByProduct }

// Passes tells whether a decision lets a detection pass at a time. What a guard rail is
// about never passes.
func (d *Decision) Passes(of *Detection, now time.Time) bool {
	return d.State == Accepted && d.Whole() && d.Kind == of.Reason.Kind && d.Rule == of.Reason.Key && now.Before(d.Expires) && Railed(*of) == ""
}

// SuppressionStore keeps decisions, and answers what verdicts say of rules.
type SuppressionStore interface {
	// JudgedHarmless returns the reasons of alerts in incidents with evidence since a
	// time that were judged false or benign, the most often judged first.
	JudgedHarmless(ctx context.Context, since time.Time, limit int) ([]string, error)
	// Reviewed returns what is kept of a reason, at most limit detections: those judged
	// real first, then the newest.
	Reviewed(ctx context.Context, reason string, since time.Time, limit int) (Reviewed, error)
	// RealWith returns the incidents judged real, by reason of the alerts they held when
	// they were judged.
	RealWith(ctx context.Context) (map[string][]Incident, error)
	Decisions(ctx context.Context) ([]Decision, error)
	SaveDecision(ctx context.Context, d Decision, act ref.Act) error
	// Passed counts the kept detections that a decision about the whole of something let
	// pass.
	Passed(ctx context.Context, d Decision) (int, error)
}

// Suppressions is what verdicts say of rules, and what was decided about it.
type Suppressions struct {
	store SuppressionStore
	now   func() time.Time
}

// NewSuppressions returns Suppressions over store.
func NewSuppressions(store SuppressionStore) *Suppressions {
	return &Suppressions{store: store, now: time.Now}
}

// Bounds of one look at what verdicts say.
const (
	maxJudged   = 50
	maxReviewed = 1000
)

// Judged returns what is kept of the rules, indicators and alerts of other products that
// were judged harmless somewhere since a time, by their key.
func (s *Suppressions) Judged(ctx context.Context, since time.Time) (map[string]Reviewed, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	reasons, err := s.store.JudgedHarmless(ctx, since, maxJudged)
	if err != nil {
		return nil, err
	}
	real, err := s.store.RealWith(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]Reviewed{}
	for _, r := range reasons {
		v, err := s.store.Reviewed(ctx, r, since, maxReviewed)
		if err != nil {
			return nil, err
		}
		if len(v.Held) > 0 {
			v.Real = real[r]
			out[r] = v
		}
	}
	return out, nil
}

// JudgedReal returns the incident in which a detection that arrived at a time was judged
// real; nil = none.
func (r Reviewed) JudgedReal(d Detection, arrived time.Time) *Incident {
	for i := range r.Real {
		in := &r.Real[i]
		if in.Verdict != nil && !arrived.After(in.Verdict.Time) && in.Holds(d) {
			return in
		}
	}
	return nil
}

// Holds tells whether a verdict on the incident is about the rule of a detection on its
// entity.
func (in *Incident) Holds(d Detection) bool {
	entity := d.Entity.Kind + "/" + d.Entity.Name
	return slices.ContainsFunc(in.Told, func(t triage.Told) bool { return t.Rule == d.Reason.Key && t.Entity == entity })
}

// Decisions returns all decisions, the newest first.
func (s *Suppressions) Decisions(ctx context.Context) ([]Decision, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.store.Decisions(ctx)
}

// Passed counts what a decision let pass, as far as it is kept.
func (s *Suppressions) Passed(ctx context.Context, d Decision) (int, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return 0, err
	}
	return s.store.Passed(ctx, d)
}

// Decide keeps a decision, with its line in the audit log, and returns it as kept.
func (s *Suppressions) Decide(ctx context.Context, d Decision) (Decision, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return d, err
	}
	d.Reason = strings.TrimSpace(d.Reason)
	if err := NeedReason(d.Reason); err != nil {
		return d, err
	}
	verb, ok := map[DecisionState]string{Accepted: "alert.suppress", Dismissed: "alert.suppress.dismiss", Undone: "alert.suppress.undo"}[d.State]
	if !ok {
		return d, errs.New(errs.Invalid, "decision_unknown", "%q is no decision.", d.State)
	}
	who := ref.ActorFrom(ctx)
	d.By, d.Time = who.Name, s.now().UTC()
	return d, s.store.SaveDecision(ctx, d, ref.Act{
		Actor: who, Verb: verb, Target: d.target(), Reason: d.Reason, Time: d.Time,
		Detail: map[string]any{"proposal": d.ID, "where": d.Where, "exception": d.Exception, "expires": d.Expires},
	})
}

// target is what a decision is about.
func (d *Decision) target() ref.Ref {
	switch d.Kind {
	case ByIndicator:
		return ref.Ref{Kind: ref.Indicator, ID: d.Rule}
	case ByProduct:
		return ref.Ref{Kind: ref.Alert, ID: d.ID}
	}
	return ref.Ref{Kind: ref.Rule, ID: d.Rule}
}

// NeedReason tells whether a reason will do for a decision.
func NeedReason(reason string) error {
	if strings.TrimSpace(reason) == "" || len(reason) > 500 {
		return errs.New(errs.Invalid, "reason_missing", "Say why, in at most 500 characters: who comes next reads it.")
	}
	return nil
}

// Harmless tells whether a verdict says that an incident was none.
func (v *Verdict) Harmless() bool {
	return v != nil && (v.Kind == FalsePositive || v.Kind == BenignTruePositive)
}

// Railed names the guard rail that a rule is under wherever it fires: by the stage of
// attack it shows, or because its owner wants a person to look at the asset. "" when
// there is none. It is stricter than [Rail] is on one alert: what is on no crown jewel
// today may be on one tomorrow.
func Railed(d Detection) string {
	for _, r := range Rails() {
		if len(r.Techniques) == 0 {
			if r.stops(&Alert{Detection: d}) {
				return r.Title
			}
			continue
		}
		if slices.ContainsFunc(d.Techniques, func(t string) bool {
			parent, _, _ := strings.Cut(strings.ToUpper(t), ".")
			return slices.Contains(r.Techniques, parent)
		}) {
			return r.Title
		}
	}
	return ""
}
