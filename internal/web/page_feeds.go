package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
)

// feedsPage is all sources: those chosen with their health, and the catalogue.
type feedsPage struct {
	Chosen    []feedLine
	Catalogue []collect.View
	Imports   []runLine // by hand
	CanAct    bool
	CanManage bool
	Alarms    int
}

type feedLine struct {
	collect.View
	Last *runLine
}

type runLine struct {
	collect.Run
	Loss loss
}

// Took is how long the run lasted.
func (r runLine) Took() string { return r.Finished.Sub(r.Started).Round(time.Millisecond).String() }

func (feedsPage) template() string { return "feeds" }
func (feedsPage) title() string    { return "Feeds" }

func alarming(h collect.Health) bool {
	return h != collect.OK && h != collect.Fresh && h != collect.Off
}

func (s *server) showFeeds(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	views, err := s.cfg.Collect.Feeds(r.Context())
	if err != nil {
		return nil, err
	}
	p := feedsPage{CanAct: mayAct(v), CanManage: mayManage(v)}
	for _, view := range views {
		if !view.Known {
			p.Catalogue = append(p.Catalogue, view)
			continue
		}
		runs, err := s.runs(r, view.Feed.ID, 1)
		if err != nil {
			return nil, err
		}
		line := feedLine{View: view}
		if len(runs) > 0 {
			line.Last = &runs[0]
		}
		if alarming(view.State.Health) {
			p.Alarms++
		}
		p.Chosen = append(p.Chosen, line)
	}
	slices.SortStableFunc(p.Chosen, func(a, b feedLine) int { return cmp.Compare(rankHealth(a.State.Health), rankHealth(b.State.Health)) })
	runs, err := s.runs(r, "", 200)
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		if strings.HasPrefix(run.Feed, "import") && len(p.Imports) < 10 {
			p.Imports = append(p.Imports, run)
		}
	}
	return p, nil
}

// rankHealth puts what raises an alarm first and what is off last.
func rankHealth(h collect.Health) int {
	switch {
	case alarming(h):
		return 0
	case h == collect.Off:
		return 2
	}
	return 1
}

func (s *server) runs(r *http.Request, feed string, limit int) ([]runLine, error) {
	runs, err := s.cfg.Collect.Runs(r.Context(), feed, limit)
	out := make([]runLine, 0, len(runs))
	for _, run := range runs {
		out = append(out, runLine{run, newLoss(run.Report)})
	}
	return out, err
}

// feedPage is one source with its runs and what they lost.
type feedPage struct {
	collect.View
	Runs      []runLine
	CanAct    bool
	CanManage bool
	Held      bool // the last set waits for somebody who says that it is right
	Problem   string
	Lives     []intel.Life // how long its entries were listed, when asked for
	AskedLife bool
}

func (feedPage) template() string { return "feed" }
func (p feedPage) title() string  { return short(80, p.Feed.Name) }

func (s *server) feedPage(r *http.Request, v visitor) (feedPage, error) {
	view, err := s.cfg.Collect.Feed(r.Context(), r.PathValue("id"))
	if err != nil {
		return feedPage{}, err
	}
	p := feedPage{View: view, CanAct: mayAct(v), CanManage: mayManage(v)}
	if p.Runs, err = s.runs(r, view.Feed.ID, 30); err != nil {
		return p, err
	}
	// A feed may be marked although its set was taken, without what was ours.
	p.Held = !view.State.Acknowledged && len(p.Runs) > 0 && p.Runs[0].Outcome == "held"
	return p, nil
}

func (s *server) showFeed(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	p, err := s.feedPage(r, v)
	if err != nil {
		return nil, err
	}
	if p.AskedLife = r.URL.Query().Has("life"); p.AskedLife {
		p.Lives, err = s.cfg.Intel.Lives(r.Context(), p.Feed.ID)
	}
	return p, err
}

func (s *server) toFeed(w http.ResponseWriter, r *http.Request, err error) (page, error) {
	if err != nil {
		return nil, err
	}
	return see(w, r, "/feeds/"+r.PathValue("id"))
}

func (s *server) postSwitch(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	return s.toFeed(w, r, s.cfg.Collect.Switch(r.Context(), r.PathValue("id"), r.PostFormValue("on") != ""))
}

// postRun runs a feed at once. A run that failed or was held back is shown with
// its reason, it is no failure of the page.
func (s *server) postRun(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	run, err := s.cfg.Collect.RunNow(r.Context(), r.PathValue("id"))
	if err == nil || run.ID == "" {
		return s.toFeed(w, r, err)
	}
	p, pageErr := s.feedPage(r, v)
	if pageErr != nil {
		return nil, pageErr
	}
	p.Problem = errs.Public(err)
	return p, err
}

func (s *server) postAcknowledge(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	return s.toFeed(w, r, s.cfg.Collect.Acknowledge(r.Context(), r.PathValue("id"), strings.TrimSpace(r.PostFormValue("why"))))
}

func (s *server) postDeleteFeed(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	if err := s.cfg.Collect.Delete(r.Context(), r.PathValue("id")); err != nil {
		return nil, err
	}
	return see(w, r, "/feeds")
}

func (s *server) postFeed(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	interval, err := time.ParseDuration(cmp.Or(r.PostFormValue("interval"), "1h"))
	if err != nil {
		return nil, errs.New(errs.Invalid, "interval_invalid", "The interval is a duration such as 30m or 6h.")
	}
	f := collect.Feed{
		ID: strings.ToLower(strings.TrimSpace(r.PostFormValue("id"))), Name: strings.TrimSpace(r.PostFormValue("name")),
		URL: strings.TrimSpace(r.PostFormValue("url")), Kind: strings.TrimSpace(r.PostFormValue("kind")),
		Interval: interval, Snapshot: r.PostFormValue("snapshot") != "", Enabled: true,
	}
	f.Name = cmp.Or(f.Name, f.ID)
	if strings.ContainsAny(f.ID, "/?#%\\ ") {
		return nil, errs.New(errs.Invalid, "feed_id_invalid", "The id of a feed has letters, digits, dots and dashes only.")
	}
	if err := s.cfg.Collect.Add(r.Context(), f); err != nil {
		return nil, err
	}
	return see(w, r, "/feeds/"+f.ID)
}
