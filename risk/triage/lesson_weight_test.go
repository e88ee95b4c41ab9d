package triage_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/risk/triage"
)

// What chance chose to be judged counts by the inverse of its chance, at most four
// times, so that verdicts on what is ranked low are not drowned by those on the top.
func TestChosenByChanceWeighs(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	learnt := func(weight float64) float64 {
		lessons := []triage.Lesson{{Incident: "x", Time: now, Real: true, LogOdds: -3, Weight: weight, Told: []triage.Told{{Rule: "r", Entity: "host/a", Name: "R"}}}}
		for i := range 4 {
			lessons = append(lessons, triage.Lesson{Incident: fmt.Sprint(i), Time: now, LogOdds: -3, Told: []triage.Told{{Rule: "r", Entity: fmt.Sprint("host/", i), Name: "R"}}})
		}
		sum := 0.0
		for _, term := range triage.Fit(now, lessons).Terms([]triage.Told{{Rule: "r", Entity: "host/new", Name: "R"}}) {
			sum += term.Weight
		}
		return sum
	}
	one, two, four := learnt(0), learnt(2), learnt(4)
	if learnt(1) != one || two <= one || four <= two || math.Abs(learnt(250)-four) > 1e-9 {
		t.Errorf("weights 0, 1, 2, 4, 250 teach %.2f, %.2f, %.2f, %.2f, %.2f", one, learnt(1), two, four, learnt(250))
	}
}

// Questions says by which chance it chose.
func TestQuestionOfChanceSaysItsChance(t *testing.T) {
	var open []triage.Open
	for i := range 40 {
		open = append(open, triage.Open{ID: fmt.Sprint(i), LogOdds: float64(i%7) - 3, Told: []triage.Told{{Rule: fmt.Sprint("rule ", i)}}})
	}
	by := map[triage.Ask]int{}
	for turn := 0; turn < 400; turn += 5 {
		for _, q := range triage.Questions(open, 5, turn) {
			by[q.Why]++
			want := 0.0
			if q.Why == triage.ByChance {
				want = 35
			}
			if q.Weight != want {
				t.Fatalf("%s has the weight %v, want %v", q.Why, q.Weight, want)
			}
		}
	}
	if by[triage.ByChance] != 20 {
		t.Errorf("chosen: %v", by)
	}
}
