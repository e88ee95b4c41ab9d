package api

import (
	"cmp"
	"reflect"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/ref"
)

// EraseBody names an account, or the id of one of its records, to be forgotten.
type EraseBody struct {
	Account string `json:"account"`
	Reason  string `json:"reason"`
}

// Erased is how much was forgotten.
type Erased struct {
	Records int `json:"records"`
}

// Who leaked is the most personal of what is kept: only administrators read it, and each
// reading stands in the audit log.
func (a *API) leaks() []route {
	return []route{
		get("/leaks", ref.Admin, "Leaked accounts of ours, what says most first; the reading stands in the audit log.", []string{"kind", "q", "limit"}, func(c call) (Page[pipeline.LeakedAccount], error) {
			kind, err := leak.ParseKind(c.query["kind"])
			if err != nil {
				return Page[pipeline.LeakedAccount]{}, err
			}
			list, err := a.cfg.Leaks.Accounts(c.ctx, kind, c.query["q"])
			return page(list[:min(len(list), min(c.int("limit", 1000), 100_000))], ""), err
		}),
		{
			method: "POST", path: "/api/v1/leaks/import", role: ref.Analyst, raw: true, out: reflect.TypeFor[leak.Report](), query: []string{"name", "kind", "source", "domain", "date", "dry_run"},
			summary: "Read stolen credentials: a stealer log, a list of combinations, a table, an answer of Have I Been Pwned, or a zip or tar of them; the body is the file. No password is kept, and nothing that does not concern us.",
			do: func(c call, _ any) (any, error) {
				o := leak.Order{
					Name: cmp.Or(c.query["name"], "upload"), Reader: c.r.Body, Kind: c.query["kind"], Source: c.query["source"], Domain: c.query["domain"], Dry: c.query["dry_run"] == "true",
				}
				if d := c.query["date"]; d != "" {
					var err error
					if o.Time, err = time.Parse(time.DateOnly, d); err != nil {
						return nil, errs.New(errs.Invalid, "date_invalid", "%q is no date like 2026-11-03.", d)
					}
				}
				return a.cfg.Leaks.Leak.Import(c.ctx, o)
			},
		},
		send("POST", "/leaks/erase", ref.Admin, "Forget everything about an account.", func(c call, b EraseBody) (Erased, error) {
			n, err := a.cfg.Leaks.Leak.Erase(c.ctx, b.Account, b.Reason)
			return Erased{n}, err
		}),
	}
}
