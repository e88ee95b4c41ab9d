package api

import (
	"cmp"
	"reflect"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/ref"
)

// AskBody is a question to the history. Since and Until are times (RFC 3339, or a
// day), or how long ago: 24h, 7d. Budget is how long the answer may take.
type AskBody struct {
	Query  string `json:"query"`
	Since  string `json:"since"`
	Until  string `json:"until"`
	Limit  int    `json:"limit"`
	Budget string `json:"budget"`
}

// Ask reads the body.
func (b AskBody) ask(now time.Time) (hunt.Ask, error) {
	a := hunt.Ask{Limit: b.Limit}
	var err error
	if a.Since, err = hunt.Moment(b.Since, now); err != nil {
		return a, err
	}
	if a.Until, err = hunt.Moment(b.Until, now); err != nil {
		return a, err
	}
	if b.Budget != "" {
		if a.Budget, err = hunt.Duration(b.Budget); err != nil {
			return a, errs.New(errs.Invalid, "budget_invalid", "budget is a length of time such as 30s; %q is not.", b.Budget)
		}
	}
	return a, nil
}

// RuleOf asks for a rule that says what a question asks.
type RuleOf struct {
	Query       string `json:"query"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Technique   string `json:"technique"`
	Level       string `json:"level"`
}

// RuleText is a rule in YAML.
type RuleText struct {
	Text string `json:"text"`
}

// ListText is a list of values as it was pasted.
type ListText struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Listed says how many values a list holds.
type Listed struct {
	Name   string `json:"name"`
	Values int    `json:"values"`
}

func (a *API) hunts() []route {
	s := a.cfg.Hunt
	return []route{
		send("POST", "/hunt", ref.Viewer, "Put a question to the history; see docs/hunt.md for the language.", func(c call, b AskBody) (hunt.Answer, error) {
			ask, err := b.ask(time.Now())
			if err != nil {
				return hunt.Answer{}, err
			}
			return s.Ask(c.ctx, b.Query, ask, nil)
		}),
		send("POST", "/hunt/rule", ref.Viewer, "Say a question as a Sigma rule, to be read and then imported as a pack.", func(c call, b RuleOf) (RuleText, error) {
			q, err := hunt.Parse(b.Query)
			if err != nil {
				return RuleText{}, err
			}
			text, err := q.Rule(hunt.Draft{Title: b.Title, Description: b.Description, Author: ref.ActorFrom(c.ctx).Name, Technique: b.Technique, Level: cmp.Or(b.Level, "medium")})
			return RuleText{text}, err
		}),
		get("/hunt/jobs", ref.Viewer, "The newest looks back over the history.", []string{"limit"}, func(c call) (Page[hunt.Job], error) {
			jobs, err := s.Jobs(c.ctx, c.int("limit", 50))
			return page(jobs, ""), err
		}),
		get("/hunt/jobs/{id}", ref.Viewer, "One look back, with how far it is and what it found.", nil, func(c call) (hunt.Job, error) { return s.Job(c.ctx, c.id()) }),
		send("POST", "/hunt/retro", ref.Analyst, "Hold every live indicator against the whole history.", func(c call, _ none) (hunt.Job, error) { return s.Retro(c.ctx) }),
		{
			method: "POST", path: "/api/v1/hunt/against", role: ref.Analyst, raw: true, out: reflect.TypeFor[pipeline.Against](), query: []string{"limit"},
			summary: "Hold indicators against the history without storing them; the body has one JSON object a line: type, value, names, sources, confidence.",
			do:      func(c call, _ any) (any, error) { return a.cfg.Retro.Against(c.ctx, c.r.Body, c.int("limit", 10_000)) },
		},
		get("/hunts", ref.Viewer, "The hunts that are kept, with what came of them.", nil, func(c call) (Page[hunt.Saved], error) {
			all, err := s.Hunts(c.ctx)
			return page(all, ""), err
		}),
		get("/hunts/{id}", ref.Viewer, "One hunt.", nil, func(c call) (hunt.Saved, error) { return s.Hunt(c.ctx, c.id()) }),
		send("POST", "/hunts", ref.Analyst, "Keep a hunt; with an id, in place of the one before.", func(c call, h hunt.Saved) (hunt.Saved, error) { return s.Save(c.ctx, h) }),
		send("POST", "/hunts/{id}/run", ref.Analyst, "Ask a kept hunt now.", func(c call, _ none) (hunt.Outcome, error) { return s.Try(c.ctx, c.id()) }),
		send("DELETE", "/hunts/{id}", ref.Analyst, "Forget a hunt.", func(c call, _ none) (none, error) { return none{}, s.Delete(c.ctx, c.id()) }),
		send("POST", "/hunt/lists", ref.Analyst, "Keep a list of values, to be asked for as list:NAME.", func(c call, b ListText) (Listed, error) {
			l, err := s.SaveList(c.ctx, b.Name, b.Text)
			return Listed{l.Name, len(l.Values)}, err
		}),
		get("/hunt/lists", ref.Viewer, "The names of the lists.", nil, func(c call) (Page[string], error) {
			names, err := s.Lists(c.ctx)
			return page(names, ""), err
		}),
	}
}
