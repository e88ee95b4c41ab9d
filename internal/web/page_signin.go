package web

import (
	"net/http"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

type signInPage struct {
	Name    string
	Next    string
	Problem string
}

func (signInPage) template() string { return "signin" }
func (signInPage) title() string    { return "Sign in" }

func (s *server) showSignIn(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	next := within(r.URL.Query().Get("next"))
	if v.actor.Role >= ref.Viewer {
		return see(w, r, next)
	}
	return signInPage{Next: next}, nil
}

func (s *server) postSignIn(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	p := signInPage{Name: strings.ToLower(strings.TrimSpace(r.PostFormValue("name"))), Next: within(r.PostFormValue("next"))}
	secret, _, err := s.cfg.Identity.SignIn(r.Context(), p.Name, r.PostFormValue("password"))
	if err != nil {
		if errs.KindOf(err) == errs.Internal {
			return nil, err
		}
		p.Problem = errs.Public(err)
		return p, err
	}
	s.setCookie(w, r, secret, cookieLife)
	return see(w, r, p.Next)
}

func (s *server) postSignOut(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	if err := s.cfg.Identity.SignOut(r.Context(), v.secret); err != nil {
		return nil, err
	}
	s.setCookie(w, r, "", -1)
	return see(w, r, "/sign-in")
}

func (s *server) postTheme(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	if err := s.cfg.Identity.SetTheme(r.Context(), v.user, r.PostFormValue("theme")); err != nil {
		return nil, err
	}
	return see(w, r, within(r.PostFormValue("back")))
}

// setUpPage makes the first administrator.
type setUpPage struct {
	Secret  string
	Name    string
	Void    bool // the link was used, or is not the newest
	Problem string
	Fields  map[string]string
}

func (setUpPage) template() string { return "setup" }
func (setUpPage) title() string    { return "Set up Vedette" }

func (s *server) showSetUp(_ http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	p := setUpPage{Secret: r.URL.Query().Get("secret"), Name: "admin"}
	pending, err := s.cfg.Identity.SetUpPending(r.Context(), p.Secret)
	if err != nil {
		return nil, err
	}
	p.Void = !pending
	if p.Void {
		return p, errs.New(errs.Denied, "setup_link_invalid", "This set-up link was used, or is not the newest one.")
	}
	return p, nil
}

func (s *server) postSetUp(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	p := setUpPage{Secret: r.PostFormValue("secret"), Name: strings.ToLower(strings.TrimSpace(r.PostFormValue("name")))}
	password := r.PostFormValue("password")
	err := error(nil)
	if password != r.PostFormValue("again") {
		err = &errs.Error{
			Kind: errs.Invalid, Code: "passwords_differ", Message: "The two passwords differ.", Fields: map[string]string{"again": "Type the same password again."},
		}
	} else {
		_, err = s.cfg.Identity.SetUp(r.Context(), p.Secret, p.Name, password)
	}
	if err != nil {
		if errs.KindOf(err) == errs.Internal {
			return nil, err
		}
		p.Problem, p.Fields, p.Void = errs.Public(err), errs.FieldsOf(err), errs.KindOf(err) == errs.Denied
		return p, err
	}
	secret, _, err := s.cfg.Identity.SignIn(r.Context(), p.Name, password)
	if err != nil {
		return nil, err
	}
	s.setCookie(w, r, secret, cookieLife)
	return see(w, r, "/feeds")
}
