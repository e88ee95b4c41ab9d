package web

import (
	"io"
	"net/http"
	"strings"

	"github.com/vedette-soc/vedette/extract/document"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/report"
)

// reportsPage is all reports, and where a new one is brought in.
type reportsPage struct {
	Reports []report.Report
	Waiting int // findings nobody decided about
	CanAct  bool
	Problem string
}

func (reportsPage) template() string { return "reports" }
func (reportsPage) title() string    { return "Reports" }

func (s *server) reportsPage(r *http.Request, v visitor) (reportsPage, error) {
	p := reportsPage{CanAct: mayAct(v)}
	var err error
	p.Reports, err = s.cfg.Reports.Reports(r.Context(), 200)
	for _, one := range p.Reports {
		p.Waiting += one.Proposed
	}
	return p, err
}

func (s *server) showReports(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	p, err := s.reportsPage(r, v)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (s *server) postReport(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	r.Body = http.MaxBytesReader(w, r.Body, document.MaxFile+1<<20)
	name, data, err := uploaded(r)
	if err != nil {
		return nil, err
	}
	added, _, err := s.cfg.Reports.Add(r.Context(), name, data)
	if err == nil {
		return see(w, r, "/reports/"+added.ID)
	}
	if errs.KindOf(err) == errs.Internal {
		return nil, err
	}
	p, pageErr := s.reportsPage(r, v)
	if pageErr != nil {
		return nil, pageErr
	}
	p.Problem = errs.Public(err)
	return p, err
}

// uploaded reads the file of a form, or what was pasted into it.
func uploaded(r *http.Request) (string, []byte, error) {
	if err := r.ParseMultipartForm(8 << 20); err != nil {
		return "", nil, errs.New(errs.Invalid, "upload_broken", "The upload could not be read; a report may have at most 64 MiB.").Because(err)
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	if file, header, err := r.FormFile("file"); err == nil && header.Size > 0 {
		defer func() { _ = file.Close() }()
		data, err := io.ReadAll(file)
		return header.Filename, data, err
	}
	if text := r.PostFormValue("text"); strings.TrimSpace(text) != "" {
		return strings.TrimSpace(r.PostFormValue("name")), []byte(text), nil
	}
	return "", nil, errs.New(errs.Invalid, "report_empty", "Choose a file, or paste some text.")
}
