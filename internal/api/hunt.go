package api

import (
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/ref"
)

func (a *API) hunts() []route {
	s := a.cfg.Hunt
	return []route{
		get("/hunt/jobs", ref.Viewer, "The newest looks back over the history.", []string{"limit"}, func(c call) (Page[hunt.Job], error) {
			jobs, err := s.Jobs(c.ctx, c.int("limit", 50))
			return page(jobs, ""), err
		}),
		get("/hunt/jobs/{id}", ref.Viewer, "One look back, with how far it is and what it found.", nil, func(c call) (hunt.Job, error) { return s.Job(c.ctx, c.id()) }),
		send("POST", "/hunt/retro", ref.Analyst, "Hold every live indicator against the whole history.", func(c call, _ none) (hunt.Job, error) { return s.Retro(c.ctx) }),
	}
}
