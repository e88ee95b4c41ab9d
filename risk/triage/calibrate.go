package triage

import (
	"cmp"
	"slices"
)

// enough verdicts to let the curve of probabilities take any rising shape.
const enough = 300

// step of an isotonic curve: from this log-odds on, this probability.
type step struct{ z, p float64 }

// isotonic fits a rising step function of z to y by pooling neighbours that are
// out of order; nil below enough points. Each step is smoothed with one doubtful
// case, so that nothing is certain.
func isotonic(z, y, w []float64) []step {
	if len(z) < enough {
		return nil
	}
	order := make([]int, len(z))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(z[a], z[b]), cmp.Compare(a, b)) })
	type block struct{ z, hits, n float64 }
	var blocks []block
	for _, i := range order {
		blocks = append(blocks, block{z[i], w[i] * y[i], w[i]})
		for k := len(blocks) - 1; k > 0 && blocks[k-1].hits*blocks[k].n >= blocks[k].hits*blocks[k-1].n; k-- {
			blocks[k-1].hits += blocks[k].hits
			blocks[k-1].n += blocks[k].n
			blocks = blocks[:k]
		}
	}
	out := make([]step, len(blocks))
	for i, b := range blocks {
		out[i] = step{b.z, (b.hits + sigmoid(b.z)) / (b.n + 1)}
		if i > 0 {
			out[i].p = max(out[i].p, out[i-1].p)
		}
	}
	return out
}

// curveAt reads the curve: between the beginnings of steps it is a straight line,
// so that the order of sessions is kept; outside of all it is the logistic curve
// where that is farther out.
func curveAt(curve []step, z float64) float64 {
	i, _ := slices.BinarySearchFunc(curve, z, func(s step, z float64) int { return cmp.Compare(s.z, z) })
	switch {
	case i == 0:
		return min(sigmoid(z), curve[0].p)
	case i == len(curve):
		return max(curve[i-1].p, min(sigmoid(z), .999))
	}
	a, b := curve[i-1], curve[i]
	return a.p + (b.p-a.p)*(z-a.z)/(b.z-a.z)
}
