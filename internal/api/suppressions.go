package api

import (
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/ref"
)

// AcceptBody accepts a proposal.
type AcceptBody struct {
	Reason string `json:"reason"`
	Days   int    `json:"days,omitempty"` // 1-365; default 30
}

func (a *API) suppressions() []route {
	s := a.cfg.Suppressions
	return []route{
		get("/suppressions", ref.Viewer, "Exceptions that verdicts propose, with what each would have hidden, and what was decided.", nil, func(c call) (pipeline.SuppressionList, error) {
			return s.List(c.ctx)
		}),
		send("POST", "/suppressions/{id}/accept", ref.Analyst, "Make a proposed exception, for a reason and for a time.", func(c call, b AcceptBody) (alert.Decision, error) {
			return s.Accept(c.ctx, c.id(), b.Reason, b.Days)
		}),
		send("POST", "/suppressions/{id}/dismiss", ref.Analyst, "Dismiss a proposal: it comes again when more was judged.", func(c call, b ReasonBody) (none, error) {
			return none{}, s.Dismiss(c.ctx, c.id(), b.Reason)
		}),
		send("POST", "/suppressions/{id}/undo", ref.Analyst, "Take an accepted proposal back.", func(c call, b ReasonBody) (none, error) {
			return none{}, s.Undo(c.ctx, c.id(), b.Reason)
		}),
	}
}
