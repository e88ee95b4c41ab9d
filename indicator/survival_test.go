package indicator_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/vedette-soc/vedette/indicator"
)

// TestFitDecay: feeds whose entries leave with a known half-life, looked at before
// all have left.
func TestFitDecay(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, half := range []float64{2, 14, 90} {
		window := 2.5 * half
		count := map[indicator.Lived]int{}
		for range 20_000 {
			age, life := r.Float64()*window, r.ExpFloat64()*half/math.Ln2 // days
			count[indicator.Lived{Days: int(min(age, life)), Gone: life < age}]++
		}
		var lived []indicator.Lived
		for l, n := range count {
			l.N = n
			lived = append(lived, l)
		}
		fit, ok := indicator.FitDecay(lived, 20)
		got := fit.Reaches(100, 50).Hours() / 24
		if !ok || math.Abs(got-half) > .15*half {
			t.Errorf("half-life %.0f d: found %.2f d (%v, error %.3f)", half, got, fit.Decay, fit.Error)
		}
		if fit.Error > .05 || math.Abs(indicator.DecayError(lived, fit.Decay)-fit.Error) > 1e-9 {
			t.Errorf("half-life %.0f d: error %.3f, as asked for %.3f", half, fit.Error, indicator.DecayError(lived, fit.Decay))
		}
		if hand := indicator.DecayError(lived, indicator.DecayOf(indicator.Domain)); hand < fit.Error {
			t.Errorf("half-life %.0f d: the model set by hand fits better, %.3f < %.3f", half, hand, fit.Error)
		}
	}
}

func TestFitDecayNeedsLeavers(t *testing.T) {
	for name, lived := range map[string][]indicator.Lived{
		"none": nil, "only listed": {{Days: 9, N: 5000}}, "too few": {{Days: 3, Gone: true, N: indicator.MinGone - 1}, {Days: 10, N: 100}},
	} {
		if fit, ok := indicator.FitDecay(lived, 20); ok {
			t.Errorf("%s: fitted %v", name, fit)
		}
	}
	all := []indicator.Lived{{Days: 5, Gone: true, N: 100}} // all leave on one day
	if fit, ok := indicator.FitDecay(all, 20); !ok || math.IsNaN(fit.Error) || fit.Lifetime <= 0 {
		t.Errorf("all leave at once: %v %v", fit, ok)
	}
}
