package web

import (
	"time"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/sigma"
)

// RenderZero renders every page from its zero value, for a test, and returns the
// error of each by the name of its template.
func RenderZero() map[string]error {
	set := parsePages(time.Now)
	all := []page{
		errorPage{},
		signInPage{},
		setUpPage{},
		queuePage{},
		queuePage{Detail: &incidentDetail{}, Alone: true},
		queuePage{Start: []startStep{{}}},
		eventPage{},
		indicatorPage{},
		searchPage{},
		importPage{},
		entityPage{},
		feedsPage{},
		feedAuditPage{},
		feedPage{},
		blocksPage{},
		blockPage{},
		orgPage{},
		orgSetupPage{},
		orgSetupPage{Now: setupStep{Step: org.Who}, Sectors: []sectorChoice{{}}, Effects: []pipeline.Effect{{}}, Added: &org.Completion{New: []string{""}, Skipped: map[string]int{"": 1}}},
		healthPage{},
		auditPage{},
		peoplePage{},
		rulesPage{},
		rulePage{},
		rulePage{Text: ruleText{Before: "a", After: "b"}, Correlates: &correlated{Correlation: &sigma.Correlation{GroupBy: []string{""}}, Of: []correlatedRule{{}, {ID: "x"}}}},
		packPage{},
		huntPage{},
		huntPage{Asked: true, Events: []huntLine{{}}, Tables: []huntTable{{Lines: []huntRow{{Values: []pivotValue{{}}}}}}, Fields: []huntField{{Values: []pivotValue{{}}}}},
		savedPage{},
		reportsPage{},
		reportPage{},
		threatsPage{Threats: &pipeline.Threats{}},
		attackPage{},
		qualityPage{},
		leaksPage{},
		leaksPage{All: 1, Problem: "x", Erased: true, Report: &leak.Report{Dropped: map[string]int{"not-ours": 1}}, Source: &leak.SourceState{Domains: []string{""}}, Shown: []pipeline.LeakedAccount{{}, {Account: "a", Kinds: []credential.Kind{credential.Stealer}, Machines: []pipeline.LeakedMachine{{}}, Incidents: []string{""}}}},
		suppressionsPage{},
		suppressionsPage{CanAct: true, SuppressionList: pipeline.SuppressionList{Proposed: []pipeline.Suppression{{Refused: true}, {}}, Decided: []pipeline.Suppressed{{}}, Spared: []string{""}}},
		qualityPage{Bars: []reliabilityBar{{}}, Teach: []alert.Teaching{{}}, Quality: alert.Quality{Rails: alert.Rails()}},
	}
	out := map[string]error{}
	for _, p := range all {
		_, err := set.render(p.template(), "layout", chrome{Page: p, User: "u"})
		if out[p.template()] == nil {
			out[p.template()] = err
		}
	}
	return out
}

// PageNames lists the templates of pages.
func PageNames() []string {
	var out []string
	for name := range parsePages(time.Now).byName {
		out = append(out, name)
	}
	return out
}

// Neighbour is one end of a relation, for a test of the drawing.
type Neighbour struct{ ID, Type, Name string }

// Drawn is a neighbourhood with the room that its labels take.
type Drawn struct {
	Width, Height, More int
	Labels              []Label
}

// Label is where a label lies.
type Label struct {
	Left, Right, Y int
	Kind, Name     string
}

// DrawHood draws a neighbourhood.
func DrawHood(centre string, around []Neighbour) Drawn {
	var lines []relationLine
	for _, n := range around {
		lines = append(lines, relationLine{Type: "uses", Outward: true, Entity: &intel.Entity{ID: n.ID, Type: n.Type, Name: n.Name}})
	}
	h := newHood(centre, lines)
	out := Drawn{Width: h.Width, Height: h.Height, More: h.More}
	for _, n := range h.Nodes {
		const letter = 7 // wider than the mean of 11 px sans
		l := Label{Left: n.TextX, Right: n.TextX + letter*len([]rune(n.Name)), Y: n.Y, Kind: n.Class, Name: n.Name}
		if n.Anchor == "end" {
			l.Left, l.Right = n.TextX-letter*len([]rune(n.Name)), n.TextX
		}
		out.Labels = append(out.Labels, l)
	}
	return out
}

// Prose is prose for tests.
var Prose = prose
