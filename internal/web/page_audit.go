package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/vedette-soc/vedette/internal/audit"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// auditPage is the newest lines of the log, and whether its chain is whole.
type auditPage struct {
	Lines   []audit.Entry
	State   string // "whole", "broken", "unchecked"
	Checked int64
	Last    string // hash of the last line
	Broken  string // what is wrong
	Target  string
}

func (auditPage) template() string { return "audit" }
func (auditPage) title() string    { return "Audit log" }

// verifyTime bounds how long a page checks the chain; a log that takes longer is
// checked on the command line.
const verifyTime = 2 * time.Second

func (s *server) showAudit(_ http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	p := auditPage{Target: r.URL.Query().Get("target")}
	var target ref.Ref
	if p.Target != "" {
		var err error
		if target, err = ref.Parse(p.Target); err != nil {
			return nil, errs.New(errs.Invalid, "target_invalid", "%q does not name a thing; write kind/id.", short(100, p.Target)).Because(err)
		}
	}
	var err error
	if p.Lines, err = s.cfg.Audit.Latest(r.Context(), target, 200); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(r.Context(), verifyTime)
	defer stop()
	p.Checked, p.Last, err = audit.Verify(ctx, s.cfg.Audit)
	switch {
	case err == nil:
		p.State = "whole"
	case errs.KindOf(err) == errs.Conflict:
		p.State, p.Broken = "broken", errs.Public(err)
	case errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil:
		p.State = "unchecked"
	default:
		return nil, err
	}
	return p, nil
}
