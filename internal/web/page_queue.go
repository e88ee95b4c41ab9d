package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/errs"
)

// queuePage is the list of incidents and, beside it, one of them. The page of an
// incident is the same page with the incident first.
type queuePage struct {
	Filter   filter
	Rows     []queueRow
	NextURL  string // the next page of the list
	FirstURL string // back to its begin; "" on the first page
	Detail   *incidentDetail
	Alone    bool        // the incident is what was asked for, the list is beside it
	Start    []startStep // what an empty house needs; nil = it has all
	Notice   *notice
	Teach    []alert.Teaching // whose verdicts would teach most
	Me       string
	CanAct   bool
	Bare     bool // there is no profile, and who looks may write one
	Verdicts []alert.VerdictText
}

func (queuePage) template() string { return "queue" }
func (p queuePage) title() string {
	if p.Alone && p.Detail != nil {
		return fmt.Sprintf("Incident %d", p.Detail.Incident.Number)
	}
	return "Queue"
}

// filter is what the query string says of the list.
type filter struct {
	State, Level, Owner, Text, Cursor string
	Levels                            []string
}

func readFilter(q url.Values) filter {
	f := filter{State: q.Get("state"), Level: q.Get("level"), Owner: q.Get("owner"), Text: short(200, q.Get("q")), Cursor: q.Get("cursor")}
	for _, l := range levels {
		f.Levels = append(f.Levels, string(l))
	}
	if f.State != "closed" && f.State != "all" {
		f.State = "open"
	}
	return f
}

// query writes the filter back, without what is as usual.
func (f filter) query() url.Values {
	q := url.Values{}
	for k, v := range map[string]string{"level": f.Level, "owner": f.Owner, "q": f.Text, "cursor": f.Cursor} {
		if v != "" {
			q.Set(k, v)
		}
	}
	if f.State != "open" {
		q.Set("state", f.State)
	}
	return q
}

// URL is path with the filter.
func (f filter) URL(path string) string { return withQuery(path, f.query()) }

func withQuery(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// Active says whether anything restricts the list.
func (f filter) Active() bool {
	return f.Level != "" || f.Owner != "" || f.Text != "" || f.State != "open"
}

func (f filter) ask(me string) alert.QueueQuery {
	q := alert.QueueQuery{Text: f.Text, Owner: f.Owner, Level: f.Level, Cursor: f.Cursor, Limit: 100}
	if f.State != "all" {
		q.State = alert.State(f.State)
	}
	if f.Owner == "me" {
		q.Owner = me
	}
	return q
}

type queueRow struct {
	alert.Incident
	URL  string
	Here bool
	Loss string // expected, in money; "" = the profile gives none
}

// notice says what the last action did, and how to take it back.
type notice struct {
	Text    string
	UndoURL string // where a form posts to undo it; "" = cannot be undone
	Undo    string
}

func (s *server) showQueue(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	p, err := s.queue(r, v)
	if err != nil {
		return nil, err
	}
	if len(p.Rows) == 0 && !p.Filter.Active() && p.Filter.Cursor == "" {
		if p.Start, err = s.start(r.Context(), v); err != nil {
			return nil, err
		}
	}
	if len(p.Rows) > 0 && p.Filter.Cursor == "" {
		id := p.Rows[0].ID
		d, err := s.detail(r, v, id, &p)
		if err != nil && errs.KindOf(err) != errs.NotFound {
			return nil, err
		}
		if err == nil {
			p.Detail = d
		}
	}
	return p, nil
}

// queue reads the list that r's filters select.
func (s *server) queue(r *http.Request, v visitor) (queuePage, error) {
	p := queuePage{Filter: readFilter(r.URL.Query()), Me: v.user.Name, CanAct: mayAct(v), Verdicts: alert.Verdicts}
	_, version := s.cfg.Org.Edition()
	p.Bare = p.CanAct && version == 0
	list, next, err := s.cfg.Alerts.Queue(r.Context(), p.Filter.ask(v.user.Name))
	if err != nil {
		return p, err
	}
	for _, in := range list {
		p.Rows = append(p.Rows, queueRow{Incident: in, URL: p.Filter.URL("/incidents/" + in.ID), Loss: s.loss(in.Assessment)})
	}
	if next != "" {
		f := p.Filter
		f.Cursor = next
		p.NextURL = f.URL("/")
	}
	if p.Filter.Cursor != "" {
		f := p.Filter
		f.Cursor = ""
		p.FirstURL = f.URL("/")
	}
	if p.CanAct && p.Filter.Cursor == "" && len(p.Rows) > 0 {
		if p.Teach, err = s.cfg.Alerts.Teach(r.Context()); err != nil {
			return p, err
		}
	}
	p.Notice, err = s.notice(r)
	return p, err
}

// notice reads from the query string what was just done.
func (s *server) notice(r *http.Request) (*notice, error) {
	q := r.URL.Query()
	if n, err := strconv.Atoi(q.Get("changed")); err == nil && n > 0 {
		return &notice{Text: plural(n, "incident") + " changed."}, nil
	}
	id := q.Get("judged")
	if id == "" {
		return nil, nil
	}
	d, err := s.cfg.Alerts.Incident(r.Context(), id)
	switch {
	case errs.KindOf(err) == errs.NotFound:
		return nil, nil
	case err != nil:
		return nil, err
	case d.Incident.Verdict == nil:
		return nil, nil
	}
	return &notice{
		Text:    fmt.Sprintf("Incident %d is closed: %s.", d.Incident.Number, verdictLabel(d.Incident.Verdict.Kind)),
		UndoURL: readFilter(q).URL("/incidents/" + id + "/reopen"), Undo: "Undo",
	}, nil
}

func verdictLabel(k alert.VerdictKind) string {
	for _, v := range alert.Verdicts {
		if v.Kind == k {
			return v.Label
		}
	}
	return string(k)
}

// postQueue does one thing to all selected incidents.
func (s *server) postQueue(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	if err := r.ParseForm(); err != nil {
		return nil, errs.New(errs.Invalid, "form_broken", "The form could not be read.").Because(err)
	}
	ids := r.PostForm["id"]
	if len(ids) == 0 || len(ids) > 1000 {
		return nil, errs.New(errs.Invalid, "nothing_selected", "Select between 1 and 1,000 incidents first.")
	}
	do := r.PostFormValue("do")
	for _, id := range ids {
		var err error
		if do == "assign" {
			err = s.cfg.Alerts.Assign(r.Context(), id, v.user.Name)
		} else {
			err = s.cfg.Alerts.Judge(r.Context(), id, alert.Verdict{Kind: alert.VerdictKind(do), Reason: r.PostFormValue("reason")})
		}
		if err != nil {
			return nil, err
		}
	}
	q := readFilter(r.URL.Query()).query()
	q.Set("changed", strconv.Itoa(len(ids)))
	return see(w, r, withQuery("/", q))
}
