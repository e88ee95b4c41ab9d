package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/web"
	"github.com/vedette-soc/vedette/ref"
)

// Everything needs a role but the way in.
func TestEveryRouteNeedsARole(t *testing.T) {
	var open []string
	for _, r := range web.Routes() {
		if r.Need < ref.Viewer {
			open = append(open, r.Pattern)
		}
		if strings.HasPrefix(r.Pattern, "POST ") && r.Need == ref.Viewer && r.Pattern != "POST /sign-out" && r.Pattern != "POST /theme" {
			t.Errorf("%s changes something, and a viewer may do it", r.Pattern)
		}
	}
	if diff := cmp.Diff([]string{"GET /sign-in", "POST /sign-in", "GET /setup", "POST /setup"}, open); diff != "" {
		t.Errorf("routes without a role (-want +got):\n%s", diff)
	}
}

// Each route turns away whoever has the role below the one it needs, and lets in
// whoever has it.
func TestRoles(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	below := map[ref.Role]string{ref.Viewer: "", ref.Analyst: "viewer", ref.Admin: "analyst"}
	for _, r := range web.Routes() {
		if r.Need < ref.Viewer {
			continue
		}
		method, target, _ := strings.Cut(r.Pattern, " ")
		target = strings.NewReplacer("{id}", "nothing", "{seq}", "0", "{$}", "").Replace(target)
		var form url.Values
		if method == "POST" {
			form = url.Values{}
		}
		w := h.do(below[r.Need], method, target, form)
		if r.Need == ref.Viewer {
			if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/sign-in") {
				t.Errorf("%s without a session: %d %q", r.Pattern, w.Code, to)
			}
			continue
		}
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "Not allowed") {
			t.Errorf("%s as %s: %d", r.Pattern, below[r.Need], w.Code)
		}
		if w := h.do(r.Need.String(), method, target, form); w.Code == http.StatusForbidden {
			t.Errorf("%s as %s: turned away", r.Pattern, r.Need)
		}
	}
}

func TestHeaders(t *testing.T) {
	h := newHouse(t)
	h.users()
	const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	for _, target := range []string{"/", "/sign-in", "/static/css/tokens.css", "/static/nothing", "/nowhere"} {
		w := h.do("viewer", "GET", target, nil)
		if got := w.Header().Get("Content-Security-Policy"); got != policy {
			t.Errorf("%s: policy %q", target, got)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", target, w.Header())
		}
	}
	if got := h.do("viewer", "GET", "/", nil).Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("pages may be cached: %q", got)
	}
	css := h.do("", "GET", "/static/css/tokens.css", nil)
	again := h.request("", "GET", "/static/css/tokens.css", nil)
	again.Header.Set("If-None-Match", css.Header().Get("ETag"))
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, again)
	if css.Code != 200 || w.Code != http.StatusNotModified {
		t.Errorf("a style sheet: %d, again: %d", css.Code, w.Code)
	}
}

func TestFormsFromOtherSitesAreRefused(t *testing.T) {
	h := newHouse(t)
	top := h.furnish()
	r := h.request("analyst", "POST", "/incidents/"+top+"/assign", url.Values{"to": {"me"}})
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "another site") {
		t.Errorf("%d %s", w.Code, firstLines(w.Body.String()))
	}
}

func TestSetUpAndSignIn(t *testing.T) {
	h := newHouse(t)
	link := "/setup?secret=" + h.setUp
	h.play(t, scenario{name: "a wrong link", target: "/setup?secret=x", status: 403, has: []string{"not the newest"}})
	h.play(t, scenario{name: "the link", target: link, status: 200, has: []string{"first administrator"}})
	form := func(again string) url.Values {
		return url.Values{"secret": {h.setUp}, "name": {"Root"}, "password": {password}, "again": {again}}
	}
	h.play(t, scenario{name: "two passwords", method: "POST", target: "/setup", form: form("other"), status: 400, has: []string{"differ", `value="root"`}, hasNot: []string{password}})
	w := h.do("", "POST", "/setup", form(password))
	cookie := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || len(cookie) != 1 || !cookie[0].HttpOnly || cookie[0].SameSite != http.SameSiteLaxMode || cookie[0].Secure {
		t.Fatalf("set-up: %d %+v", w.Code, cookie)
	}
	h.cookies["root"] = cookie[0].Value
	h.play(t, scenario{name: "signed in", user: "root", target: "/people", status: 200, has: []string{"root"}})
	h.play(t, scenario{name: "the link is used up", target: link, status: 403})
	h.play(t, scenario{name: "sign out", user: "root", method: "POST", target: "/sign-out", form: url.Values{}, status: 303, to: "/sign-in"})
	h.play(t, scenario{name: "signed out", user: "root", target: "/people", status: 303, to: "/sign-in?next=%2Fpeople"})
	in := func(name, pass, next string) url.Values {
		return url.Values{"name": {name}, "password": {pass}, "next": {next}}
	}
	h.play(t, scenario{name: "wrong password", method: "POST", target: "/sign-in", form: in("root", "wrong", "/"), status: 403, has: []string{"Name or password is wrong", `value="root"`}})
	h.play(t, scenario{name: "back to where one was", method: "POST", target: "/sign-in", form: in("ROOT", password, "/people"), status: 303, to: "/people"})
	h.play(t, scenario{name: "but not elsewhere", method: "POST", target: "/sign-in", form: in("root", password, "//evil.example/"), status: 303, to: "/"})
	for range 10 {
		h.do("", "POST", "/sign-in", in("nobody", "wrong wrong wrong", ""))
	}
	h.play(t, scenario{name: "too often", method: "POST", target: "/sign-in", form: in("nobody", "x", ""), status: 429, has: []string{"wait five minutes"}})
}

func TestSecureCookie(t *testing.T) {
	h := newHouse(t)
	h.cfg.Secure = true
	h.handler = web.New(h.cfg)
	w := h.do("", "POST", "/setup", url.Values{"secret": {h.setUp}, "name": {"root"}, "password": {password}, "again": {password}})
	if c := w.Result().Cookies(); len(c) != 1 || !c[0].Secure {
		t.Errorf("cookies %+v", c)
	}
}

func TestTheme(t *testing.T) {
	h := newHouse(t)
	h.users()
	h.play(t, scenario{name: "as the system", user: "viewer", target: "/intel", status: 200, hasNot: []string{"data-theme"}})
	h.play(t, scenario{name: "light", user: "viewer", method: "POST", target: "/theme", form: url.Values{"theme": {"light"}, "back": {"/intel"}}, status: 303, to: "/intel"})
	h.play(t, scenario{name: "stays", user: "viewer", target: "/intel", status: 200, has: []string{`data-theme="light"`}})
	h.play(t, scenario{name: "unknown", user: "viewer", method: "POST", target: "/theme", form: url.Values{"theme": {"pink"}}, status: 400})
}

// The cause of an internal error stands in the log, under the id the page shows.
func TestInternalErrorsStayInside(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	h.cfg.Audit = brokenAudit{h.cfg.Audit}
	h.handler = web.New(h.cfg)
	w := h.do("admin", "GET", "/audit", nil)
	_, id, found := strings.Cut(w.Body.String(), "under request <code>")
	id, _, _ = strings.Cut(id, "<")
	if w.Code != 500 || !found || strings.Contains(w.Body.String(), "disk on fire") {
		t.Errorf("%d %s", w.Code, firstLines(w.Body.String()))
	}
	if log := h.logged(); !strings.Contains(log, id) || !strings.Contains(log, "disk on fire") {
		t.Errorf("the log does not tell: %s", log)
	}
}
