package risk

import "math"

// Loss is an expected loss in money, as a range.
type Loss struct{ From, To float64 }

// ExpectedLoss is the likelihood times what is at stake: the range of the criticality,
// in the share that the stage of the attack has reached, raised by the reputation. Two
// figures are kept: more would be made up.
func ExpectedLoss(a Assessment, from, to float64) Loss {
	share := a.Likelihood * a.Stage.Value * a.Reputation.Value
	return Loss{figures(from * share), figures(to * share)}
}

// figures rounds to two significant figures.
func figures(v float64) float64 {
	if v <= 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(v))-1)
	return math.Round(v/unit) * unit
}
