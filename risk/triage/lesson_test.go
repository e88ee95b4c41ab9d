package triage_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/risk/triage"
)

var lesson0 = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// someLessons are verdicts on incidents of 10 rules, of which three are real, by log-odds
// that say so.
func someLessons(n int) (out []triage.Lesson) {
	r := rand.New(rand.NewPCG(7, 7))
	for i := range n {
		rule := r.IntN(10)
		real := rule < 3
		z := -2 + 2*r.NormFloat64()
		if real {
			z += 3
		}
		out = append(out, triage.Lesson{
			Incident: fmt.Sprint(i), Time: lesson0.Add(time.Duration(i) * time.Hour), Real: real, LogOdds: z, Said: 1 / (1 + math.Exp(-z)),
			Told: []triage.Told{{Rule: fmt.Sprint("rule ", rule), Entity: fmt.Sprint("host/h", r.IntN(5)), Name: fmt.Sprint("rule ", rule)}},
		})
	}
	return out
}

func sum(l *triage.Learnt, told ...triage.Told) (w float64) {
	for _, t := range l.Terms(told) {
		w += t.Weight
	}
	return w
}

func TestLessons(t *testing.T) {
	all := someLessons(200)
	now := lesson0.Add(200 * time.Hour)
	l := triage.Fit(now, all)
	shuffled := append([]triage.Lesson(nil), all...)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	for rule := range 10 {
		told := triage.Told{Rule: fmt.Sprint("rule ", rule), Entity: "host/elsewhere", Name: "it"}
		w := sum(l, told)
		if (rule < 3) != (w > 0) {
			t.Errorf("rule %d weighs %.2f", rule, w)
		}
		if w < -1.5 {
			t.Errorf("verdicts push rule %d down to %.2f", rule, w)
		}
		if again := sum(triage.Fit(now, shuffled), told); math.Abs(again-w) > .011 {
			t.Errorf("rule %d weighs %.2f, in another order %.2f", rule, w, again)
		}
	}
	if p, ok := l.Probability(-8); !ok || p > .1 {
		t.Errorf("probability %.3f, %v", p, ok)
	}
	if _, ok := triage.Fit(now, all[:29]).Probability(0); ok {
		t.Error("29 verdicts are called enough")
	}
}

// What is authorised on a host says nothing of the rule elsewhere, and expires.
func TestAuthorisedHere(t *testing.T) {
	told := func(host string) triage.Told { return triage.Told{Rule: "r", Entity: "host/" + host, Name: "r"} }
	one := triage.Lesson{Incident: "1", Time: lesson0, Here: true, LogOdds: 1, Told: []triage.Told{told("a")}}
	l := triage.Fit(lesson0, []triage.Lesson{one})
	if here, there := sum(l, told("a")), sum(l, told("b")); here >= 0 || there != 0 {
		t.Errorf("%.2f here, %.2f elsewhere", here, there)
	}
	if later := sum(triage.Fit(lesson0.AddDate(0, 0, 91), []triage.Lesson{one}), told("a")); later != 0 {
		t.Errorf("after 91 days it still weighs %.2f", later)
	}
}

func TestRate(t *testing.T) {
	got := triage.Rate([]triage.Lesson{{Said: .95, Real: true}, {Said: .95, Real: true}, {Said: .25}, {Said: .25, Real: true}})
	want := triage.Reliability{N: 4, Base: .75, Brier: (2*.05*.05 + .25*.25 + .75*.75) / 4, ECE: .5*.05 + .5*.25, Bins: []triage.Bin{
		{From: .2, To: .3, N: 2, Said: .25, Real: .5}, {From: .9, To: 1, N: 2, Said: .95, Real: 1},
	}}
	want.Skill = 1 - want.Brier/(.75*.25)
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Error(diff)
	}
}

// The nearest verdict is of what shares the rarer thing.
func TestNearest(t *testing.T) {
	list := someLessons(50)
	list = append(list, triage.Lesson{Incident: "the one", Time: lesson0, Told: []triage.Told{{Rule: "odd", Entity: "host/h1", Name: "an odd rule"}}})
	got := triage.Nearest([]triage.Told{{Rule: "odd", Entity: "host/h9", Name: "an odd rule"}, {Rule: "rule 1", Entity: "host/h1", Name: "rule 1"}}, list, 3)
	if len(got) != 3 || got[0].Lesson.Incident != "the one" || got[0].Shared[0] != "an odd rule" {
		t.Errorf("%+v", got)
	}
}

// A watch that was resumed from what was kept says what one that ran on says.
func TestWatchResumes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	set := triage.Defaults()
	on := triage.Resume(set, nil, nil)
	off := triage.Resume(set, nil, nil)
	kept := map[string]triage.Habit{}
	open := map[string]*triage.Session{}
	at := lesson0
	for i := range 4000 {
		at = at.Add(time.Duration(r.IntN(600)) * time.Second)
		a := triage.Alert{Time: at, Rule: fmt.Sprint("r", r.IntN(20)), Entity: fmt.Sprint("h", r.IntN(8)), Sensor: "s"}
		_, want, _ := on.Add(a)
		session, got, ended := off.Add(a)
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-9, 1e-9)); diff != "" {
			t.Fatalf("alert %d: %s", i, diff)
		}
		for _, s := range ended {
			delete(open, s.Entity)
		}
		open[session.Entity] = session
		learnt, _ := off.Learnt(ended)
		for _, h := range learnt {
			kept[h.Entity+"\x00"+h.Rule] = h
		}
		if i%97 == 0 {
			var habits []triage.Habit
			for _, h := range kept {
				habits = append(habits, h)
			}
			var sessions []*triage.Session
			for _, s := range open {
				sessions = append(sessions, s)
			}
			off = triage.Resume(set, habits, sessions)
		}
	}
}
