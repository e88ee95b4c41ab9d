package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/pipeline"
)

// rulePage is one rule: what it looks for, whether it can, and how it was tuned.
type rulePage struct {
	ruleLine
	Text       ruleText
	Correlates *correlated // nil = it is no correlation
	Exceptions []exceptionLine
	Backtests  []backtestLine
	Versions   []detect.Version
	Pending    bool // a back-test is under way
	CanAct     bool
	Now        time.Time
}

type exceptionLine struct {
	detect.Exception
	State string // "active", "ended", "expired"
}

type backtestLine struct {
	detect.Backtest
	Bars []dayBar
}

// dayBar is one day of a back-test: Height is 0-100 of the worst day.
type dayBar struct {
	detect.Day
	Height int
}

func (rulePage) template() string { return "rule" }
func (p rulePage) title() string  { return short(80, p.Title) }

// Can says whether the rule can fire, for the template.
func (p rulePage) Can() pipeline.Cover { return p.Cover }

func (s *server) rulePage(r *http.Request, v visitor) (rulePage, error) {
	ctx := r.Context()
	rule, text, err := s.cfg.Detect.Rule(ctx, r.PathValue("id"))
	if err != nil {
		return rulePage{}, err
	}
	p := rulePage{ruleLine: ruleLine{rule, s.cfg.Rules.Cover(rule.ID)}, Text: textAround(text, rule.Line), Correlates: correlationOf(rule, text), CanAct: mayAct(v), Now: time.Now().UTC()}
	ex, err := s.cfg.Detect.Exceptions(ctx, rule.ID)
	if err != nil {
		return p, err
	}
	for _, e := range ex {
		p.Exceptions = append(p.Exceptions, exceptionLine{e, exceptionState(e, p.Now)})
	}
	runs, err := s.cfg.Detect.Backtests(ctx, rule.ID, 10)
	if err != nil {
		return p, err
	}
	for _, b := range runs {
		p.Pending = p.Pending || b.State == detect.Waiting || b.State == detect.Running
		p.Backtests = append(p.Backtests, backtestLine{b, dayBars(b.Days)})
	}
	p.Versions, err = s.cfg.Detect.Versions(ctx, rule.ID)
	return p, err
}

func exceptionState(e detect.Exception, now time.Time) string {
	switch {
	case !e.Ended.IsZero():
		return "ended"
	case !e.Live(now):
		return "expired"
	}
	return "active"
}

// dayBars scales the matches of each day to the worst one.
func dayBars(days []detect.Day) []dayBar {
	most := 1
	for _, d := range days {
		most = max(most, d.Matches)
	}
	out := make([]dayBar, 0, len(days))
	for _, d := range days {
		h := d.Matches * 100 / most
		if d.Matches > 0 {
			h = max(h, 4)
		}
		out = append(out, dayBar{d, h})
	}
	return out
}

func (s *server) showRule(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	p, err := s.rulePage(r, v)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (s *server) toRule(w http.ResponseWriter, r *http.Request, err error) (page, error) {
	if err != nil {
		return nil, err
	}
	return see(w, r, "/rules/"+r.PathValue("id"))
}

func (s *server) postRuleSwitch(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	_, err := s.cfg.Detect.Switch(r.Context(), []string{r.PathValue("id")}, r.PostFormValue("on") != "", strings.TrimSpace(r.PostFormValue("why")))
	return s.toRule(w, r, err)
}

func (s *server) postException(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	until, err := time.Parse(time.DateOnly, r.PostFormValue("until"))
	if err != nil {
		return nil, errs.New(errs.Invalid, "expiry_invalid", "Say until which day the exception holds.")
	}
	_, err = s.cfg.Detect.Except(r.Context(), r.PathValue("id"), r.PostFormValue("where"), strings.TrimSpace(r.PostFormValue("why")), until)
	return s.toRule(w, r, err)
}

func (s *server) postEndException(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	return s.toRule(w, r, s.cfg.Detect.EndException(r.Context(), r.PathValue("exception"), strings.TrimSpace(r.PostFormValue("why"))))
}

func (s *server) postBacktest(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil || days < 1 {
		return nil, errs.New(errs.Invalid, "backtest_span", "Say over how many days.")
	}
	now := time.Now()
	_, err = s.cfg.Detect.Backtest(r.Context(), r.PathValue("id"), now.AddDate(0, 0, -days), now)
	return s.toRule(w, r, err)
}
