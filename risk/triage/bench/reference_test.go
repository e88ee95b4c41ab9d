package bench_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/risk/triage"
	"github.com/vedette-soc/vedette/risk/triage/bench"
)

// madeUp is a company of random alerts, some labelled.
func madeUp(t *testing.T, seed uint64) *bench.Company {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, seed))
	var b strings.Builder
	b.WriteString("time,name,host,time_label,event_label\n")
	at := 1_700_000_000
	for range 2500 {
		at += r.IntN(400)
		window, event := "false_positive", "-"
		switch r.IntN(60) {
		case 0:
			window = fmt.Sprint("step", r.IntN(4))
		case 1:
			event = fmt.Sprint("step", r.IntN(4))
		}
		fmt.Fprintf(&b, "%d,Wazuh: r%d,h%d,%s,%s\n", at, r.IntN(1+r.IntN(20)), r.IntN(4), window, event)
	}
	c, err := bench.Read("made-up", strings.NewReader(b.String()), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// slowly measures an order as the definitions say, one prefix after another.
func slowly(cases []*bench.Case, score []float64, phases int) bench.Ranking {
	order := make([]int, len(cases))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return score[order[a]] > score[order[b]] })
	var counted []*bench.Case
	for _, i := range order {
		if !cases[i].Excluded {
			counted = append(counted, cases[i])
		}
	}
	precision := func(k int) float64 {
		n := 0
		for _, c := range counted[:min(k, len(counted))] {
			if c.Positive {
				n++
			}
		}
		return float64(n) / float64(k)
	}
	steps := func(k int) float64 {
		seen := map[string]bool{}
		for _, i := range order[:min(k, len(order))] {
			for _, s := range cases[i].Steps {
				seen[s] = true
			}
		}
		return float64(len(seen)) / float64(phases)
	}
	m := bench.Ranking{
		Items: len(counted), PrecisionAt10: precision(10), PrecisionAt25: precision(25), PrecisionAt50: precision(50),
		StepsAt10: steps(10), StepsAt20: steps(20), StepsAt25: steps(25), StepsAt50: steps(50),
	}
	for k, c := range counted {
		if c.Positive {
			m.Positive++
			m.AveragePrecision += precision(k + 1)
		}
	}
	m.AveragePrecision /= float64(max(1, m.Positive))
	return m
}

// Figures of the report are those that the definitions give, slowly.
func TestFiguresAgainstSlowReference(t *testing.T) {
	set, model := triage.Defaults(), triage.Prior()
	for seed := range uint64(8) {
		c := madeUp(t, seed)
		r := bench.Replay(c, set)
		var score []float64
		n, base, brier := 0.0, 0.0, 0.0
		var bins [10][3]float64
		for _, k := range r.Cases {
			z := model.LogOdds(k.Session, k.Evidence)
			score = append(score, z)
			if k.Excluded {
				continue
			}
			p, y := 1/(1+math.Exp(-z)), 0.0
			if k.Positive {
				y = 1
			}
			n, base, brier = n+1, base+y, brier+(p-y)*(p-y)
			b := &bins[min(9, int(p*10))]
			b[0], b[1], b[2] = b[0]+1, b[1]+p, b[2]+y
		}
		ece := 0.0
		for _, b := range bins {
			if b[0] > 0 {
				ece += b[0] / n * math.Abs(b[1]/b[0]-b[2]/b[0])
			}
		}
		base, brier = base/n, brier/n
		row := run(t, []*bench.Company{c}, set).Rows[0]
		about := cmpopts.EquateApprox(0, 1e-9)
		if d := cmp.Diff(slowly(r.Cases, score, len(r.Phases)), row.Sessions, about); d != "" {
			t.Errorf("seed %d: %s", seed, d)
		}
		want := []float64{n, base, brier, 1 - brier/(base*(1-base)), ece}
		q := row.Probability
		if d := cmp.Diff(want, []float64{float64(q.N), q.Base, q.Brier, q.Skill, q.ECE}, about); d != "" {
			t.Errorf("seed %d: %s", seed, d)
		}
		if row.Mode != "cold" || row.Alerts != 2500 || row.Sessions.Positive == 0 {
			t.Errorf("seed %d: %+v", seed, row)
		}
	}
}

// A session belongs to one incident, and no label moves anything: without labels
// sessions, incidents and scores are the same.
func TestLabelsDoNotLeak(t *testing.T) {
	set := triage.Defaults()
	view := func(edit func(string, []row) []row) []string {
		var out []string
		for _, c := range companies(t, edit)[:1] {
			for _, k := range bench.Replay(c, set).Cases {
				out = append(out, fmt.Sprint(k.Entity, k.First, k.Last, k.Alerts, k.Incident.ID, k.Evidence))
			}
		}
		return out
	}
	with := view(func(_ string, rows []row) []row { return rows })
	without := view(func(_ string, rows []row) []row {
		for i := range rows {
			rows[i].window, rows[i].step = "false_positive", "-"
		}
		return rows
	})
	if d := cmp.Diff(with, without); d != "" {
		t.Error(d)
	}
}
