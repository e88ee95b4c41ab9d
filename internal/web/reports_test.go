package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/report"
)

const campaign = `# Operation Heron

The HIDDEN COBRA operators used T1059.001 and deployed PlugX, which asks hxxps[:]//c2.heron[.]test/a for orders.
It resolves names at 10.1.2.3, and <script>alert(1)</script> is only text. See https://attack.mitre.org/groups/G0032/.
`

func (h *house) addReport(body string) report.Report {
	h.t.Helper()
	r, known, err := h.cfg.Reports.Add(system(), "heron.md", []byte(body))
	h.must(err)
	if known {
		h.t.Fatal("the report was known")
	}
	return r
}

func TestReportReview(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	h.must(h.cfg.Rules.Rebuild(system()))
	r := h.addReport(campaign)
	target := "/reports/" + r.ID

	body := h.do("viewer", "GET", target, nil).Body.String()
	for _, want := range []string{
		"Operation Heron", "hxxps[:]//c2.heron[.]test/a", "Lazarus Group", "written <code>HIDDEN COBRA</code>", "Not proposed: an address of private networks",
		"&lt;script&gt;alert(1)&lt;/script&gt;", "no rule", "Would we see it?",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if faults := lint(body); len(faults) > 0 {
		t.Errorf("the page: %s", strings.Join(faults, "\n"))
	}
	if strings.Contains(body, "Save decisions") {
		t.Error("a viewer may decide")
	}
	if len(h.indicators("https://c2.heron.test/a")) > 0 {
		t.Fatal("something is live before review")
	}

	field := h.field("analyst", target, "hxxps[:]//c2[.]heron[.]test/a")
	w := h.do("analyst", "POST", target+"/review", url.Values{field: {"accept"}})
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "1 object stored") && !strings.Contains(w.Body.String(), "2 objects stored") {
		t.Fatalf("accepting: %d %s", w.Code, firstLines(w.Body.String()))
	}
	if got := h.indicators("https://c2.heron.test/a"); len(got) != 1 || got[0] != "report/"+r.ID {
		t.Errorf("sources of the indicator: %q", got)
	}
	h.do("analyst", "POST", target+"/review", url.Values{field: {"reject"}})
	if got := h.indicators("https://c2.heron.test/a"); len(got) > 0 {
		t.Errorf("it is still live, for %q", got)
	}
	h.do("analyst", "POST", target+"/review", url.Values{"all": {"everything"}})
	v, err := h.cfg.Reports.Report(system(), r.ID)
	h.must(err)
	if v.Report.Proposed != 0 || v.Report.Accepted < 3 || v.Report.Rejected != 1 || v.Report.ReviewedBy != "analyst" {
		t.Errorf("%+v", v.Report)
	}
	for _, f := range v.Findings {
		if f.Suppressed != "" && f.State != report.Proposed {
			t.Errorf("what is suppressed was accepted with the rest: %+v", f)
		}
	}
	if w := h.do("analyst", "POST", target+"/review", url.Values{"f9999": {"accept"}}); w.Code != http.StatusBadRequest {
		t.Errorf("a finding that is not there: %d", w.Code)
	}
}

// indicators lists the sources that say a value, while it is live.
func (h *house) indicators(value string) []string {
	h.t.Helper()
	row, err := h.cfg.Intel.ByID(system(), indicator.ID(indicator.URL, value))
	if err != nil {
		return nil
	}
	var out []string
	for _, s := range row.Sources {
		if !s.Withdrawn {
			out = append(out, s.Source)
		}
	}
	return out
}

// field returns the name of the field that decides about a value.
func (h *house) field(user, target, value string) string {
	h.t.Helper()
	body := h.do(user, "GET", target, nil).Body.String()
	at := strings.Index(body, ">"+value+"</a>")
	m := regexp.MustCompile(`name="(f\d+)"`).FindStringSubmatch(body[max(at, 0):])
	if at < 0 || m == nil {
		h.t.Fatalf("no finding %q on %s", value, firstLines(body))
	}
	return m[1]
}

func TestReportsPage(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	if body := h.do("analyst", "GET", "/reports", nil).Body.String(); !strings.Contains(body, "No report has been read yet") {
		t.Error("an empty list says nothing")
	}
	r := h.addReport(campaign)
	again, known, err := h.cfg.Reports.Add(system(), "other name", []byte(campaign))
	if err != nil || !known || again.ID != r.ID {
		t.Errorf("the same file became another report: %v %v", again, err)
	}
	body := h.do("viewer", "GET", "/reports", nil).Body.String()
	if !strings.Contains(body, "heron.md") || strings.Contains(body, "Read it") {
		t.Error(firstLines(body))
	}
	if faults := lint(body); len(faults) > 0 {
		t.Errorf("the page: %s", strings.Join(faults, "\n"))
	}
	if w := h.do("viewer", "GET", "/reports/nothing", nil); w.Code != http.StatusNotFound {
		t.Errorf("an unknown report: %d", w.Code)
	}
}
