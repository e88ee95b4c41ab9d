package web

import (
	"net/http"
	"strings"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
)

// feedAuditPage is what each source is worth.
type feedAuditPage struct {
	intel.Portfolio
	Lines     []auditLine
	Heat      []heatRow
	Other     []string // sources of something else than indicators
	CanManage bool
}

// auditLine is one source of the league table.
type auditLine struct {
	intel.FeedAudit
	Place int
	Feed  *collect.View // nil for imports by hand and feeds that are gone
}

// Offending is what of it stands on warning lists, a few of them.
func (l auditLine) Offending() []intel.ListedValue {
	return l.Listed.Samples[:min(len(l.Listed.Samples), 8)]
}

// heatRow is one source against all others.
type heatRow struct {
	Place int
	Name  string
	Cells []heatCell
}

type heatCell struct {
	Share float64
	Class string // heat-0 to heat-10
	Self  bool
}

func (feedAuditPage) template() string { return "feed_audit" }
func (feedAuditPage) title() string    { return "Feed audit" }

// heatShown bounds the sources of the matrix: beyond, nobody can read it.
const heatShown = 40

func (s *server) showFeedAudit(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	audit, err := s.cfg.Intel.Audit(r.Context())
	if err != nil {
		return nil, err
	}
	views, err := s.cfg.Collect.Feeds(r.Context())
	if err != nil {
		return nil, err
	}
	byID := map[string]*collect.View{}
	for i := range views {
		if views[i].Known {
			byID[views[i].Feed.ID] = &views[i]
		}
	}
	p := feedAuditPage{Portfolio: audit, CanManage: mayManage(v)}
	var at []int // places in the audit of those that bring indicators
	for i, f := range audit.Feeds {
		if f.Volume == 0 && f.Adds == 0 && f.Removes == 0 && byID[f.Source] == nil {
			p.Other = append(p.Other, f.Source)
			continue
		}
		at = append(at, i)
		p.Lines = append(p.Lines, auditLine{f, len(at), byID[f.Source]})
	}
	at = at[:min(len(at), heatShown)]
	for i := range at {
		row := heatRow{Place: i + 1, Name: audit.Feeds[at[i]].Source}
		for j := range at {
			share := audit.Overlap[at[i]][at[j]]
			row.Cells = append(row.Cells, heatCell{share, heatClass(share), i == j})
		}
		p.Heat = append(p.Heat, row)
	}
	return p, nil
}

// heatClass is one of eleven shades; only nothing at all is heat-0.
func heatClass(share float64) string {
	names := [...]string{"heat-0", "heat-1", "heat-2", "heat-3", "heat-4", "heat-5", "heat-6", "heat-7", "heat-8", "heat-9", "heat-10"}
	if share <= 0 {
		return names[0]
	}
	return names[max(1, min(int(share*10), 10))]
}

func (s *server) postRetire(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	why := strings.TrimSpace(r.PostFormValue("why"))
	if why == "" {
		return nil, errs.New(errs.Invalid, "reason_missing", "Say why the feed is retired.")
	}
	if err := s.cfg.Collect.Retire(r.Context(), r.PathValue("id"), why); err != nil {
		return nil, err
	}
	return see(w, r, "/feeds/audit")
}
