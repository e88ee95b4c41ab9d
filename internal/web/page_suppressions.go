package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/pipeline"
)

// suppressionsPage is what verdicts propose to let pass, and what was decided.
type suppressionsPage struct {
	pipeline.SuppressionList
	CanAct bool
}

func (suppressionsPage) template() string { return "suppressions" }
func (suppressionsPage) title() string    { return "Suppressions" }

func (s *server) showSuppressions(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	list, err := s.cfg.Suppressions.List(r.Context())
	if err != nil {
		return nil, err
	}
	return suppressionsPage{list, mayAct(v)}, nil
}

// postSuppress decides: the last part of the path says how.
func (s *server) postSuppress(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	id, why := r.PathValue("id"), strings.TrimSpace(r.PostFormValue("why"))
	var err error
	switch {
	case strings.HasSuffix(r.URL.Path, "/accept"):
		var days int
		if days, err = strconv.Atoi(r.PostFormValue("days")); err != nil || days < 1 {
			return nil, errs.New(errs.Invalid, "expiry_invalid", "Say for how many days.")
		}
		_, err = s.cfg.Suppressions.Accept(r.Context(), id, why, days)
	case strings.HasSuffix(r.URL.Path, "/dismiss"):
		err = s.cfg.Suppressions.Dismiss(r.Context(), id, why)
	default:
		err = s.cfg.Suppressions.Undo(r.Context(), id, why)
	}
	if err != nil {
		return nil, err
	}
	return see(w, r, "/suppressions")
}
