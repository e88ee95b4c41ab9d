package indicator

import "math"

// perRefuted is what one report of a false alarm takes away in log-odds: as much as an
// incident of one's own that was judged false.
const perRefuted = 1.1

// maxRefuted is how many such reports count.
const maxRefuted = 4

// Refuted is the confidence a source states (0 = not stated, which counts as 50) after
// others reported n times that it was a false alarm with them; at least 1.
func Refuted(confidence, n int) int {
	if n <= 0 {
		return confidence
	}
	if confidence == 0 {
		confidence = 50
	}
	p := max(.01, min(.99, float64(confidence)/100))
	odds := math.Log(p/(1-p)) - perRefuted*float64(min(n, maxRefuted))
	return max(1, int(100/(1+math.Exp(-odds))+.5))
}
