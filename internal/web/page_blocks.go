package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/identity"
	"github.com/vedette-soc/vedette/internal/respond"
	"github.com/vedette-soc/vedette/ref"
)

// blocksPage is what we changed outside, and the lists that carry it.
type blocksPage struct {
	Active    []respond.Action
	Ended     []respond.Action
	Lists     []respond.List
	ListURL   string
	Secret    string // of a new token, shown once
	SecretFor string
	CanAct    bool
	CanManage bool
}

func (blocksPage) template() string { return "blocks" }
func (blocksPage) title() string    { return "Blocks" }

func mayManage(v visitor) bool { return v.may(ref.Admin) }

func (s *server) blocksPage(r *http.Request, v visitor) (blocksPage, error) {
	p := blocksPage{CanAct: mayAct(v), CanManage: mayManage(v), ListURL: s.cfg.ListURL}
	all, err := s.cfg.Respond.Actions(r.Context(), "", "", 500)
	if err != nil {
		return p, err
	}
	for _, a := range all {
		if a.State == respond.Active {
			p.Active = append(p.Active, a)
		} else {
			p.Ended = append(p.Ended, a)
		}
	}
	p.Lists, err = s.cfg.Respond.Lists(r.Context())
	return p, err
}

func (s *server) showBlocks(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	p, err := s.blocksPage(r, v)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// blockPage is a block before it is made: what it would have cut, what speaks
// against it, how long it lasts.
type blockPage struct {
	Obs      observable
	Preview  respond.Preview
	Lives    []life
	Reason   string
	Incident *alert.Incident
	CanAct   bool
	Problem  string
}

// life is a choice of how long a block lasts.
type life struct {
	Hours  int
	Label  string
	Chosen bool
}

func (blockPage) template() string { return "block" }
func (p blockPage) title() string  { return "Block " + short(60, p.Obs.Shown()) + "?" }

func lives(chosen time.Duration) []life {
	all := []life{{1, "1 hour", false}, {24, "1 day", false}, {72, "3 days", false}, {168, "7 days", false}, {720, "30 days", false}, {2160, "90 days", false}}
	for i := range all {
		all[i].Chosen = time.Duration(all[i].Hours)*time.Hour == chosen
	}
	return all
}

func (s *server) showBlockPreview(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	q := r.URL.Query()
	p, err := s.blockPage(r, v, q.Get("type"), q.Get("value"), q.Get("incident"))
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (s *server) blockPage(r *http.Request, v visitor, kind, raw, incident string) (blockPage, error) {
	t, value, err := indicator.Identify(indicator.Type(kind), raw)
	if err != nil {
		return blockPage{}, errs.New(errs.Invalid, "value_invalid", "%q is not a value that can be blocked.", short(200, raw)).Because(err)
	}
	p := blockPage{Obs: observable{Type: t, Value: value}, Lives: lives(respond.Life(t)), CanAct: mayAct(v)}
	if p.Preview, err = s.cfg.Respond.Preview(r.Context(), t, value); err != nil || incident == "" {
		return p, err
	}
	d, err := s.cfg.Alerts.Incident(r.Context(), incident)
	if err != nil {
		return p, err
	}
	p.Incident = &d.Incident
	p.Reason = "Incident " + strconv.Itoa(d.Incident.Number) + ": " + short(150, d.Incident.Title)
	return p, nil
}

func (s *server) postBlock(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	hours, err := strconv.Atoi(r.PostFormValue("hours"))
	if err != nil || hours < 1 || hours > 24*90 {
		return nil, errs.New(errs.Invalid, "life_invalid", "A block lasts between an hour and 90 days.")
	}
	o := respond.Order{
		Type: indicator.Type(r.PostFormValue("type")), Value: r.PostFormValue("value"), Reason: strings.TrimSpace(r.PostFormValue("reason")),
		Incident: r.PostFormValue("incident"), Life: time.Duration(hours) * time.Hour,
	}
	a, err := s.cfg.Respond.Block(r.Context(), o)
	if err != nil {
		p, pageErr := s.blockPage(r, v, string(o.Type), o.Value, o.Incident)
		if k := errs.KindOf(err); pageErr != nil || k == errs.Internal {
			return nil, err
		}
		p.Reason, p.Problem, p.Lives = o.Reason, errs.Public(err), lives(o.Life)
		return p, err
	}
	if a.Incident == "" {
		return see(w, r, "/blocks")
	}
	return s.onIncident(w, r, a, "blocked "+indicator.Defang(a.Value)+" until "+a.Expires.Format("2006-01-02 15:04 MST")+": "+a.Reason)
}

// onIncident writes what a block did into the timeline of its incident and goes
// there.
func (s *server) onIncident(w http.ResponseWriter, r *http.Request, a respond.Action, what string) (page, error) {
	e := alert.Entry{Time: s.now().UTC(), Kind: "action", Text: what, By: ref.ActorFrom(r.Context()).Name, Ref: ref.Ref{Kind: ref.Action, ID: a.ID}}
	if err := s.cfg.Alerts.Observe(r.Context(), a.Incident, e); err != nil {
		return nil, err
	}
	return see(w, r, "/incidents/"+a.Incident)
}

func (s *server) postUndo(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	why := strings.TrimSpace(r.PostFormValue("why"))
	a, err := s.cfg.Respond.Undo(r.Context(), r.PathValue("id"), why)
	if err != nil {
		return nil, err
	}
	if a.Incident == "" || r.PostFormValue("back") != "incident" {
		return see(w, r, "/blocks")
	}
	return s.onIncident(w, r, a, strings.TrimSuffix("took back the block of "+indicator.Defang(a.Value)+": "+why, ": "))
}

// withSecret shows the blocks page with a token that is shown only now.
func (s *server) withSecret(r *http.Request, v visitor, list, secret string) (page, error) {
	p, err := s.blocksPage(r, v)
	if err != nil {
		return nil, err
	}
	p.Secret, p.SecretFor = secret, list
	return p, nil
}

func (s *server) postList(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	capacity := 0
	if c := r.PostFormValue("capacity"); c != "" {
		n, err := strconv.Atoi(c)
		if err != nil || n < 0 {
			return nil, errs.New(errs.Invalid, "capacity_invalid", "The capacity is a number of entries; empty for no limit.")
		}
		capacity = n
	}
	secret, hash := identity.NewSecret("vdl_")
	l, err := s.cfg.Respond.AddList(r.Context(), strings.TrimSpace(r.PostFormValue("name")), r.PostFormValue("kind"), capacity, secret, hash)
	if err != nil {
		return nil, err
	}
	return s.withSecret(r, v, l.ID, secret)
}

func (s *server) postRotate(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	secret, hash := identity.NewSecret("vdl_")
	if err := s.cfg.Respond.RotateList(r.Context(), r.PathValue("id"), hash); err != nil {
		return nil, err
	}
	return s.withSecret(r, v, r.PathValue("id"), secret)
}

func (s *server) postDeleteList(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	if err := s.cfg.Respond.DeleteList(r.Context(), r.PathValue("id")); err != nil {
		return nil, err
	}
	return see(w, r, "/blocks")
}
