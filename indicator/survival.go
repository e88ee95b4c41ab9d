package indicator

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Lived is how long entries of a source were listed: N of them for Days days. Those
// that are not Gone are listed still: how long they will have been is not known.
type Lived struct {
	Days int
	Gone bool
	N    int
}

// DecayFit is the decay model under which the score falls as entries are withdrawn.
type DecayFit struct {
	Decay
	N     int     // entries looked at
	Gone  int     // of them withdrawn
	Error float64 // root mean square distance from the share still listed, 0-1
}

// MinGone is the least number of withdrawn entries from which FitDecay says
// something.
const MinGone = 30

// FitDecay fits lifetime and delta to the share of entries still listed at each age,
// as a life table gives it (Cutler and Ederer, J. Chronic Dis. 8, 1958), in which
// entries listed still count for as long as they are. ok is false when fewer than
// MinGone were withdrawn.
func FitDecay(lived []Lived, threshold float64) (fit DecayFit, ok bool) {
	curve, n, gone := survival(lived)
	fit = DecayFit{Decay: Decay{Delta: 1, Threshold: threshold}, N: n, Gone: gone}
	if gone < MinGone {
		return fit, false
	}
	// Least squares over a grid in log(lifetime), log(delta), made finer around the best.
	longest := math.Log(float64(len(curve)))
	x, y, dx, dy := longest+1, 0.0, 2.5, 1.8
	best := math.Inf(1)
	for range 12 {
		cx, cy := x, y
		for i := -8; i <= 8; i++ {
			for j := -8; j <= 8; j++ {
				a, b := cx+dx*float64(i)/8, cy+dy*float64(j)/8
				if e := distance(curve, math.Exp(a), math.Exp(b)); e < best {
					best, x, y = e, a, b
				}
			}
		}
		dx, dy = dx/2, dy/2
	}
	fit.Lifetime = time.Duration(math.Exp(x) * float64(day))
	fit.Delta, fit.Error = math.Exp(y), best
	return fit, true
}

// DecayError is how far a model is from the share of entries still listed, like
// DecayFit.Error.
func DecayError(lived []Lived, d Decay) float64 {
	curve, _, _ := survival(lived)
	return distance(curve, float64(d.Lifetime)/float64(day), d.Delta)
}

// survival returns the share still listed after 1, 2 ... days, up to the last day on
// which one was withdrawn.
func survival(lived []Lived) (curve []float64, n, gone int) {
	lived = slices.Clone(lived)
	slices.SortFunc(lived, func(a, b Lived) int { return cmp.Compare(a.Days, b.Days) })
	last := -1
	for _, l := range lived {
		n += l.N
		if l.Gone {
			gone += l.N
			last = max(last, l.Days)
		}
	}
	risk, share, i := n, 1.0, 0
	for d := 0; d <= last; d++ {
		lost, still := 0, 0
		for ; i < len(lived) && lived[i].Days <= d; i++ {
			if lived[i].Gone {
				lost += lived[i].N
			} else {
				still += lived[i].N
			}
		}
		if exposed := float64(risk) - float64(still)/2; exposed > 0 { // those listed still were there half of the day
			share *= max(1-float64(lost)/exposed, 0)
		}
		risk -= lost + still
		curve = append(curve, share)
	}
	return curve, n, gone
}

func distance(curve []float64, lifetime, delta float64) float64 {
	if len(curve) == 0 {
		return 0
	}
	sum := 0.0
	for i, s := range curve {
		model := 0.0
		if age := float64(i + 1); age < lifetime {
			model = 1 - math.Pow(age/lifetime, 1/delta)
		}
		sum += (model - s) * (model - s)
	}
	return math.Sqrt(sum / float64(len(curve)))
}
