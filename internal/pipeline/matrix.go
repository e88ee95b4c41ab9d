package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/landscape"
)

// View is what the cells of a matrix show.
type View string

// The views.
const (
	ByCoverage View = "coverage" // what our rules would see
	ByActors   View = "actors"   // what the most relevant actors use
	ByLogs     View = "logs"     // whether the logs by which ATT&CK detects it come to us
	BySeen     View = "seen"     // what incidents here show
)

// MatrixQuery chooses a matrix. Zero fields: enterprise, coverage, ten actors.
type MatrixQuery struct {
	Domain attack.Domain
	View   View
	Actors int    // how many of the most relevant ones count
	Actor  string // only this one, by the id of an entity
}

// Matrix is ATT&CK's matrix with what we know of each technique.
type Matrix struct {
	MatrixQuery
	Columns []Column
	Names   []string      // of the actors that count
	Sights  map[Sight]int // techniques and sub-techniques by what would see them
	Reaches map[Reach]int // and by the logs that come to us
	Version string
}

// Column is one tactic.
type Column struct {
	Tactic attack.TacticInfo
	Cells  []Cell
	Seen   int // of them, techniques that a rule could see
	Heard  int // of them, techniques of which a log comes to us
}

// Cell is a technique or sub-technique.
type Cell struct {
	ID     attack.ID
	Name   string
	Sight  Sight
	Rules  int
	Actors []string // of those that count, who uses it
	Met    int      // incidents that show it
	Logs   LogReach
	Subs   []Cell
}

// maxActors bounds the actors that a matrix counts.
const maxActors = 100

// Matrix lays the landscape out over the catalogue.
func (t *Threats) Matrix(cat *attack.Catalogue, q MatrixQuery) (Matrix, error) {
	if q.Domain == "" {
		q.Domain = attack.Enterprise
	}
	if q.View == "" {
		q.View = ByCoverage
	}
	if q.Actors <= 0 {
		q.Actors = 10
	}
	q.Actors = min(q.Actors, maxActors)
	if attack.Tactics(q.Domain) == nil {
		return Matrix{}, errs.New(errs.Invalid, "domain_unknown", "%q is not one of enterprise, mobile, ics.", q.Domain)
	}
	if !slices.Contains([]View{ByCoverage, ByLogs, ByActors, BySeen}, q.View) {
		return Matrix{}, errs.New(errs.Invalid, "view_unknown", "%q is not one of coverage, logs, actors, seen.", q.View)
	}
	m := Matrix{MatrixQuery: q, Sights: map[Sight]int{}, Reaches: map[Reach]int{}, Version: cat.Version()}
	users, err := t.users(q, &m)
	if err != nil {
		return Matrix{}, err
	}
	counted := map[attack.ID]bool{}
	for _, tactic := range attack.Tactics(q.Domain) {
		col := Column{Tactic: tactic}
		at := map[attack.ID]int{}
		for _, e := range cat.Techniques(q.Domain, tactic.Short) {
			cell := t.cell(e, users)
			if !counted[e.AttackID] {
				counted[e.AttackID] = true
				m.Sights[cell.Sight]++
				m.Reaches[cell.Logs.Is()]++
			}
			if parent := e.AttackID.Parent(); parent != e.AttackID {
				if i, ok := at[parent]; ok {
					col.Cells[i].Subs = append(col.Cells[i].Subs, cell)
					continue
				}
			}
			at[e.AttackID] = len(col.Cells)
			col.Cells = append(col.Cells, cell)
		}
		for _, c := range col.Cells {
			if c.Sight.Seen() || slices.ContainsFunc(c.Subs, func(s Cell) bool { return s.Sight.Seen() }) {
				col.Seen++
			}
			if len(c.Logs.Received) > 0 || slices.ContainsFunc(c.Subs, func(s Cell) bool { return len(s.Logs.Received) > 0 }) {
				col.Heard++
			}
		}
		m.Columns = append(m.Columns, col)
	}
	return m, nil
}

// users lists who uses each technique, of the actors that count.
func (t *Threats) users(q MatrixQuery, m *Matrix) (map[string][]string, error) {
	var who []Threat
	if q.Actor != "" {
		a, ok := t.Actor(q.Actor)
		if !ok {
			return nil, errs.New(errs.NotFound, "actor_unknown", "No actor is known under %q.", q.Actor)
		}
		who = append(who, a)
	}
	for _, a := range t.Actors {
		if q.Actor == "" && len(who) < q.Actors && a.State == landscape.Relevant && len(a.Techniques) > 0 {
			who = append(who, a)
		}
	}
	out := map[string][]string{}
	for _, a := range who {
		m.Names = append(m.Names, a.Name)
		for _, tech := range a.Techniques {
			out[tech.ID] = append(out[tech.ID], a.Name)
		}
	}
	return out, nil
}

func (t *Threats) cell(e attack.Entity, users map[string][]string) Cell {
	sight, rules := t.Coverage.Of(string(e.AttackID))
	return Cell{ID: e.AttackID, Name: e.Name, Sight: sight, Rules: len(rules), Actors: users[string(e.AttackID)], Met: len(t.Incidents[string(e.AttackID)]), Logs: t.Logs[string(e.AttackID)]}
}

// Score is what the cell weighs in a view.
func (c Cell) Score(v View) int {
	switch v {
	case ByActors:
		return len(c.Actors)
	case BySeen:
		return c.Met
	case ByLogs:
		return len(reachOrder) - 1 - slices.Index(reachOrder, c.Logs.Is())
	}
	return len(sightOrder) - 1 - slices.Index(sightOrder, c.Sight)
}

// Text says of the cell what it shows, in words.
func (c Cell) Text(v View) string {
	sight := map[Sight]string{
		Watched: "a running rule would see it", Waiting: "a running rule could see it, but its log source sends nothing", Blind: "running rules that cannot fire on our events",
		Off: "rules for it, all switched off", NoRule: "no rule for it",
	}[c.Sight]
	switch v {
	case ByActors:
		if len(c.Actors) == 0 {
			return "used by none of these actors; " + sight
		}
		return "used by " + strings.Join(c.Actors, ", ") + "; " + sight
	case BySeen:
		if c.Met == 0 {
			return "not seen here; " + sight
		}
		return fmt.Sprintf("shown by %d incidents here; %s", c.Met, sight)
	case ByLogs:
		return c.Logs.Text() + "; " + sight
	}
	return sight
}

// Layer is the matrix for ATT&CK Navigator.
func (m Matrix) Layer(cat *attack.Catalogue) attack.Layer {
	about := map[View]string{
		ByCoverage: "What our rules would see: 4 a running rule, 3 a running rule whose log source is silent, 2 rules that cannot fire, 1 rules switched off, 0 no rule.",
		ByLogs:     "The logs by which ATT&CK detects it: 4 all that we know come, 3 some come, 2 none comes, 1 none that we know, 0 none is named.",
		ByActors:   "How many of these actors use it: " + strings.Join(m.Names, ", ") + ".",
		BySeen:     "How many incidents here show it.",
	}[m.View]
	var cells []attack.LayerTechnique
	most := len(sightOrder) - 1
	if m.View != ByCoverage && m.View != ByLogs {
		most = 0
	}
	for _, col := range m.Columns {
		for _, c := range col.Cells {
			for _, x := range append([]Cell{c}, c.Subs...) {
				most = max(most, x.Score(m.View))
				cells = append(cells, attack.LayerTechnique{ID: x.ID, Tactic: col.Tactic.Short, Score: x.Score(m.View), Comment: x.Text(m.View), Enabled: true, Subs: len(x.Subs) > 0})
			}
		}
	}
	l := cat.NewLayer(m.Domain, "Vedette: "+string(m.View), about, most)
	l.Techniques = append(l.Techniques, cells...)
	l.Legend = append(l.Legend, attack.LayerLegend{Label: "most", Color: "#3f51b5"}, attack.LayerLegend{Label: "none", Color: "#ffffff"})
	return l
}
