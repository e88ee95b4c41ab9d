package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/sigma"
)

// Suppressions proposes exceptions of rules from verdicts, and shows over what is
// stored what each would have hidden.
type Suppressions struct {
	Alerts    *alert.Suppressions
	Detect    *detect.Service
	History   telemetry.History
	Decoder   *Decoder
	Org       *org.Service
	Pipelines []sigma.Pipeline

	mu    sync.Mutex
	at    time.Time
	known []Suppression
	spare []string

	passes sync.Mutex
	live   []alert.Decision // guarded by passes; accepted, about the whole of something
	read   time.Time        // guarded by passes; when live was
}

// What a proposal rests on, and how long it holds.
const (
	suppressWindow = 30 * 24 * time.Hour
	suppressFor    = 30 * 24 * time.Hour
	leastOccasions = 3               // judged harmless
	occasion       = 5 * time.Minute // a longer pause makes another one
	suppressFresh  = 2 * time.Second // how long an answer is good for
	maxSuppressed  = 20              // hosts one exception names
)

// Suppression is a proposed exception of a rule, or of an indicator or another product's
// alert wherever it is met.
type Suppression struct {
	ID        string           `json:"id"`
	Kind      alert.ReasonKind `json:"kind"`
	Rule      string           `json:"rule"` // id of the rule or indicator; product and rule of an alert
	Title     string           `json:"title"`
	Level     string           `json:"level"`
	Where     string           `json:"where"` // the Sigma selection that passes
	Hosts     []string         `json:"hosts"`
	Occasions int              `json:"occasions"` // judged harmless
	Judged    []IncidentLine   `json:"judged"`
	Replay    Replay           `json:"replay"`
	Refused   bool             `json:"refused"` // it would have hidden a real attack
	Days      int              `json:"days"`    // how long it would hold
}

// Replay is what an exception would have hidden in the last 30 days, of what is
// stored.
type Replay struct {
	Looked    int            `json:"looked"`    // stored detections of the rule
	Hidden    int            `json:"hidden"`    // of them
	Gone      int            `json:"gone"`      // whose events are no longer there; those on the same hosts count as hidden
	Counted   int            `json:"counted"`   // more of them, only counted
	Incidents int            `json:"incidents"` // that hold something hidden
	Real      []IncidentLine `json:"real"`      // of them judged real
	Doubtful  []IncidentLine `json:"doubtful"`  // of them undetermined, or not judged
}

// IncidentLine is an incident in a list.
type IncidentLine struct {
	ID      string            `json:"id"`
	Number  int               `json:"number"`
	Title   string            `json:"title"`
	Verdict alert.VerdictKind `json:"verdict,omitempty"`
	State   alert.State       `json:"state"`
}

func lineOf(in alert.Incident) IncidentLine {
	l := IncidentLine{ID: in.ID, Number: in.Number, Title: in.Title, State: in.State}
	if in.Verdict != nil {
		l.Verdict = in.Verdict.Kind
	}
	return l
}

// Suppressed is an exception that came of a proposal.
type Suppressed struct {
	alert.Decision
	Live bool `json:"live"` // it still lets events pass
	Hits int  `json:"hits"`
}

// SuppressionList is what is proposed, and what was decided.
type SuppressionList struct {
	Proposed []Suppression `json:"proposed"`
	Decided  []Suppressed  `json:"decided"`
	// Spared are rules that verdicts speak against and guard rails keep.
	Spared []string `json:"spared"`
}

// List returns what is proposed, what hides most first, and what was decided. What
// was dismissed is proposed again when more was judged since.
func (s *Suppressions) List(ctx context.Context) (SuppressionList, error) {
	out := SuppressionList{Proposed: []Suppression{}, Decided: []Suppressed{}}
	decisions, err := s.Alerts.Decisions(ctx)
	if err != nil {
		return out, err
	}
	exceptions, err := s.Detect.Exceptions(ctx, "")
	if err != nil {
		return out, err
	}
	decided := map[string]Suppressed{}
	for _, d := range decisions {
		x := Suppressed{Decision: d}
		if i := slices.IndexFunc(exceptions, func(e detect.Exception) bool { return e.ID == d.Exception }); i >= 0 {
			x.Live, x.Hits = exceptions[i].Live(time.Now()), exceptions[i].Hits
		}
		if d.Whole() {
			x.Live = d.State == alert.Accepted && time.Now().Before(d.Expires)
			if x.Hits, err = s.Alerts.Passed(ctx, d); err != nil {
				return out, err
			}
		}
		decided[d.ID] = x
		out.Decided = append(out.Decided, x)
	}
	all, spared, err := s.all(ctx)
	if err != nil {
		return out, err
	}
	out.Spared = spared
	for _, p := range all {
		if d, ok := decided[p.ID]; ok && (d.Live || p.Occasions <= d.Evidence) || slices.ContainsFunc(exceptions, func(e detect.Exception) bool {
			return e.Rule == p.Rule && e.Where == p.Where && e.Live(time.Now())
		}) {
			continue
		}
		out.Proposed = append(out.Proposed, p)
	}
	return out, nil
}

// proposed finds a proposal that may be decided.
func (s *Suppressions) proposed(ctx context.Context, id string) (Suppression, error) {
	s.forget()
	list, err := s.List(ctx)
	if err != nil {
		return Suppression{}, err
	}
	for _, p := range list.Proposed {
		if p.ID == id {
			return p, nil
		}
	}
	return Suppression{}, errs.New(errs.NotFound, "suppression_unknown", "This is not proposed, or no longer: load the page again.")
}

// Accept makes the proposed exception, for a number of days (0 = 30).
func (s *Suppressions) Accept(ctx context.Context, id, reason string, days int) (alert.Decision, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return alert.Decision{}, err
	}
	if days < 0 || days > 365 {
		return alert.Decision{}, errs.New(errs.Invalid, "expiry_invalid", "A suppression holds between 1 and 365 days.")
	}
	if err := alert.NeedReason(reason); err != nil {
		return alert.Decision{}, err
	}
	p, err := s.proposed(ctx, id)
	if err != nil {
		return alert.Decision{}, err
	}
	if p.Refused {
		return alert.Decision{}, errs.New(errs.Conflict, "suppression_refused", "It would have hidden incident %d, which was judged real.", p.Replay.Real[0].Number)
	}
	life := suppressFor
	if days > 0 {
		life = time.Duration(days) * 24 * time.Hour
	}
	d := p.decision(alert.Accepted, reason)
	if p.Kind != alert.ByRule {
		d.Expires = time.Now().UTC().Add(life)
		return s.decide(ctx, d)
	}
	e, err := s.Detect.Except(ctx, p.Rule, p.Where, reason, time.Now().Add(life))
	if err != nil {
		return alert.Decision{}, err
	}
	d.Exception, d.Expires = e.ID, e.Expires
	return s.decide(ctx, d)
}

// Dismiss keeps a proposal from coming again unless more is judged.
func (s *Suppressions) Dismiss(ctx context.Context, id, reason string) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	p, err := s.proposed(ctx, id)
	if err != nil {
		return err
	}
	_, err = s.decide(ctx, p.decision(alert.Dismissed, reason))
	return err
}

// Undo takes an accepted proposal back: everything is reported again.
func (s *Suppressions) Undo(ctx context.Context, id, reason string) error {
	if err := alert.NeedReason(reason); err != nil {
		return err
	}
	decisions, err := s.Alerts.Decisions(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(decisions, func(d alert.Decision) bool { return d.ID == id })
	if i < 0 || decisions[i].State != alert.Accepted {
		return errs.New(errs.Conflict, "suppression_not_accepted", "This was not accepted, or was taken back already.")
	}
	d := decisions[i]
	if d.Exception != "" {
		if err := s.Detect.EndException(ctx, d.Exception, reason); err != nil && errs.KindOf(err) != errs.Conflict {
			return err // an exception that is over is no reason not to say so
		}
	}
	d.State, d.Reason = alert.Undone, reason
	_, err = s.decide(ctx, d)
	return err
}

func (s *Suppressions) decide(ctx context.Context, d alert.Decision) (alert.Decision, error) {
	defer s.forget()
	return s.Alerts.Decide(ctx, d)
}

func (s *Suppressions) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = time.Time{}
	s.passes.Lock()
	defer s.passes.Unlock()
	s.read = time.Time{}
}

func (p Suppression) decision(state alert.DecisionState, reason string) alert.Decision {
	return alert.Decision{ID: p.ID, Kind: p.Kind, Rule: p.Rule, Title: p.Title, Where: p.Where, State: state, Reason: reason, Evidence: p.Occasions}
}

// all is everything verdicts speak for, whatever was decided about it.
func (s *Suppressions) all(ctx context.Context) ([]Suppression, []string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.at) < suppressFresh {
		return s.known, s.spare, nil
	}
	judged, err := s.Alerts.Judged(ctx, time.Now().Add(-suppressWindow))
	if err != nil {
		return nil, nil, fmt.Errorf("read what was judged: %w", err)
	}
	var out []Suppression
	var spared []string
	for rule, r := range judged {
		if why := alert.Railed(r.Held[0].Detection); why != "" {
			spared = append(spared, r.Held[0].Detection.Reason.Title+": "+why)
			continue
		}
		find := s.ofRule
		if r.Held[0].Detection.Reason.Kind != alert.ByRule {
			find = s.ofReason
		}
		found, err := find(ctx, rule, r)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, found...)
	}
	slices.Sort(spared)
	slices.SortFunc(out, func(a, b Suppression) int {
		return cmp.Or(cmp.Compare(b.Replay.Hidden, a.Replay.Hidden), cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID))
	})
	s.known, s.spare, s.at = out, spared, time.Now()
	return out, spared, nil
}

// suppressionSpace is the namespace of the ids of proposals.
var suppressionSpace = uuid.MustParse("0a6d4c1e-6f7b-5c1a-9a86-8a0ba9a0e6d1")

func suppressionID(rule, what, value string) string {
	return uuid.NewSHA1(suppressionSpace, []byte(rule+"\x00"+what+"\x00"+value)).String()
}
