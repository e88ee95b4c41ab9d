package risk_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/risk"
)

func TestExpectedLoss(t *testing.T) {
	a := risk.Assess(risk.Input{Stage: risk.Factor{Value: .5}, Criticality: risk.Factor{Value: 30}, Reputation: risk.Factor{Value: 2}})
	for _, c := range []struct {
		from, to float64
		want     risk.Loss
	}{
		{20_000, 200_000, risk.Loss{From: 10_000, To: 100_000}}, // even odds, half of it, twice the stake
		{12_345, 98_765, risk.Loss{From: 6200, To: 49_000}},
		{0, 10, risk.Loss{From: 0, To: 5}},
		{0, 3.4, risk.Loss{From: 0, To: 1.7}},
		{0, 0, risk.Loss{}},
	} {
		if d := cmp.Diff(c.want, risk.ExpectedLoss(a, c.from, c.to)); d != "" {
			t.Error(d)
		}
	}
}
