package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

const sessionCookie = "vedette_session"

// cookieLife is the longest a session can last; the service ends it earlier when
// it is not used.
const cookieLife = 7 * 24 * time.Hour

// visitor returns who sends r: the zero visitor when nobody is signed in.
func (s *server) visitor(r *http.Request) (visitor, error) {
	c, err := r.Cookie(sessionCookie)
	if err != nil || c.Value == "" {
		return visitor{}, nil
	}
	user, actor, err := s.cfg.Identity.Session(r.Context(), c.Value)
	if errs.KindOf(err) == errs.NotFound {
		return visitor{}, nil
	}
	if err != nil {
		return visitor{}, err
	}
	return visitor{user: user, actor: actor, secret: c.Value}, nil
}

// turnAway answers who may not do what they asked for: strangers sign in first.
func (s *server) turnAway(w http.ResponseWriter, r *http.Request, v visitor, need ref.Role) {
	if v.actor.Role >= ref.Viewer {
		s.fail(w, r, v, &ref.DeniedError{Actor: v.actor, Need: need})
		return
	}
	to := "/sign-in"
	if r.Method == http.MethodGet && r.URL.Path != "/" && r.URL.Path != "/live" {
		to += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (s *server) setCookie(w http.ResponseWriter, r *http.Request, secret string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: secret, Path: "/", MaxAge: int(life.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: s.cfg.Secure || r.TLS != nil,
	})
}

// within returns a path of this site, "/" for anything that would lead elsewhere.
func within(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}
