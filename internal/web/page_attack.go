package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/internal/pipeline"
)

// attackPage is ATT&CK's matrix with what we know of each technique.
type attackPage struct {
	pipeline.Matrix
	Columns  []attackColumn
	Views    []filterLink
	Domains  []filterLink
	Legend   []legendLine
	LayerURL string
	Who      string // the one actor that counts
	Named    bool   // there is a technique of which ATT&CK names logs
	Notice   string // that MITRE asks to be shown
}

type attackColumn struct {
	pipeline.Column
	Cells []attackCell
}

// attackCell is a technique as it is shown: a colour, a mark and words.
type attackCell struct {
	pipeline.Cell
	Class, Mark, Text string
	Subs              []attackCell
	On                int // of Subs, those that show something
}

// legendLine explains a mark.
type legendLine struct{ Class, Mark, Text string }

func (attackPage) template() string { return "attack" }
func (attackPage) title() string    { return "ATT&CK matrix" }

var sightMarks = map[pipeline.Sight]string{pipeline.Watched: "●", pipeline.Waiting: "◐", pipeline.Blind: "◌", pipeline.Off: "○", pipeline.NoRule: "–"}

var sightLegend = []struct {
	sight pipeline.Sight
	text  string
}{
	{pipeline.Watched, "a running rule would see it"},
	{pipeline.Waiting, "a running rule could, but its log source sends nothing"},
	{pipeline.Blind, "running rules cannot fire on our events"},
	{pipeline.Off, "rules are switched off"},
	{pipeline.NoRule, "no rule"},
}

// reachLooks is how cells look by the logs that come to us.
var reachLooks = map[pipeline.Reach]legendLine{
	pipeline.AllLogs: {Class: "c-watched", Mark: "●"}, pipeline.SomeLogs: {Class: "c-waiting", Mark: "◐"}, pipeline.NoLogs: {Class: "c-off", Mark: "○"},
	pipeline.OddLogs: {Class: "c-blind", Mark: "?"}, pipeline.Unnamed: {Class: "c-none", Mark: "–"},
}

var reachLegend = []struct {
	reach pipeline.Reach
	text  string
}{
	{pipeline.AllLogs, "every log that we know of it comes"},
	{pipeline.SomeLogs, "some come"},
	{pipeline.NoLogs, "none comes"},
	{pipeline.OddLogs, "only logs that no format here is known to be"},
	{pipeline.Unnamed, "ATT&CK names none"},
}

func matrixQuery(q url.Values) pipeline.MatrixQuery {
	n, _ := strconv.Atoi(q.Get("n"))
	return pipeline.MatrixQuery{Domain: attack.Domain(q.Get("domain")), View: pipeline.View(q.Get("by")), Actors: n, Actor: q.Get("actor")}
}

func (s *server) matrix(r *http.Request) (pipeline.Matrix, *attack.Catalogue, error) {
	t, err := s.cfg.Landscape.Threats(r.Context())
	if err != nil {
		return pipeline.Matrix{}, nil, err
	}
	m, err := t.Matrix(s.cfg.Attack, matrixQuery(r.URL.Query()))
	return m, s.cfg.Attack, err
}

func (s *server) showAttack(_ http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	m, _, err := s.matrix(r)
	if err != nil {
		return nil, err
	}
	p := attackPage{Matrix: m, Notice: content.AttackNotice}
	link := func(key, value string) string {
		q := r.URL.Query()
		q.Set(key, value)
		return withQuery("/attack", q)
	}
	for _, v := range []struct {
		view pipeline.View
		name string
	}{{pipeline.ByCoverage, "our coverage"}, {pipeline.ByLogs, "logs we receive"}, {pipeline.ByActors, "relevant actors"}, {pipeline.BySeen, "seen here"}} {
		p.Views = append(p.Views, filterLink{Name: v.name, URL: link("by", string(v.view)), Here: m.View == v.view})
	}
	for _, d := range attack.Domains {
		p.Domains = append(p.Domains, filterLink{Name: string(d), URL: link("domain", string(d)), Here: m.Domain == d})
	}
	p.LayerURL = withQuery("/attack/layer", r.URL.Query())
	if m.Actor != "" && len(m.Names) == 1 {
		p.Who = m.Names[0]
	}
	if m.View == pipeline.ByCoverage {
		for _, l := range sightLegend {
			p.Legend = append(p.Legend, legendLine{"c-" + string(l.sight), sightMarks[l.sight], l.text + ": " + strconv.Itoa(m.Sights[l.sight])})
		}
	}
	for reach := range m.Reaches {
		p.Named = p.Named || reach != pipeline.Unnamed
	}
	if m.View == pipeline.ByLogs {
		for _, l := range reachLegend {
			p.Legend = append(p.Legend, legendLine{reachLooks[l.reach].Class, reachLooks[l.reach].Mark, l.text + ": " + strconv.Itoa(m.Reaches[l.reach])})
		}
	}
	for _, col := range m.Columns {
		c := attackColumn{Column: col}
		for _, cell := range col.Cells {
			c.Cells = append(c.Cells, shownCell(cell, m))
		}
		p.Columns = append(p.Columns, c)
	}
	return p, nil
}

func shownCell(c pipeline.Cell, m pipeline.Matrix) attackCell {
	out := attackCell{Cell: c, Text: c.Text(m.View), Class: "c-none"}
	switch score := c.Score(m.View); {
	case m.View == pipeline.ByCoverage:
		out.Class, out.Mark = "c-"+string(c.Sight), sightMarks[c.Sight]
	case m.View == pipeline.ByLogs:
		look := reachLooks[c.Logs.Is()]
		out.Class, out.Mark = look.Class, look.Mark
	case score > 0 && m.View == pipeline.ByActors:
		out.Class, out.Mark = "heat-"+strconv.Itoa((10*score+len(m.Names)-1)/len(m.Names)), strconv.Itoa(score)
		if !c.Sight.Seen() {
			out.Mark += "!"
		}
	case score > 0:
		out.Class, out.Mark = "c-seen", strconv.Itoa(score)
	}
	for _, s := range c.Subs {
		sub := shownCell(s, m)
		if shows(s, m.View) {
			out.On++
		}
		out.Subs = append(out.Subs, sub)
	}
	return out
}

// shows says whether a part of a technique counts as one that shows something.
func shows(c pipeline.Cell, v pipeline.View) bool {
	switch v {
	case pipeline.ByCoverage:
		return c.Sight.Seen()
	case pipeline.ByLogs:
		return len(c.Logs.Received) > 0
	}
	return c.Score(v) > 0
}

// showLayer gives the matrix as a layer of ATT&CK Navigator.
func (s *server) showLayer(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	m, cat, err := s.matrix(r)
	if err != nil {
		return nil, err
	}
	body, err := json.MarshalIndent(m.Layer(cat), "", " ")
	if err != nil {
		return nil, err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="vedette-`+string(m.Domain)+`-`+string(m.View)+`.json"`)
	_, _ = w.Write(body) // the reader has gone: nobody is left to tell
	return nil, nil
}
