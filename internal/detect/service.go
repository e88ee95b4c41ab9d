package detect

import (
	"context"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/sigma"
)

// Config is what a Service stands on.
type Config struct {
	Store  Store
	Tuning TuningStore
	Past   Past
	Now    func() time.Time // nil = time.Now
}

// Service is the life of rules. Safe for concurrent use.
type Service struct {
	store  Store
	tuning TuningStore
	past   Past
	now    func() time.Time
	parsed parsed
	wake   chan struct{} // a back-test waits
}

// New returns a Service.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Service{store: c.Store, tuning: c.Tuning, past: c.Past, now: c.Now, wake: make(chan struct{}, 1)}
}

// Packs returns all packs.
func (s *Service) Packs(ctx context.Context) ([]Pack, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.store.Packs(ctx)
}

// maxPage is the most rules one answer holds.
const maxPage = 10_000

// Rules returns a page of rules and how many there are in all.
func (s *Service) Rules(ctx context.Context, q Query) ([]Rule, int, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, 0, err
	}
	if q.Limit <= 0 || q.Limit > maxPage {
		q.Limit = maxPage
	}
	return s.store.Rules(ctx, q)
}

// Rule returns one rule and the text of the file it stands in.
func (s *Service) Rule(ctx context.Context, id string) (Rule, string, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Rule{}, "", err
	}
	return s.rule(ctx, id)
}

// Sigma returns a rule as Sigma reads it; for a filter or a correlation only its id.
func (s *Service) Sigma(ctx context.Context, id string) (sigma.Rule, error) {
	r, text, err := s.Rule(ctx, id)
	if err != nil || r.Kind != Plain {
		return sigma.Rule{ID: r.ID}, err
	}
	return ruleIn(r, text)
}

func (s *Service) rule(ctx context.Context, id string) (Rule, string, error) {
	found, _, err := s.store.Rules(ctx, Query{ID: id, Limit: 1})
	if err != nil {
		return Rule{}, "", err
	}
	if len(found) == 0 {
		return Rule{}, "", errs.New(errs.NotFound, "rule_unknown", "There is no rule %q.", id)
	}
	texts, err := s.store.Texts(ctx, []string{found[0].Text})
	return found[0], texts[found[0].Text], err
}

// Versions returns the texts that a rule has had, newest first.
func (s *Service) Versions(ctx context.Context, rule string) ([]Version, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.store.Versions(ctx, rule)
}

// Switch turns rules on or off and returns how many changed.
func (s *Service) Switch(ctx context.Context, rules []string, on bool, reason string) (int, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return 0, err
	}
	if err := needReason(reason); err != nil {
		return 0, err
	}
	if len(rules) == 0 || len(rules) > maxPage {
		return 0, errs.New(errs.Invalid, "rules_missing", "Name between 1 and %d rules.", maxPage)
	}
	return s.store.Switch(ctx, rules, on, ref.Act{
		Actor: ref.ActorFrom(ctx), Verb: verb(on), Target: ref.Ref{Kind: ref.Rule, ID: rules[0]}, Reason: reason,
	})
}

func verb(on bool) string {
	if on {
		return "detect.enable"
	}
	return "detect.disable"
}

// needReason refuses a change nobody could explain later.
func needReason(reason string) error {
	if len(strings.TrimSpace(reason)) < 3 || len(reason) > 2000 {
		return errs.New(errs.Invalid, "reason_missing", "Say why, in 3 to 2000 characters: whoever meets this later must be able to judge it.")
	}
	return nil
}

// SourceSwitches returns the log sources whose rules are silenced.
func (s *Service) SourceSwitches(ctx context.Context) ([]SourceSwitch, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.tuning.SourceSwitches(ctx)
}

// SwitchSource silences all rules of a log source, or lets them speak again. A
// rule is of the source when its own log source is that one or a part of it.
func (s *Service) SwitchSource(ctx context.Context, source sigma.LogSource, on bool, reason string) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	if err := needReason(reason); err != nil {
		return err
	}
	source.Definition = ""
	if source == (sigma.LogSource{}) {
		return errs.New(errs.Invalid, "logsource_missing", "Name a product, a category or a service.")
	}
	who := ref.ActorFrom(ctx)
	return s.tuning.SaveSourceSwitch(ctx, SourceSwitch{Source: source, Reason: reason, By: who.Name, Time: s.now().UTC()}, on, ref.Act{
		Actor: who, Verb: verb(on), Target: ref.Ref{Kind: ref.Rule, ID: source.String()}, Reason: reason,
	})
}

// silenced says whether a switch covers a rule's log source.
func silenced(switches []SourceSwitch, source sigma.LogSource) bool {
	for _, w := range switches {
		if w.Source.Covers(source) {
			return true
		}
	}
	return false
}
