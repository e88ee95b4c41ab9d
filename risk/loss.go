package risk

import (
	"math"
	"strconv"
)

// Loss is an expected loss in money, as a range.
type Loss struct{ From, To float64 }

// ExpectedLoss is the likelihood times what is at stake: the range of the criticality,
// in the share that the stage of the attack has reached, raised by the reputation. Two
// figures are kept: more would be made up.
func ExpectedLoss(a Assessment, from, to float64) Loss {
	share := a.Likelihood * a.Stage.Value * a.Reputation.Value
	return Loss{figures(from * share), figures(to * share)}
}

// figures rounds to two significant figures, to the number that is written so.
func figures(v float64) float64 {
	if v <= 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0
	}
	short, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 1, 64), 64)
	return short
}
