package triage_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/risk/triage"
)

var day0 = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// stream makes n alerts of some hosts and rules, in bursts, many at the same
// second.
func stream(seed uint64, n int) []triage.Alert {
	r := rand.New(rand.NewPCG(seed, 1))
	var out []triage.Alert
	t := day0
	for range n {
		switch r.IntN(12) {
		case 0:
			t = t.Add(time.Duration(r.IntN(3600)) * time.Second)
		case 1, 2, 3:
			t = t.Add(time.Duration(r.IntN(90)) * time.Second)
		}
		k := r.IntN(5)
		rule := k*k + r.IntN(3)
		out = append(out, triage.Alert{
			Time: t, Rule: fmt.Sprint("rule ", rule), Sensor: fmt.Sprint("sensor ", rule%3), Entity: fmt.Sprint("host ", r.IntN(6)), Severity: float64(rule%10) / 10,
		})
	}
	return out
}

func replay(alerts []triage.Alert, set triage.Settings) []*triage.Session {
	d := triage.NewDesk(set, nil)
	var out []*triage.Session
	for _, a := range alerts {
		_, ended := d.Add(a)
		out = append(out, ended...)
	}
	return append(out, d.Flush()...)
}

// view is what of a session can be compared.
type view struct {
	Entity      string
	First, Last time.Time
	Alerts      int
	Fired       []triage.Fired
	Incident    int
	Evidence    triage.Evidence
}

func views(sessions []*triage.Session, set triage.Settings) []view {
	var out []view
	for _, s := range sessions {
		out = append(out, view{s.Entity, s.First, s.Last, s.Alerts, s.Fired, s.Incident.ID, triage.Weigh(s, set)})
	}
	return out
}

// Sessions are those that a slow reading of the rule gives: a pause longer than
// idle, or more than an hour since the first alert, begins a new one.
func TestSessionsAgainstSlowReference(t *testing.T) {
	set := triage.Defaults()
	type span struct {
		Entity      string
		First, Last time.Time
		Alerts      int
	}
	for seed := range uint64(20) {
		alerts := stream(seed, 1500)
		var want, got []span
		for h := range 6 {
			host := fmt.Sprint("host ", h)
			var cur *span
			for _, a := range alerts {
				if a.Entity != host {
					continue
				}
				if cur == nil || a.Time.Sub(cur.Last) > set.Idle || a.Time.Sub(cur.First) > set.Cap {
					want = append(want, span{Entity: host, First: a.Time})
					cur = &want[len(want)-1]
				}
				cur.Last, cur.Alerts = a.Time, cur.Alerts+1
			}
		}
		for _, s := range replay(alerts, set) {
			got = append(got, span{s.Entity, s.First, s.Last, s.Alerts})
		}
		less := func(a, b span) int {
			if a.Entity != b.Entity {
				return map[bool]int{true: -1, false: 1}[a.Entity < b.Entity]
			}
			return a.First.Compare(b.First)
		}
		slices.SortFunc(got, less)
		slices.SortFunc(want, less)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
	}
}

// The order in which simultaneous alerts arrive changes nothing.
func TestSimultaneousAlertsInAnyOrder(t *testing.T) {
	set := triage.Defaults()
	set.Warm = time.Hour
	r := rand.New(rand.NewPCG(3, 3))
	for seed := range uint64(10) {
		alerts := stream(seed, 1500)
		want := views(replay(alerts, set), set)
		r.Shuffle(len(alerts), func(i, j int) { alerts[i], alerts[j] = alerts[j], alerts[i] })
		slices.SortStableFunc(alerts, func(a, b triage.Alert) int { return a.Time.Compare(b.Time) })
		if d := cmp.Diff(want, views(replay(alerts, set), set)); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
	}
}

// What was said when a session ended does not depend on what came later.
func TestCausal(t *testing.T) {
	set := triage.Defaults()
	set.Warm = time.Hour
	alerts := stream(5, 3000)
	surprises := func(alerts []triage.Alert) map[string][]triage.Fired {
		out := map[string][]triage.Fired{}
		d := triage.NewDesk(set, nil)
		for _, a := range alerts {
			_, ended := d.Add(a)
			for _, s := range ended {
				out[fmt.Sprint(s.Entity, s.First.Unix())] = slices.Clone(s.Fired)
			}
		}
		return out
	}
	all, part := surprises(alerts), surprises(alerts[:1500])
	if len(part) < 100 {
		t.Fatalf("only %d sessions ended in the first half", len(part))
	}
	for k, v := range part {
		if d := cmp.Diff(all[k], v); d != "" {
			t.Fatalf("%s: %s", k, d)
		}
	}
}

// A memory that was written and read goes on as if nothing had happened.
func TestMemoryRoundTrip(t *testing.T) {
	set := triage.Defaults()
	alerts := stream(9, 3000)
	const cut = 1500 // a pause here ends all sessions
	for i := range alerts[cut:] {
		alerts[cut+i].Time = alerts[cut+i].Time.Add(12 * time.Hour)
	}
	straight := replay(alerts, set)
	first := triage.NewDesk(set, nil)
	n := 0
	for _, a := range alerts[:cut] {
		_, ended := first.Add(a)
		n += len(ended)
	}
	n += len(first.Flush())
	data, err := json.Marshal(first.Memory)
	if err != nil {
		t.Fatal(err)
	}
	memory, err := triage.ReadMemory(data)
	if err != nil {
		t.Fatal(err)
	}
	second := triage.NewDesk(set, memory)
	var rest []*triage.Session
	for _, a := range alerts[cut:] {
		_, ended := second.Add(a)
		rest = append(rest, ended...)
	}
	rest = append(rest, second.Flush()...)
	if len(straight) != n+len(rest) {
		t.Fatalf("%d sessions, want %d", n+len(rest), len(straight))
	}
	for i, s := range rest {
		if d := cmp.Diff(straight[n+i].Fired, s.Fired); d != "" {
			t.Fatal(d)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	set := triage.Defaults()
	set.Pairs = 100
	d := triage.NewDesk(set, nil)
	for i := range 5000 {
		d.Add(triage.Alert{Time: day0.Add(time.Duration(i) * time.Minute), Rule: fmt.Sprint(i), Sensor: "s", Entity: fmt.Sprint(i % 700)})
	}
	d.Flush()
	if n := len(d.Memory.Pair); n > 100 || d.Memory.Lost != 5000-n {
		t.Errorf("%d pairs kept, %d lost", n, d.Memory.Lost)
	}
	if n := len(d.Memory.Org) + len(d.Memory.Hosts); n > 220 { // a tenth more until room is made again
		t.Errorf("%d rules and hosts kept", n)
	}
}

// Daily work is no surprise; the same at another hour is, and what never fired is
// the most.
func TestSurprise(t *testing.T) {
	d := triage.NewDesk(triage.Defaults(), nil)
	at := func(t time.Time, rule string) float64 {
		d.Add(triage.Alert{Time: t, Rule: rule, Sensor: "s", Entity: "h"})
		s := d.Flush()
		return s[0].Strangest()
	}
	for day := range 7 {
		for hour := range 24 { // something else goes on
			at(day0.AddDate(0, 0, day).Add(time.Duration(hour)*time.Hour), "always")
		}
		at(day0.AddDate(0, 0, day).Add(27*time.Hour), "update")
	}
	daily := at(day0.AddDate(0, 0, 7).Add(27*time.Hour+10*time.Minute), "update")
	elsewhen := at(day0.AddDate(0, 0, 7).Add(37*time.Hour), "update")
	never := at(day0.AddDate(0, 0, 7).Add(38*time.Hour), "new")
	if !(daily < .5 && daily < elsewhen && elsewhen > 1 && elsewhen < never && never > 2) {
		t.Errorf("daily %.2f, at another hour %.2f, never before %.2f", daily, elsewhen, never)
	}
}

// Alerts older than the last are taken as of then, and counted; rules and peers
// of one session are bounded.
func TestHostileInput(t *testing.T) {
	d := triage.NewDesk(triage.Defaults(), nil)
	var s *triage.Session
	for i := range 2000 {
		s, _ = d.Add(triage.Alert{Time: day0.Add(-time.Duration(i) * time.Second), Rule: fmt.Sprint(i), Sensor: "s", Entity: "h", Peer: fmt.Sprint(i)})
	}
	if d.Late != 1999 || s.Alerts != 2000 || len(s.Fired)+s.Unlisted() != 2000 || len(s.Fired) > 256 || len(s.Peers) > 16 {
		t.Errorf("late %d, alerts %d, listed %d, unlisted %d, peers %d", d.Late, s.Alerts, len(s.Fired), s.Unlisted(), len(s.Peers))
	}
}

func FuzzReadMemory(f *testing.F) {
	f.Add([]byte(`{"start":"2026-03-02T00:00:00Z","hosts":{"h":1},"org":{"r":{"n":2,"at":1}},"pair":{"h\u0000r":{"n":1,"at":1,"slots":[1,2,3,4,5,6]}}}`))
	f.Add([]byte(`{"org":{"r":null},"pair":null,"hosts":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := triage.ReadMemory(data)
		if err != nil {
			return
		}
		d := triage.NewDesk(triage.Defaults(), m)
		for _, a := range stream(1, 50) {
			d.Add(a)
		}
		d.Flush()
	})
}

func BenchmarkDesk(b *testing.B) {
	alerts := stream(1, 20000)
	b.ReportAllocs()
	for b.Loop() {
		replay(alerts, triage.Defaults())
	}
	b.ReportMetric(float64(len(alerts)*b.N)/b.Elapsed().Seconds(), "alerts/s")
}
