package risk_test

import (
	"testing"

	"github.com/vedette-soc/vedette/risk"
)

// TestAbsent: what a guard rail rests on goes with it, down to what else holds.
func TestAbsent(t *testing.T) {
	const words = "if the host were not exposed"
	in := risk.Input{
		Base: -3, Terms: []risk.Term{{Family: "exposure", Weight: .8, Why: "it can be reached", Absent: words}},
		Stage: risk.Factor{Value: .3}, Criticality: risk.Factor{Value: 3}, Reputation: risk.Factor{Value: 1},
		Floor: 45, FloorWhy: "known exploited", FloorRests: words,
	}
	if got, want := risk.Explain(in).Counterfactual, "It would be 1 (info) "+words+"."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	in.FloorElse = 45 // another rail holds it up as well
	if got := risk.Explain(in).Counterfactual; got == "It would be 1 (info) "+words+"." {
		t.Errorf("%q although another rail holds", got)
	}
}
