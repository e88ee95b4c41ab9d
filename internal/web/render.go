package web

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
)

// page is what a handler shows: a struct with the template that reads it.
type page interface {
	template() string // file name below templates/page, without ".html"
	title() string
}

// pageSet holds one parsed set per page: layout, parts and the page itself.
type pageSet struct{ byName map[string]*template.Template }

func parsePages(now func() time.Time) *pageSet {
	shared := template.Must(template.New("layout").Option("missingkey=error").Funcs(funcs(now)).
		ParseFS(files, "templates/layout.html", "templates/part/*.html"))
	names, err := fs.Glob(files, "templates/page/*.html")
	if err != nil {
		panic(err)
	}
	p := &pageSet{byName: map[string]*template.Template{}}
	for _, n := range names {
		set := template.Must(template.Must(shared.Clone()).ParseFS(files, n))
		p.byName[strings.TrimSuffix(path.Base(n), ".html")] = set
	}
	return p
}

// render executes a page, whole or only one of its parts, into memory: an error in
// the middle of a page must not look like a page.
func (p *pageSet) render(name, part string, data any) ([]byte, error) {
	set, ok := p.byName[name]
	if !ok {
		return nil, fmt.Errorf("render page %q: no such template", name)
	}
	var b bytes.Buffer
	if err := set.ExecuteTemplate(&b, part, data); err != nil {
		return nil, fmt.Errorf("render page %q: %w", name, err)
	}
	return visible(b.Bytes()), nil
}

// visible writes marks that change the direction of text, or hide in it, as their
// code points: an attacker must not choose how a page reads.
func visible(page []byte) []byte {
	hidden := func(r rune) bool {
		return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r >= 0x200b && r <= 0x200f || r == 0x061c || r == 0xfeff
	}
	if bytes.IndexFunc(page, hidden) < 0 {
		return page
	}
	var b bytes.Buffer
	for _, r := range string(page) {
		if hidden(r) {
			fmt.Fprintf(&b, "⟦U+%04X⟧", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.Bytes()
}

// serve runs a handler for a visitor whose role suffices, and writes its answer.
func (s *server) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := s.visitor(r)
		if err != nil {
			s.fail(w, r, visitor{}, err)
			return
		}
		if !v.may(rt.need) {
			s.turnAway(w, r, v, rt.need)
			return
		}
		r = r.WithContext(v.as(r.Context()))
		pg, err := rt.do(s, w, r, v)
		switch {
		case pg != nil:
			s.show(w, r, v, pg, err)
		case err != nil:
			s.fail(w, r, v, err)
		}
	})
}

// partHeader asks for the inside of a page only; the scripts send it.
const partHeader = "Vedette-Part"

func (s *server) show(w http.ResponseWriter, r *http.Request, v visitor, pg page, err error) {
	status := http.StatusOK
	if err != nil {
		status = errs.HTTPStatus(err)
	}
	part := "layout"
	var data any
	if asked := r.Header.Get(partHeader); asked == "detail" || asked == "effects" {
		part, data = asked, pg
	} else {
		c, chromeErr := s.chrome(r, v, pg)
		if chromeErr != nil {
			s.fail(w, r, v, chromeErr)
			return
		}
		data = c
	}
	body, renderErr := s.pages.render(pg.template(), part, data)
	if renderErr != nil {
		s.fail(w, r, v, renderErr)
		return
	}
	writePage(w, status, body)
}

func writePage(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", partHeader)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the reader has gone: nobody is left to tell
}

// errorPage says what went wrong and what to do.
type errorPage struct {
	Status    int
	Heading   string
	Message   string
	Fields    map[string]string
	RequestID string
}

func (errorPage) template() string { return "error" }
func (p errorPage) title() string  { return p.Heading }

var headings = map[errs.Kind]string{
	errs.Internal: "That did not work", errs.Invalid: "This cannot be accepted", errs.NotFound: "Not found", errs.Conflict: "Not possible now",
	errs.Denied: "Not allowed", errs.RateLimited: "Too many attempts", errs.Unavailable: "A part is not available",
}

func (s *server) fail(w http.ResponseWriter, r *http.Request, v visitor, err error) {
	kind := errs.KindOf(err)
	p := errorPage{Status: errs.HTTPStatus(err), Heading: headings[kind], Message: errs.Public(err), Fields: errs.FieldsOf(err)}
	if kind == errs.Internal {
		p.RequestID = rand.Text()[:12]
		s.cfg.Log.ErrorContext(r.Context(), "page failed", "request", p.RequestID, "method", r.Method, "path", r.URL.Path, "error", err)
	}
	c, chromeErr := s.chrome(r, v, p)
	if chromeErr != nil { // the totals are what fails: show the error without them
		c = chrome{Title: p.Heading, Page: p}
	}
	body, renderErr := s.pages.render("error", "layout", c)
	if renderErr != nil {
		http.Error(w, p.Message, p.Status)
		return
	}
	writePage(w, p.Status, body)
}

// see sends the browser to another page after a change.
func see(w http.ResponseWriter, r *http.Request, to string) (page, error) {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil, nil
}
