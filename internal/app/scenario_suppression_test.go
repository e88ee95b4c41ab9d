package app_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/pipeline"
)

// suppression plays the steps about what verdicts propose.
func (s *scene) suppression(line, verb, what, more string) {
	list := func() pipeline.SuppressionList {
		return ask[pipeline.SuppressionList](s.t, s.h, "GET", "/suppressions", nil)
	}
	proposal := func() pipeline.Suppression {
		l := list()
		i := slices.IndexFunc(l.Proposed, func(p pipeline.Suppression) bool { return strings.Contains(p.Title, what) })
		if i < 0 {
			s.t.Fatalf("%s: it is not proposed: %+v", line, l)
		}
		return l.Proposed[i]
	}
	switch verb {
	case "proposes":
		s.until(line, func() bool { return fmt.Sprint(len(list().Proposed)) == what })
	case "hides":
		if p := proposal(); fmt.Sprint(p.Replay.Hidden) != more {
			s.t.Errorf("%s: it would have hidden %d: %+v", line, p.Replay.Hidden, p)
		}
	case "refused":
		var p pipeline.Suppression
		s.until(line, func() bool {
			p = proposal()
			return p.Refused && slices.ContainsFunc(p.Replay.Real, func(l pipeline.IncidentLine) bool { return strings.Contains(l.Title, more) })
		})
		if err := s.h.Call(s.t.Context(), "POST", "/suppressions/"+p.ID+"/accept", api.AcceptBody{Reason: "anyway"}, nil); err == nil {
			s.t.Errorf("%s: it was accepted", line)
		}
	case "accept":
		p := proposal()
		renewed(s.t, s.h, func() {
			ask[alert.Decision](s.t, s.h, "POST", "/suppressions/"+p.ID+"/accept", api.AcceptBody{Reason: "as the scenario has it"})
		})
	case "pass":
		ask[alert.Decision](s.t, s.h, "POST", "/suppressions/"+proposal().ID+"/accept", api.AcceptBody{Reason: "as the scenario has it"})
	case "end":
		l := list()
		i := slices.IndexFunc(l.Decided, func(d pipeline.Suppressed) bool {
			return strings.Contains(d.Title, what) && d.Live && fmt.Sprint(d.Hits) == more
		})
		if i < 0 {
			s.t.Fatalf("%s: it is not in force, or kept away another number: %+v", line, l.Decided)
		}
		ask[any](s.t, s.h, "POST", "/suppressions/"+l.Decided[i].ID+"/undo", api.ReasonBody{Reason: "as the scenario has it"})
	case "dismiss":
		ask[any](s.t, s.h, "POST", "/suppressions/"+proposal().ID+"/dismiss", api.ReasonBody{Reason: "as the scenario has it"})
	case "undo":
		l := list()
		i := slices.IndexFunc(l.Decided, func(d pipeline.Suppressed) bool { return strings.Contains(d.Title, what) && d.Live })
		if i < 0 {
			s.t.Fatalf("%s: it is not in force: %+v", line, l.Decided)
		}
		renewed(s.t, s.h, func() {
			ask[any](s.t, s.h, "POST", "/suppressions/"+l.Decided[i].ID+"/undo", api.ReasonBody{Reason: "as the scenario has it"})
		})
	case "spares":
		s.until(line, func() bool {
			return slices.ContainsFunc(list().Spared, func(t string) bool { return strings.Contains(t, what) })
		})
	case "detections":
		if n := ask[api.Health](s.t, s.h, "GET", "/health", nil).Totals.Detections; fmt.Sprint(n) != what {
			s.t.Errorf("%s: it is %d", line, n)
		}
	default:
		s.t.Fatalf("no such step: %s", line)
	}
}
