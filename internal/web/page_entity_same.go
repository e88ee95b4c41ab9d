package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
)

// sameLine is another entity that is the same thing, or may be.
type sameLine struct {
	intel.Sameness
	Shares string // names that both bear, of one that may be the same
}

// sameForm is the form that says what another entity is to the one shown.
type sameForm struct {
	From string
	Line sameLine
}

// calledLine is a name and who says it.
type calledLine struct {
	Name string
	By   []string
}

// versionLine is one version of the entity as a source published it.
type versionLine struct {
	Source   string
	Modified time.Time
	Added    time.Time
	URL      string
}

// elsewhereShown bounds the entities named beside one.
const elsewhereShown = 30

// identity adds what is the same thing elsewhere, what may be, and who gives which
// name.
func (s *server) identity(ctx context.Context, p *entityPage) error {
	found, err := s.cfg.Intel.Resolve(ctx, p.names())
	if err != nil {
		return err
	}
	called := map[string][]string{}
	call := func(e intel.Entity) {
		for _, n := range append([]string{e.Name}, e.Aliases...) {
			if !slices.Contains(called[n], e.Source) {
				called[n] = append(called[n], e.Source)
			}
		}
	}
	call(p.Entity)
	mine := map[string]bool{p.Entity.ID: true}
	for _, m := range found[p.Entity.Name] {
		if m.ID != p.Entity.ID && !slices.ContainsFunc(m.Same, func(o intel.Sameness) bool { return o.ID == p.Entity.ID }) {
			continue
		}
		for _, o := range append([]intel.Sameness{{ID: m.ID, Type: m.Type, Name: m.Name, Source: m.Source}}, m.Same...) {
			if mine[o.ID] || len(p.Same) == elsewhereShown {
				continue
			}
			if o.Why == "" { // the first of the meaning carries no reason: ours has it
				o.Why = whyOf(m.Same, p.Entity.ID)
			}
			mine[o.ID] = true
			p.Same = append(p.Same, sameLine{Sameness: o})
			e, err := s.cfg.Intel.Entity(ctx, o.ID)
			if err != nil && errs.KindOf(err) != errs.NotFound {
				return err
			}
			call(e)
		}
	}
	p.maybe(found, mine)
	p.call(called)
	return nil
}

func whyOf(same []intel.Sameness, id string) string {
	for _, o := range same {
		if o.ID == id {
			return o.Why
		}
	}
	return ""
}

// maybe lists what bears one of the names and is not the same thing.
func (p *entityPage) maybe(found map[string][]intel.Meaning, mine map[string]bool) {
	at := map[string]int{}
	for _, name := range p.names() {
		for _, m := range found[name] {
			if mine[m.ID] || m.Type == "x-vedette-catalogue" {
				continue
			}
			i, known := at[m.ID]
			if !known {
				if len(p.Maybe) == elsewhereShown {
					continue
				}
				i = len(p.Maybe)
				at[m.ID] = i
				p.Maybe = append(p.Maybe, sameLine{Sameness: intel.Sameness{ID: m.ID, Type: m.Type, Name: m.Name, Source: m.Source}})
			}
			if p.Maybe[i].Shares != "" {
				p.Maybe[i].Shares += ", "
			}
			p.Maybe[i].Shares += name
		}
	}
}

// call lists the names, the entity's own first.
func (p *entityPage) call(called map[string][]string) {
	order := p.names()
	for n := range called {
		if !slices.Contains(order, n) {
			order = append(order, n)
		}
	}
	for _, n := range order {
		p.Called = append(p.Called, calledLine{n, called[n]})
	}
	slices.SortStableFunc(p.Called[1:], func(a, b calledLine) int {
		if len(a.By) != len(b.By) {
			return len(b.By) - len(a.By)
		}
		return strings.Compare(a.Name, b.Name)
	})
}

// versionsShown bounds the versions listed.
const versionsShown = 50

// versions adds which versions of the entity came when, and shows the one that was
// known at the time asked for.
func (s *server) versions(r *http.Request, p *entityPage) error {
	rows, err := s.cfg.Intel.Objects(r.Context(), intel.ObjectQuery{IDs: []string{p.Entity.ID}, Versions: "all", Limit: versionsShown})
	if err != nil {
		return err
	}
	for _, row := range rows {
		at := row.Added.UTC().Format(time.RFC3339Nano)
		p.Versions = append(p.Versions, versionLine{row.Source, row.Modified, row.Added, withQuery("/entities/"+url.PathEscape(p.Entity.ID), url.Values{"as-of": {at}})})
	}
	if n := len(rows); n > 0 {
		p.RuleType, p.Rule = ruleOf(rows[n-1].Raw)
	}
	slices.Reverse(p.Versions)
	asked := r.URL.Query().Get("as-of")
	if asked == "" {
		return nil
	}
	at, err := asOf(asked)
	if err != nil {
		return err
	}
	then, err := s.cfg.Intel.EntityAsOf(r.Context(), p.Entity.ID, at)
	if err != nil {
		return err
	}
	p.Entity, p.AsOf = then, at
	return nil
}

// ruleOf returns the rule that an object's pattern is.
func ruleOf(raw []byte) (kind, text string) {
	var r struct {
		Pattern string `json:"pattern"`
		Type    string `json:"pattern_type"`
	}
	if json.Unmarshal(raw, &r) != nil || r.Type == "stix" {
		return "", ""
	}
	return r.Type, short(100_000, r.Pattern)
}

// asOf reads a time as a link or a form writes it, in UTC.
func asOf(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			if layout == time.DateOnly {
				t = t.AddDate(0, 0, 1).Add(-time.Microsecond) // the whole day
			}
			return t, nil
		}
	}
	return time.Time{}, errs.New(errs.Invalid, "time_invalid", "%q is no time; write 2026-05-01 or 2026-05-01T14:03.", short(40, s))
}

// postSame keeps what an analyst says of two entities.
func (s *server) postSame(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	id := r.PathValue("id")
	if err := s.cfg.Intel.Decide(r.Context(), id, r.PostFormValue("other"), r.PostFormValue("verdict"), strings.TrimSpace(r.PostFormValue("why"))); err != nil {
		return nil, err
	}
	s.cfg.Landscape.Forget()
	return see(w, r, "/entities/"+url.PathEscape(id)+"#same")
}
