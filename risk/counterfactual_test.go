package risk_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/risk"
)

// What the counterfactual takes away does lower the level by as much as it says, and
// the order of evidence does not change the sentence.
func TestCounterfactualHolds(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	named := 0
	for range 400 {
		in := risk.Input{Base: -3, Stage: one(.3 + .7*r.Float64()), Criticality: one(10), Reputation: one(1)}
		for i := range 2 + r.IntN(6) {
			in.Terms = append(in.Terms, risk.Term{Weight: 3 * r.Float64(), Why: fmt.Sprintf("fact %d", i)})
		}
		a := risk.Explain(in)
		r.Shuffle(len(in.Terms), func(i, j int) { in.Terms[i], in.Terms[j] = in.Terms[j], in.Terms[i] })
		if b := risk.Explain(in); a.Counterfactual != b.Counterfactual {
			t.Fatalf("%q, in another order %q", a.Counterfactual, b.Counterfactual)
		}
		if a.Counterfactual == "" {
			continue
		}
		alt := in
		alt.Terms = slices.DeleteFunc(slices.Clone(in.Terms), func(x risk.Term) bool { return strings.Contains(a.Counterfactual, x.Why) })
		said := 0
		var level string
		if _, err := fmt.Sscanf(a.Counterfactual, "It would be %d (%s", &said, &level); err != nil {
			t.Fatal(err)
		}
		if got := risk.Assess(alt); got.Priority != said || !strings.HasPrefix(level, string(got.Level)) {
			t.Fatalf("%q, without it %d (%s)", a.Counterfactual, got.Priority, got.Level)
		}
		if len(in.Terms)-len(alt.Terms) > 1 {
			named++
		}
	}
	if named == 0 {
		t.Error("no case needed more than one fact: nothing was tested")
	}
}
