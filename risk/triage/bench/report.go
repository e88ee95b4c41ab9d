package bench

import (
	"errors"
	"fmt"

	"github.com/vedette-soc/vedette/risk/triage"
)

// Row is one company in one mode, or by one peer's formula.
type Row struct {
	Company     string         `json:"company"`
	Mode        string         `json:"mode"` // "cold", "transferred", "online" or the peer's name
	Peer        bool           `json:"peer"`
	Alerts      int            `json:"alerts"`
	SessionsN   int            `json:"sessions"`
	IncidentsN  int            `json:"incidents"`
	Reduction   float64        `json:"reduction"` // 1 - incidents / alerts
	Long        bool           `json:"long_attack"`
	Sessions    Ranking        `json:"by_session"`
	Incidents   Ranking        `json:"by_incident"`
	Found       Found          `json:"attack"`
	FirstStep   float64        `json:"minutes_to_first_step"` // -1: never in the top ten of a day
	Probability Quality        `json:"probability"`           // of sessions; of a peer: its score read as a percentage
	AtFirst     *Quality       `json:"probability_at_first,omitempty"`
	Reviews     int            `json:"reviews,omitempty"`
	Asked       map[string]int `json:"asked,omitempty"`
	Bad         map[string]int `json:"rows_passed_over,omitempty"`
}

// Report is the result of a run. Summary holds numbers by name; Peers the same
// names by peer.
type Report struct {
	Rows    []Row
	Summary map[string]float64
	Peers   map[string]map[string]float64
}

// Options of a run.
type Options struct {
	Settings triage.Settings
	PerDay   int // verdicts a day in the mode "online"
	Progress func(done int)
}

// Run replays companies, each judged without its own labels: cold (no label at
// all), transferred (rules learnt from the other companies, where there are any),
// online (the same, then its own verdicts as they come), and by the peers.
func Run(companies []*Company, opt Options) (Report, error) {
	if len(companies) == 0 {
		return Report{}, errors.New("no company to judge")
	}
	if opt.PerDay < 1 || opt.PerDay > 100_000 {
		return Report{}, fmt.Errorf("%d verdicts a day: must be from 1 to 100000", opt.PerDay)
	}
	var all []*Replayed
	for _, c := range companies {
		all = append(all, Replay(c, opt.Settings))
	}
	var rep Report
	for i, r := range all {
		var elsewhere []triage.Example
		for j, o := range all {
			if j != i {
				elsewhere = append(elsewhere, o.examples()...)
			}
		}
		rep.Rows = append(rep.Rows, r.rows(elsewhere, opt)...)
		if opt.Progress != nil {
			opt.Progress(i + 1)
		}
	}
	rep.summarise(len(all) > 1)
	return rep, nil
}

func (r *Replayed) rows(elsewhere []triage.Example, opt Options) []Row {
	set := opt.Settings
	model := triage.Prior()
	rows := []Row{r.row("cold", r.still(model), r.atEnd(model), set)}
	if len(elsewhere) > 0 {
		model = triage.Transfer(model, elsewhere)
		rows = append(rows, r.row("transferred", r.still(model), r.atEnd(model), set))
	}
	online := r.online(model, set, opt.PerDay)
	row := r.row("online", online, r.atEnd(model), set)
	row.Reviews, row.Asked = online.Reviews, map[string]int{}
	for why, n := range online.Asked {
		row.Asked[string(why)] = n
	}
	first := quality(r.probabilities(online.AtFirst))
	first.Bins = nil
	row.AtFirst = &first
	rows = append(rows, row)
	for _, p := range Peers() {
		rows = append(rows, r.peerRow(p, set))
	}
	return rows
}

// atEnd is the order of cases as each stood when it ended.
func (r *Replayed) atEnd(m triage.Model) []float64 {
	out := make([]float64, len(r.Cases))
	for i, k := range r.Cases {
		out[i] = m.LogOdds(k.Session, k.AtEnd)
	}
	return out
}

func (r *Replayed) row(mode string, w Watched, live []float64, set triage.Settings) Row {
	order := r.incidentOrder(w.Order)
	return Row{
		Company: r.Name, Mode: mode, Alerts: len(r.Alerts), SessionsN: len(r.Cases), IncidentsN: len(r.Incidents),
		Reduction: 1 - float64(len(r.Incidents))/float64(len(r.Alerts)), Long: r.long(),
		Sessions: r.rankSessions(w.Order), Incidents: r.rankIncidents(order), Found: r.found(order),
		FirstStep: r.firstStep(live, set.Idle), Probability: quality(r.probabilities(w.Said)), Bad: r.Bad,
	}
}

// peerRow is a peer's formula on the same sessions and incidents.
func (r *Replayed) peerRow(p Peer, set triage.Settings) Row {
	w := newWatched(len(r.Cases))
	top := 100.0
	for i, k := range r.Cases {
		w.Order[i] = p.Score(k.Fired)
		top = max(top, w.Order[i])
	}
	for i, s := range w.Order {
		w.Said[i] = s / top
	}
	row := r.row(p.Name, w, w.Order, set)
	row.Peer = true
	order := make([]float64, len(r.Incidents))
	for i, g := range r.Incidents {
		order[i] = p.Score(together(g))
	}
	row.Incidents, row.Found = r.rankIncidents(order), r.found(order)
	return row
}

// together is everything that fired in an incident.
func together(g *Group) []triage.Fired {
	var out []triage.Fired
	at := map[string]int{}
	for _, k := range g.Cases {
		for _, f := range k.Fired {
			if i, ok := at[f.Rule]; ok {
				out[i].Count += f.Count
				continue
			}
			at[f.Rule] = len(out)
			out = append(out, f)
		}
	}
	return out
}

func (r *Replayed) rankSessions(score []float64) Ranking {
	items := make([]item, len(r.Cases))
	for i, k := range r.Cases {
		items[i] = item{score[i], i, k.Positive, k.Excluded, k.Steps}
	}
	return rank(items, len(r.Phases))
}

func (r *Replayed) rankIncidents(score []float64) Ranking {
	items := make([]item, len(r.Incidents))
	for i, g := range r.Incidents {
		items[i] = item{score[i], i, g.Positive, g.Excluded, g.Steps}
	}
	return rank(items, len(r.Phases))
}
