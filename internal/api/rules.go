package api

import (
	"reflect"
	"strconv"
	"time"

	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/sigma"
)

// RuleList is one page of rules, and how many there are on all.
type RuleList struct {
	Page[detect.Rule]
	Total int `json:"total"`
}

// RuleView is one rule with all that is said about it.
type RuleView struct {
	Rule       detect.Rule        `json:"rule"`
	Text       string             `json:"text"` // the file it stands in
	Exceptions []detect.Exception `json:"exceptions"`
	Backtests  []detect.Backtest  `json:"backtests"`
	Cover      pipeline.Cover     `json:"cover"` // whether it can match our events
}

// ReasonBody says why.
type ReasonBody struct {
	Reason string `json:"reason"`
}

// SwitchBody turns rules on or off.
type SwitchBody struct {
	Rules  []string `json:"rules"`
	On     bool     `json:"on"`
	Reason string   `json:"reason"`
}

// Switched says how many rules changed.
type Switched struct {
	Changed int `json:"changed"`
}

// SourceSwitchBody silences the rules of a log source, or lets them speak again.
type SourceSwitchBody struct {
	Product  string `json:"product"`
	Category string `json:"category"`
	Service  string `json:"service"`
	On       bool   `json:"on"`
	Reason   string `json:"reason"`
}

// ExceptionBody makes an exception: Where is a Sigma selection in YAML, Life a
// duration such as "720h".
type ExceptionBody struct {
	Where  string `json:"where"`
	Reason string `json:"reason"`
	Life   string `json:"life"`
}

// BacktestBody asks for a run over the last Days days.
type BacktestBody struct {
	Days int `json:"days"`
}

// listRules pages by how many rules came before.
func (a *API) listRules(c call) (RuleList, error) {
	before := 0
	if cursor := c.query["cursor"]; cursor != "" {
		n, err := strconv.Atoi(cursor)
		if err != nil || n < 0 {
			return RuleList{}, errs.New(errs.Invalid, "cursor_invalid", "The cursor is not one this list gave out; start again without it.")
		}
		before = n
	}
	found, n, err := a.cfg.Detect.Rules(c.ctx, detect.Query{
		Text: c.query["q"], Pack: c.query["pack"], Level: c.query["level"], Tag: c.query["tag"], Product: c.query["product"],
		State: c.query["state"], Limit: c.int("limit", 100), Offset: before,
	})
	next := ""
	if after := before + len(found); len(found) > 0 && after < n {
		next = strconv.Itoa(after)
	}
	return RuleList{page(found, next), n}, err
}

func (a *API) rules() []route {
	s := a.cfg.Detect
	return []route{
		get("/rules", ref.Viewer, "Find detection rules.", []string{"q", "pack", "level", "tag", "product", "state", "limit", "cursor"}, a.listRules),
		get("/rules/{id}", ref.Viewer, "One rule with its text, exceptions and back-tests.", nil, a.rule),
		get("/rules/{id}/explanation", ref.Viewer, "Where a rule can match, and what it needs there.", nil, func(c call) (sigma.Explanation, error) {
			r, err := s.Sigma(c.ctx, c.id())
			return a.cfg.Rules.Explain(r), err
		}),
		get("/rules/{id}/versions", ref.Viewer, "The texts a rule has had, newest first.", nil, func(c call) (Page[detect.Version], error) {
			vs, err := s.Versions(c.ctx, c.id())
			return page(vs, ""), err
		}),
		send("POST", "/rules/switch", ref.Analyst, "Turn rules on or off, with a reason.", func(c call, b SwitchBody) (Switched, error) {
			n, err := s.Switch(c.ctx, b.Rules, b.On, b.Reason)
			return Switched{n}, err
		}),
		send("POST", "/rules/{id}/exceptions", ref.Analyst, "Let events pass that the rule would report, for a reason and for a time.", func(c call, b ExceptionBody) (detect.Exception, error) {
			life, err := time.ParseDuration(b.Life)
			if err != nil {
				return detect.Exception{}, errs.New(errs.Invalid, "life_invalid", "life is a duration such as 720h; %q is not.", b.Life)
			}
			return s.Except(c.ctx, c.id(), b.Where, b.Reason, time.Now().Add(life))
		}),
		send("POST", "/rules/{id}/backtests", ref.Analyst, "Run the rule, or the correlation with the rules it stands on, over the last days of history.", func(c call, b BacktestBody) (detect.Backtest, error) {
			now := time.Now()
			return s.Backtest(c.ctx, c.id(), now.AddDate(0, 0, -b.Days), now)
		}),
		get("/exceptions", ref.Viewer, "All exceptions, newest first.", nil, func(c call) (Page[detect.Exception], error) {
			ex, err := s.Exceptions(c.ctx, "")
			return page(ex, ""), err
		}),
		send("POST", "/exceptions/{id}/end", ref.Analyst, "Take an exception back.", func(c call, b ReasonBody) (none, error) {
			return none{}, s.EndException(c.ctx, c.id(), b.Reason)
		}),
		get("/backtests", ref.Viewer, "The latest back-tests.", []string{"limit"}, func(c call) (Page[detect.Backtest], error) {
			bs, err := s.Backtests(c.ctx, "", c.int("limit", 50))
			return page(bs, ""), err
		}),
		get("/packs", ref.Viewer, "The packs of rules.", nil, func(c call) (Page[detect.Pack], error) {
			ps, err := s.Packs(c.ctx)
			return page(ps, ""), err
		}),
		{
			method: "POST", path: "/api/v1/packs/{id}", role: ref.Analyst, raw: true, out: reflect.TypeFor[detect.Report](),
			summary: "Make the Sigma rules of an archive or a file the content of a pack; the body is the archive itself.",
			query:   []string{"version", "license", "origin", "dry_run"}, do: a.importPack,
		},
		get("/rule-sources", ref.Viewer, "The log sources whose rules are silenced.", nil, func(c call) (Page[detect.SourceSwitch], error) {
			sw, err := s.SourceSwitches(c.ctx)
			return page(sw, ""), err
		}),
		send("POST", "/rule-sources/switch", ref.Analyst, "Silence the rules of a log source, or let them speak again.", func(c call, b SourceSwitchBody) (none, error) {
			return none{}, s.SwitchSource(c.ctx, sigma.LogSource{Product: b.Product, Category: b.Category, Service: b.Service}, b.On, b.Reason)
		}),
	}
}

func (a *API) rule(c call) (RuleView, error) {
	s := a.cfg.Detect
	r, text, err := s.Rule(c.ctx, c.id())
	if err != nil {
		return RuleView{}, err
	}
	v := RuleView{Rule: r, Text: text, Exceptions: []detect.Exception{}, Backtests: []detect.Backtest{}, Cover: a.cfg.Rules.Cover(r.ID)}
	if ex, err := s.Exceptions(c.ctx, r.ID); err != nil {
		return v, err
	} else if ex != nil {
		v.Exceptions = ex
	}
	if bs, err := s.Backtests(c.ctx, r.ID, 20); err != nil {
		return v, err
	} else if bs != nil {
		v.Backtests = bs
	}
	return v, nil
}

func (a *API) importPack(c call, _ any) (any, error) {
	files, err := detect.ReadFiles(c.id(), c.r.Body)
	if err != nil {
		return nil, err
	}
	return a.cfg.Detect.Import(c.ctx, detect.Pack{
		Name: c.id(), Version: c.query["version"], License: c.query["license"], Origin: c.query["origin"],
	}, files, c.query["dry_run"] == "true")
}
