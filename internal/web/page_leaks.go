package web

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/pipeline"
)

// leaksPage is which of our accounts were stolen.
type leaksPage struct {
	Shown   []pipeline.LeakedAccount
	Numbers map[string]int // of the incidents of Shown, by id
	Total   int            // that meet the filter
	All     int            // records that are kept
	Filters []filterLink
	Query   string
	Kind    credential.Kind
	Report  *leak.Report // of the import that was just made
	Problem string
	Erased  bool
	Keep    time.Duration
	Source  *leak.SourceState // Have I Been Pwned; nil = it is not asked
}

// KeepDays is Keep in days.
func (p leaksPage) KeepDays() int { return int(p.Keep.Hours() / 24) }

func (leaksPage) template() string { return "leaks" }
func (leaksPage) title() string    { return "Leaked accounts" }

const (
	// leaksShown is how many accounts a page has.
	leaksShown = 200
	// linkedIncidents is how many incidents a row of a table links.
	linkedIncidents = 3
)

func (s *server) showLeaks(_ http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	q := r.URL.Query()
	p, err := s.leaks(r, q.Get("kind"), q.Get("q"))
	if err != nil {
		return nil, err
	}
	p.Erased = q.Get("erased") != ""
	return p, nil
}

func (s *server) leaks(r *http.Request, kind, query string) (leaksPage, error) {
	k, err := leak.ParseKind(kind)
	if err != nil {
		return leaksPage{}, err
	}
	p := leaksPage{Query: strings.TrimSpace(query), Kind: k, All: len(s.cfg.Leaks.Leak.Known().Records), Keep: s.cfg.Leaks.Leak.Kept(), Source: s.cfg.Leaks.Leak.Source()}
	list, err := s.cfg.Leaks.Accounts(r.Context(), k, p.Query)
	if err != nil {
		return p, err
	}
	p.Total, p.Shown = len(list), list[:min(len(list), leaksShown)]
	var incidents []string
	for _, a := range p.Shown {
		incidents = append(incidents, a.Incidents[:min(len(a.Incidents), linkedIncidents)]...)
	}
	if p.Numbers, err = s.cfg.Alerts.Numbers(r.Context(), incidents); err != nil {
		return p, err
	}
	for _, f := range append([]credential.Kind{""}, credential.Kinds()...) {
		q, name := url.Values{}, "all"
		if f != "" {
			name = f.Word()
			q.Set("kind", string(f))
		}
		if p.Query != "" {
			q.Set("q", p.Query)
		}
		p.Filters = append(p.Filters, filterLink{Name: name, URL: withQuery("/leaks", q), Here: f == k})
	}
	return p, nil
}

// postLeaks reads an uploaded file. It goes from the connection into the parser: a form
// that is read whole would leave it on a disk for a while.
func (s *server) postLeaks(_ http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	broken := errs.New(errs.Invalid, "upload_broken", "The file did not arrive whole; choose it again.")
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, broken.Because(err)
	}
	var o leak.Order
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, errs.New(errs.Invalid, "upload_missing", "Choose a file.")
		}
		if err != nil {
			return nil, broken.Because(err)
		}
		if part.FormName() == "file" && part.FileName() != "" {
			o.Name, o.Reader = part.FileName(), part
			return s.takeLeaks(r, o)
		}
		value, err := io.ReadAll(io.LimitReader(part, 300))
		if err != nil {
			return nil, broken.Because(err)
		}
		switch text := strings.TrimSpace(string(value)); part.FormName() {
		case "kind":
			o.Kind = text
		case "source":
			o.Source = text
		case "domain":
			o.Domain = text
		}
	}
}

func (s *server) takeLeaks(r *http.Request, o leak.Order) (page, error) {
	report, err := s.cfg.Leaks.Leak.Import(r.Context(), o)
	if err != nil && errs.KindOf(err) != errs.Invalid {
		return nil, err
	}
	p, pageErr := s.leaks(r, "", "")
	if pageErr != nil {
		return nil, pageErr
	}
	if err != nil {
		p.Problem = errs.Public(err)
		return p, err
	}
	p.Report = &report
	return p, nil
}

func (s *server) postEraseLeak(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	if _, err := s.cfg.Leaks.Leak.Erase(r.Context(), r.PostFormValue("id"), r.PostFormValue("why")); err != nil {
		return nil, err
	}
	return see(w, r, "/leaks?erased=1")
}
