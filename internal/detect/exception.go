package detect

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/sigma"
)

// maxException is how long an exception may hold: what nobody confirms for a
// year is forgotten, not decided.
const maxException = 366 * 24 * time.Hour

// Exceptions returns those of a rule, or all when rule is empty.
func (s *Service) Exceptions(ctx context.Context, rule string) ([]Exception, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.tuning.Exceptions(ctx, rule)
}

// Except makes an exception of a rule. where is a Sigma selection in YAML, such as
// "Image|endswith: '\backup.exe'"; an event that it describes passes.
func (s *Service) Except(ctx context.Context, rule, where, reason string, expires time.Time) (Exception, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Exception{}, err
	}
	if err := needReason(reason); err != nil {
		return Exception{}, err
	}
	r, _, err := s.rule(ctx, rule)
	if err != nil {
		return Exception{}, err
	}
	now := s.now().UTC()
	if !expires.After(now) || expires.Sub(now) > maxException {
		return Exception{}, errs.New(errs.Invalid, "expiry_invalid", "An exception ends between now and a year from now; %s does not.", expires.UTC().Format(time.DateOnly))
	}
	who := ref.ActorFrom(ctx)
	e := Exception{ID: uuid.Must(uuid.NewV7()).String(), Rule: r.ID, Where: where, Reason: reason, By: who.Name, Created: now, Expires: expires.UTC()}
	if _, err := e.Compile(r); err != nil {
		return Exception{}, err
	}
	return e, s.tuning.SaveException(ctx, e, ref.Act{
		Actor: who, Verb: "detect.except", Target: ref.Ref{Kind: ref.Rule, ID: r.ID}, Reason: reason, Time: now,
		Detail: map[string]any{"exception": e.ID, "where": where, "expires": e.Expires},
	})
}

// EndException takes an exception back.
func (s *Service) EndException(ctx context.Context, id, reason string) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	if err := needReason(reason); err != nil {
		return err
	}
	all, err := s.tuning.Exceptions(ctx, "")
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.ID != id {
			continue
		}
		if !e.Live(s.now()) {
			return errs.New(errs.Conflict, "exception_over", "This exception is over already.")
		}
		e.Ended = s.now().UTC()
		return s.tuning.SaveException(ctx, e, ref.Act{
			Actor: ref.ActorFrom(ctx), Verb: "detect.unexcept", Target: ref.Ref{Kind: ref.Rule, ID: e.Rule}, Reason: reason, Time: e.Ended,
			Detail: map[string]any{"exception": e.ID},
		})
	}
	return errs.New(errs.NotFound, "exception_unknown", "There is no exception %q.", id)
}

// Compile makes a Sigma rule of the exception: it has the log source of the rule
// and the exception's id, and matches the events that pass.
func (e Exception) Compile(r Rule) (sigma.Rule, error) {
	var search map[string]any
	if err := decodeSelection(e.Where, &search); err != nil {
		return sigma.Rule{}, errs.New(errs.Invalid, "exception_unreadable",
			"The exception is not a Sigma selection: write field: value pairs, such as User: 'svc-backup'.").Because(err)
	}
	doc, err := encodeRule(map[string]any{
		"title": "Exception of " + r.Title, "id": e.ID, "logsource": logSourceOf(r.Source),
		"detection": map[string]any{"pass": search, "condition": "pass"},
	})
	if err != nil {
		return sigma.Rule{}, fmt.Errorf("write the exception as a rule: %w", err)
	}
	c, err := sigma.Parse("exception", doc)
	if err != nil || len(c.Rules) != 1 {
		return sigma.Rule{}, errs.New(errs.Invalid, "exception_unreadable", "The exception cannot be used: %v.", err)
	}
	return c.Rules[0], nil
}
