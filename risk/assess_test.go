package risk_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/risk"
)

func one(v float64) risk.Factor { return risk.Factor{Value: v} }

func TestScaleSpansItsRange(t *testing.T) {
	if got := risk.Scale(0); got != 0 {
		t.Errorf("Scale(0) = %d", got)
	}
	if got := risk.Scale(300); got != 100 {
		t.Errorf("Scale(300) = %d", got)
	}
	if got := risk.Scale(math.Inf(1)); got != 100 {
		t.Errorf("Scale(inf) = %d", got)
	}
	last := -1
	for e := 0.0; e <= 300; e += 0.5 {
		p := risk.Scale(e)
		if p < last {
			t.Fatalf("Scale is not monotone at %v", e)
		}
		last = p
	}
}

// The priority must be what the shown arithmetic says it is, in whatever order
// the evidence came.
func TestArithmeticAndPermutation(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	crit, rep := []float64{1, 3, 10, 30, 100}, []float64{1, 1.5, 2, 3}
	for range 500 {
		in := risk.Input{
			Base: -3, Stage: one(r.Float64()),
			Criticality: one(crit[r.IntN(5)]), Reputation: one(rep[r.IntN(4)]),
		}
		for i := range r.IntN(9) {
			in.Terms = append(in.Terms, risk.Term{Weight: r.NormFloat64() * 2, Why: string(rune('a' + i))})
		}
		a := risk.Assess(in)
		z := a.Base
		for _, term := range a.Terms {
			z += term.Weight
		}
		p := 1 / (1 + math.Exp(-z))
		loss := p * a.Stage.Value * a.Criticality.Value * a.Reputation.Value
		if z != a.LogOdds || p != a.Likelihood || math.Abs(loss-a.ExpectedLoss) > 1e-12 || risk.Scale(loss) != a.Priority {
			t.Fatalf("shown terms do not give the result: %+v", a)
		}
		r.Shuffle(len(in.Terms), func(i, j int) { in.Terms[i], in.Terms[j] = in.Terms[j], in.Terms[i] })
		if d := cmp.Diff(a, risk.Assess(in)); d != "" {
			t.Fatalf("order of evidence matters: %s", d)
		}
	}
}

func TestFloorRaisesAndSaysSo(t *testing.T) {
	a := risk.Assess(risk.Input{Base: -5, Stage: one(.1), Criticality: one(1), Reputation: one(1), Floor: 60, FloorWhy: "known exploited"})
	if a.Priority != 60 || a.Level != risk.High || a.Floor != "known exploited" {
		t.Errorf("got %+v", a)
	}
}

func TestCounterfactualNamesTheFactThatMatters(t *testing.T) {
	a := risk.Explain(risk.Input{
		Base: -3, Stage: one(.6), Criticality: one(100), Reputation: one(1),
		Terms: []risk.Term{{Weight: 5, Why: "the hash is known"}, {Weight: .2, Why: "seen often"}},
	})
	if !strings.Contains(a.Counterfactual, "the hash is known") {
		t.Errorf("counterfactual: %q (priority %d)", a.Counterfactual, a.Priority)
	}
}

func BenchmarkExplain(b *testing.B) {
	in := risk.Input{Base: -3, Stage: one(.6), Criticality: one(30), Reputation: one(1.5)}
	for i := range 8 {
		in.Terms = append(in.Terms, risk.Term{Weight: float64(i), Why: string(rune('a' + i))})
	}
	b.ReportAllocs()
	for b.Loop() {
		risk.Explain(in)
	}
}
