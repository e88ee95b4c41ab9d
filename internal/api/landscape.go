package api

import (
	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/landscape"
	"github.com/vedette-soc/vedette/ref"
)

// TargetingBody is what an analyst says of an actor.
type TargetingBody struct {
	Verdict string `json:"verdict"` // yes, no, undecided
	Reason  string `json:"reason"`
}

func (a *API) threats() []route {
	return []route{
		get("/landscape", ref.Viewer, "Actors ranked by what speaks for their being a threat to this organisation, each reason with its weight.", []string{"state", "limit"}, func(c call) (Page[pipeline.Threat], error) {
			t, err := a.cfg.Landscape.Threats(c.ctx)
			if err != nil {
				return Page[pipeline.Threat]{}, err
			}
			state := landscape.State(c.query["state"])
			switch state {
			case "", landscape.Relevant, landscape.Other, landscape.Unknown:
			default:
				return Page[pipeline.Threat]{}, errs.New(errs.Invalid, "state_unknown", "%q is not one of relevant, other, unknown.", state)
			}
			var out []pipeline.Threat
			limit := min(c.int("limit", 100), 10_000)
			for _, actor := range t.Actors {
				if len(out) < limit && (state == "" || actor.State == state) {
					out = append(out, actor)
				}
			}
			return page(out, ""), nil
		}),
		get("/landscape/campaigns", ref.Viewer, "Campaigns ranked by what speaks for their being a threat to this organisation: by themselves, by whom they are attributed to, and by time.", []string{"limit"}, func(c call) (Page[pipeline.CampaignThreat], error) {
			t, err := a.cfg.Landscape.Threats(c.ctx)
			if err != nil {
				return Page[pipeline.CampaignThreat]{}, err
			}
			return page(t.Campaigns[:min(len(t.Campaigns), max(c.int("limit", 100), 0))], ""), nil
		}),
		get("/attack/layer", ref.Viewer, "The ATT&CK matrix as a layer of ATT&CK Navigator, by coverage, logs, actors or seen.", []string{"domain", "by", "n", "actor"}, func(c call) (attack.Layer, error) {
			t, err := a.cfg.Landscape.Threats(c.ctx)
			if err != nil {
				return attack.Layer{}, err
			}
			m, err := t.Matrix(a.cfg.Attack, pipeline.MatrixQuery{Domain: attack.Domain(c.query["domain"]), View: pipeline.View(c.query["by"]), Actors: c.int("n", 0), Actor: c.query["actor"]})
			if err != nil {
				return attack.Layer{}, err
			}
			return m.Layer(a.cfg.Attack), nil
		}),
		send("POST", "/entities/{id}/targeting", ref.Analyst, "Say that an actor targets us, that it does not, or take that back.", func(c call, b TargetingBody) (none, error) {
			err := a.cfg.Intel.JudgeTargeting(c.ctx, c.id(), b.Verdict, b.Reason)
			if err == nil {
				a.cfg.Landscape.Forget()
			}
			return none{}, err
		}),
	}
}
