package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/identity"
	"github.com/vedette-soc/vedette/ref"
)

// peoplePage is who may come in: users and tokens.
type peoplePage struct {
	Users     []identity.User
	Tokens    []identity.Token
	Secret    string // of a new token, shown once
	SecretFor string
	Name      string // of the user that could not be made
	Problem   string
	Fields    map[string]string
	Now       time.Time
}

func (peoplePage) template() string { return "people" }
func (peoplePage) title() string    { return "People and tokens" }

func (s *server) peoplePage(r *http.Request) (peoplePage, error) {
	p := peoplePage{Now: s.now()}
	var err error
	if p.Users, err = s.cfg.Identity.Users(r.Context()); err != nil {
		return p, err
	}
	p.Tokens, err = s.cfg.Identity.Tokens(r.Context())
	return p, err
}

func (s *server) showPeople(_ http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	p, err := s.peoplePage(r)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (s *server) postUser(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	name := strings.ToLower(strings.TrimSpace(r.PostFormValue("name")))
	role, err := ref.ParseRole(r.PostFormValue("role"))
	if err != nil || role < ref.Viewer {
		return nil, errs.New(errs.Invalid, "role_invalid", "A person is a viewer, an analyst or an admin.")
	}
	if _, err = s.cfg.Identity.AddUser(r.Context(), name, r.PostFormValue("password"), role); err == nil {
		return see(w, r, "/people")
	}
	p, pageErr := s.peoplePage(r)
	if k := errs.KindOf(err); pageErr != nil || (k != errs.Invalid && k != errs.Conflict) {
		return nil, err
	}
	p.Problem, p.Fields, p.Name = errs.Public(err), errs.FieldsOf(err), name
	return p, err
}

func (s *server) postToken(_ http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	role, err := ref.ParseRole(r.PostFormValue("role"))
	if err != nil {
		return nil, errs.New(errs.Invalid, "role_invalid", "A token has the role sender, device, viewer, analyst or admin.")
	}
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil || days < 0 || days > 3650 {
		return nil, errs.New(errs.Invalid, "life_invalid", "A token lasts between 1 and 3,650 days; 0 is for ever.")
	}
	t, secret, err := s.cfg.Identity.AddToken(r.Context(), strings.TrimSpace(r.PostFormValue("name")), role, time.Duration(days)*24*time.Hour)
	if err != nil {
		return nil, err
	}
	p, err := s.peoplePage(r)
	if err != nil {
		return nil, err
	}
	p.Secret, p.SecretFor = secret, t.Name
	return p, nil
}

func (s *server) postRevoke(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	if err := s.cfg.Identity.RevokeToken(r.Context(), r.PathValue("id")); err != nil {
		return nil, err
	}
	return see(w, r, "/people")
}
