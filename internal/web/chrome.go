package web

import (
	"net/http"
	"strings"

	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/risk"
)

// chrome is what surrounds every page.
type chrome struct {
	Title  string
	Theme  string // "", "dark", "light"
	User   string // "" = nobody is signed in
	Role   string
	Back   string // path to come back to after a change of theme
	Nav    []navItem
	Counts []levelCount
	Live   bool
	Page   page
}

type navItem struct {
	Name, URL, Key string
	Here           bool
}

// levelCount is how many incidents of a level are open.
type levelCount struct {
	Level string
	Count int
}

var levels = []risk.Level{risk.Critical, risk.High, risk.Medium, risk.Low, risk.Info}

var navigation = []struct {
	name, url, key string
	need           ref.Role
	below          []string // paths that belong to it
}{
	{"Queue", "/", "q", ref.Viewer, []string{"/incidents/", "/events/", "/quality", "/suppressions"}},
	{"Intelligence", "/intel", "i", ref.Viewer, []string{"/intel", "/indicators/", "/entities/", "/techniques/", "/lookup"}},
	{"Threats", "/threats", "t", ref.Viewer, []string{"/threats", "/attack"}},
	{"Hunt", "/hunt", "u", ref.Viewer, []string{"/hunt", "/hunts/"}},
	{"Reports", "/reports", "e", ref.Viewer, []string{"/reports"}},
	{"Rules", "/rules", "r", ref.Viewer, []string{"/rules"}},
	{"Feeds", "/feeds", "f", ref.Viewer, []string{"/feeds"}},
	{"Blocks", "/blocks", "b", ref.Viewer, []string{"/blocks", "/lists"}},
	{"Organisation", "/organisation", "o", ref.Viewer, []string{"/organisation", "/leaks"}},
	{"Health", "/health", "h", ref.Viewer, []string{"/health"}},
	{"Audit", "/audit", "l", ref.Analyst, []string{"/audit"}},
	{"People", "/people", "p", ref.Admin, []string{"/people", "/users", "/tokens"}},
}

func (s *server) chrome(r *http.Request, v visitor, pg page) (chrome, error) {
	c := chrome{Title: pg.title(), Page: pg, Theme: v.user.Theme}
	if v.actor.Role < ref.Viewer {
		return c, nil
	}
	c.User, c.Role, c.Back = v.user.Name, v.user.Role.String(), "/"
	if r.Method == http.MethodGet {
		c.Back = r.URL.RequestURI()
	}
	_, c.Live = pg.(queuePage)
	for _, n := range navigation {
		if !v.may(n.need) {
			continue
		}
		item := navItem{Name: n.name, URL: n.url, Key: n.key, Here: r.URL.Path == n.url}
		for _, b := range n.below {
			item.Here = item.Here || strings.HasPrefix(r.URL.Path, b)
		}
		c.Nav = append(c.Nav, item)
	}
	totals, err := s.cfg.Alerts.Totals(v.as(r.Context()))
	if err != nil {
		return c, err
	}
	c.Counts = countLevels(totals.Open)
	return c, nil
}

func countLevels(open map[string]int) []levelCount {
	out := make([]levelCount, 0, len(levels))
	for _, l := range levels {
		out = append(out, levelCount{string(l), open[string(l)]})
	}
	return out
}
