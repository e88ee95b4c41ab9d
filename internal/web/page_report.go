package web

import (
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/report"
)

// reportPage is one report under review: its text beside what was found in it.
type reportPage struct {
	report.View
	Pieces   []piece
	Shown    int // bytes of the text, when it is longer than is shown
	Sections []findingSection
	Sights   []sightLine
	Blind    int // techniques that no rule would see
	Outcome  *report.Published
	Problem  string
	CanAct   bool
}

// piece is a run of the text that the same findings cover.
type piece struct {
	Text  string
	Class string // "" = of no finding
	Item  int
	First bool // where the finding stands first
}

// findingSection is the findings of one kind.
type findingSection struct {
	Key, Name string
	Items     []findingLine
	Doubtful  []findingLine // suppressed, with the reason
}

type findingLine struct {
	report.Finding
	Reason string
	Anchor bool // its first place is in the text that is shown
}

// Observable says whether the value may be looked up.
func (f findingLine) Observable() bool { return f.Kind == extract.Observable }

// actedLine is a finding for somebody who may decide about it or not.
type actedLine struct {
	Line findingLine
	Act  bool
}

// seenText is text of a report in which control characters show.
func seenText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return 0x2400 + r&0x1f
		}
		return r
	}, s)
}

// sightLine is one technique of the report and what would see it.
type sightLine struct {
	ID, Name string
	report.Sight
}

func (reportPage) template() string { return "report" }
func (p reportPage) title() string  { return short(80, p.Report.Name) }

var sectionNames = map[extract.Kind]string{
	extract.Actor: "Actors", extract.Malware: "Malware", extract.Tool: "Tools", extract.Campaign: "Campaigns", extract.Technique: "Techniques",
	extract.Vulnerability: "Vulnerabilities", extract.Observable: "Observables", extract.Sector: "Sectors", extract.Country: "Countries",
}

const (
	textShown  = 400 << 10
	linesShown = 2000 // findings of a section
)

func (s *server) reportPage(r *http.Request, v visitor) (reportPage, error) {
	view, err := s.cfg.Reports.Report(r.Context(), r.PathValue("id"))
	if err != nil {
		return reportPage{}, err
	}
	p := reportPage{View: view, CanAct: mayAct(v)}
	text := view.Text
	if len(text) > textShown {
		p.Shown = textShown
		for !utf8.RuneStart(text[p.Shown]) {
			p.Shown--
		}
		text = text[:p.Shown]
	}
	p.Pieces = pieces(text, view.Findings)
	p.Sections = findingSections(view.Findings, len(text))
	for _, f := range view.Findings {
		if sight, ok := view.Sight[f.ID]; ok && f.Kind == extract.Technique && f.State != report.Rejected && (f.Suppressed == "" || f.State == report.Accepted) {
			p.Sights = append(p.Sights, sightLine{f.ID, f.Value, sight})
			if !sight.Seen() {
				p.Blind++
			}
		}
	}
	return p, nil
}

func findingSections(findings []report.Finding, shown int) []findingSection {
	var out []findingSection
	for _, f := range findings {
		if len(out) == 0 || out[len(out)-1].Key != string(f.Kind) {
			out = append(out, findingSection{Key: string(f.Kind), Name: sectionNames[f.Kind]})
		}
		sec := &out[len(out)-1]
		line := findingLine{Finding: f, Reason: f.Suppressed.Text(), Anchor: len(f.Places) > 0 && f.Places[0].To <= shown}
		switch {
		case f.Suppressed != "" && f.State == report.Proposed && len(sec.Doubtful) < linesShown:
			sec.Doubtful = append(sec.Doubtful, line)
		case (f.Suppressed == "" || f.State != report.Proposed) && len(sec.Items) < linesShown:
			sec.Items = append(sec.Items, line)
		}
	}
	return out
}

func (s *server) showReport(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	p, err := s.reportPage(r, v)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// postReview takes the decisions of the form: one field a finding, named f and its
// number, or "all" with the key of a section.
func (s *server) postReview(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	if err := r.ParseForm(); err != nil {
		return nil, errs.New(errs.Invalid, "form_broken", "The form did not arrive whole; send it again.").Because(err)
	}
	p, err := s.reportPage(r, v)
	if err != nil {
		return nil, err
	}
	out, err := s.cfg.Reports.Review(r.Context(), p.Report.ID, decisions(r, p))
	if err != nil && errs.KindOf(err) == errs.Internal {
		return nil, err
	}
	p, pageErr := s.reportPage(r, v)
	if pageErr != nil {
		return nil, pageErr
	}
	if err != nil {
		p.Problem = errs.Public(err)
	} else {
		p.Outcome = &out
	}
	return p, err
}

func decisions(r *http.Request, p reportPage) report.Decision {
	var d report.Decision
	for name, values := range r.PostForm {
		seq, err := strconv.Atoi(strings.TrimPrefix(name, "f"))
		if !strings.HasPrefix(name, "f") || err != nil {
			continue
		}
		switch values[0] {
		case "accept":
			d.Accept = append(d.Accept, seq)
		case "reject":
			d.Reject = append(d.Reject, seq)
		case "undo":
			d.Undo = append(d.Undo, seq)
		}
	}
	all := r.PostForm.Get("all")
	for _, sec := range p.Sections {
		for _, f := range sec.Items {
			if (all == sec.Key || all == "everything") && f.State == report.Proposed {
				d.Accept = append(d.Accept, f.Seq)
			}
		}
	}
	return d
}
