package api

import (
	"io"
	"reflect"
	"strings"

	"github.com/vedette-soc/vedette/extract/document"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/report"
	"github.com/vedette-soc/vedette/ref"
)

// AddedReport is a report that was read; known when it had been before.
type AddedReport struct {
	Report report.Report `json:"report"`
	Known  bool          `json:"known"`
}

// ReportText is the text in which the places of findings count bytes.
type ReportText struct {
	Text string `json:"text"`
}

func (a *API) reports() []route {
	s := a.cfg.Reports
	return []route{
		get("/reports", ref.Viewer, "The newest reports.", []string{"limit"}, func(c call) (Page[report.Report], error) {
			list, err := s.Reports(c.ctx, c.int("limit", 100))
			return page(list, ""), err
		}),
		{
			method: "POST", path: "/api/v1/reports", role: ref.Analyst, raw: true, out: reflect.TypeFor[AddedReport](),
			summary: "Read a report; what is found in it is proposed, nothing is live before review. The body is the document itself.",
			query:   []string{"name"}, do: a.addReport,
		},
		get("/reports/{id}", ref.Viewer, "One report with its findings, and which of our rules would see its techniques.", nil, func(c call) (report.View, error) {
			return s.Report(c.ctx, c.id())
		}),
		get("/reports/{id}/text", ref.Viewer, "The text of a report.", nil, func(c call) (ReportText, error) {
			v, err := s.Report(c.ctx, c.id())
			return ReportText{v.Text}, err
		}),
		send("POST", "/reports/{id}/review", ref.Analyst, "Accept and reject findings by their numbers. What is accepted is live at once, with the report as its source.", func(c call, d report.Decision) (report.Published, error) {
			return s.Review(c.ctx, c.id(), d)
		}),
	}
}

func (a *API) addReport(c call, _ any) (any, error) {
	data, err := io.ReadAll(io.LimitReader(c.r.Body, document.MaxFile+1))
	if err != nil {
		return nil, errs.New(errs.Invalid, "upload_broken", "The report did not arrive whole; send it again.").Because(err)
	}
	name := c.query["name"]
	if name == "" || strings.ContainsAny(name, "\x00\n") {
		name = "upload"
	}
	r, known, err := a.cfg.Reports.Add(c.ctx, name, data)
	return AddedReport{r, known}, err
}
