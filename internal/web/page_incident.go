package web

import (
	"net/http"
	"strings"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/investigate"
	"github.com/vedette-soc/vedette/internal/respond"
	"github.com/vedette-soc/vedette/ref"
)

// incidentDetail is one incident, why first.
type incidentDetail struct {
	alert.Detail
	Why                           why
	Dossier                       investigate.Dossier
	Actions                       []respond.Action
	Verdicts                      []verdictButton
	Problem                       string // what was wrong with the last form
	Reason                        string // as typed, when the form is shown again
	Lead                          bool   // the page is about this incident: its heading is the page's
	CanAct                        bool
	Me                            string
	NextID                        string // the incident after it in the list
	BackURL                       string
	Others                        []queueRow // of the list, that it may be merged into
	verdict, assign, note, reopen string
	merge, split                  string
}

type verdictButton struct {
	alert.VerdictText
	Key         int
	NeedsReason bool
}

func verdictButtons() []verdictButton {
	var out []verdictButton
	for i, v := range alert.Verdicts {
		needs := v.Kind != alert.TruePositive && v.Kind != alert.Test && v.Kind != alert.Duplicate
		out = append(out, verdictButton{v, i + 1, needs})
	}
	return out
}

// VerdictURL and the other methods say where the forms post to, with the filters
// of the list.
func (d incidentDetail) VerdictURL() string { return d.verdict }

// AssignURL is where the owner is changed.
func (d incidentDetail) AssignURL() string { return d.assign }

// NoteURL is where a note is added.
func (d incidentDetail) NoteURL() string { return d.note }

// MergeURL is where it is merged into another one.
func (d incidentDetail) MergeURL() string { return d.merge }

// SplitURL is where alerts are taken out of it.
func (d incidentDetail) SplitURL() string { return d.split }

// ReopenURL is where a verdict is taken back.
func (d incidentDetail) ReopenURL() string { return d.reopen }

func mayAct(v visitor) bool { return v.may(ref.Analyst) }

// detail reads an incident and what is known around it, for its place in p.
func (s *server) detail(r *http.Request, v visitor, id string, p *queuePage) (*incidentDetail, error) {
	ctx := r.Context()
	in, err := s.cfg.Alerts.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	d := &incidentDetail{Detail: in, Why: newWhy(in), Verdicts: verdictButtons(), CanAct: mayAct(v), Me: v.user.Name}
	d.Why.Loss, d.Why.Stake = s.loss(in.Incident.Assessment), s.stake(in.Incident.Assessment)
	if d.Dossier, err = s.cfg.Investigate.Dossier(ctx, id); err != nil {
		return nil, err
	}
	if d.Actions, err = s.cfg.Respond.Actions(ctx, "", id, 100); err != nil {
		return nil, err
	}
	for i := range p.Rows {
		if p.Rows[i].ID != id {
			continue
		}
		p.Rows[i].Here = true
		switch {
		case i+1 < len(p.Rows):
			d.NextID = p.Rows[i+1].ID
		case i > 0:
			d.NextID = p.Rows[i-1].ID
		}
	}
	for _, row := range p.Rows {
		if row.ID != id && row.State == alert.Open {
			d.Others = append(d.Others, row)
		}
	}
	base := "/incidents/" + id
	d.merge, d.split = p.Filter.URL(base+"/merge"), p.Filter.URL(base+"/split")
	d.BackURL = p.Filter.URL("/")
	d.verdict, d.assign, d.note, d.reopen = p.Filter.URL(base+"/verdict"), p.Filter.URL(base+"/assign"), p.Filter.URL(base+"/note"), p.Filter.URL(base+"/reopen")
	return d, nil
}

// incidentPage is the page of one incident beside its list.
func (s *server) incidentPage(r *http.Request, v visitor, id string) (queuePage, error) {
	p, err := s.queue(r, v)
	if err != nil {
		return p, err
	}
	p.Alone = true
	if p.Detail, err = s.detail(r, v, id, &p); err != nil {
		return p, err
	}
	p.Detail.Lead = true
	return p, nil
}

func (s *server) showIncident(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	p, err := s.incidentPage(r, v, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return p, nil
}

// changed answers a form of an incident: back to it, or the same page with what is
// wrong.
func (s *server) changed(w http.ResponseWriter, r *http.Request, v visitor, reason string, err error) (page, error) {
	id := r.PathValue("id")
	if err == nil {
		return see(w, r, readFilter(r.URL.Query()).URL("/incidents/"+id))
	}
	if k := errs.KindOf(err); k != errs.Invalid && k != errs.Conflict {
		return nil, err
	}
	p, pageErr := s.incidentPage(r, v, id)
	if pageErr != nil {
		return nil, pageErr
	}
	p.Detail.Problem, p.Detail.Reason = errs.Public(err), reason
	return p, err
}

func (s *server) postVerdict(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	id, next := r.PathValue("id"), r.PostFormValue("next")
	verdict := alert.Verdict{
		Kind: alert.VerdictKind(r.PostFormValue("verdict")), Reason: r.PostFormValue("reason"), Impact: r.PostFormValue("impact") != "",
	}
	if err := s.cfg.Alerts.Judge(r.Context(), id, verdict); err != nil {
		return s.changed(w, r, v, verdict.Reason, err)
	}
	q := readFilter(r.URL.Query()).query()
	q.Set("judged", id)
	if next == "" || strings.ContainsAny(next, "/?#\\") {
		return see(w, r, withQuery("/", q))
	}
	return see(w, r, withQuery("/incidents/"+next, q))
}

func (s *server) postMerge(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	into, why := r.PostFormValue("into"), strings.TrimSpace(r.PostFormValue("why"))
	if err := s.cfg.Alerts.Merge(r.Context(), r.PathValue("id"), into, why); err != nil {
		return s.changed(w, r, v, "", err)
	}
	return see(w, r, readFilter(r.URL.Query()).URL("/incidents/"+into))
}

func (s *server) postSplit(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	if err := r.ParseForm(); err != nil {
		return nil, errs.New(errs.Invalid, "form_broken", "The form could not be read.").Because(err)
	}
	made, err := s.cfg.Alerts.Split(r.Context(), r.PathValue("id"), r.PostForm["alert"], strings.TrimSpace(r.PostFormValue("why")))
	if err != nil {
		return s.changed(w, r, v, "", err)
	}
	return see(w, r, readFilter(r.URL.Query()).URL("/incidents/"+made))
}

func (s *server) postAssign(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	owner := ""
	if r.PostFormValue("to") == "me" {
		owner = v.user.Name
	}
	return s.changed(w, r, v, "", s.cfg.Alerts.Assign(r.Context(), r.PathValue("id"), owner))
}

func (s *server) postNote(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	text := strings.TrimSpace(r.PostFormValue("text"))
	return s.changed(w, r, v, "", s.cfg.Alerts.Note(r.Context(), r.PathValue("id"), text))
}

func (s *server) postReopen(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	return s.changed(w, r, v, "", s.cfg.Alerts.Reopen(r.Context(), r.PathValue("id"), strings.TrimSpace(r.PostFormValue("why"))))
}

// ByRules says whether detection rules are behind the incident.
func (d incidentDetail) ByRules() bool {
	for _, a := range d.Alerts {
		if a.Detection.Reason.Kind == alert.ByRule {
			return true
		}
	}
	return false
}
