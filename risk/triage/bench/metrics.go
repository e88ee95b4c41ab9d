package bench

import (
	"cmp"
	"math"
	"slices"
)

// item is what a ranking orders: a session or an incident.
type item struct {
	score    float64
	order    int // ties: the earlier first
	positive bool
	excluded bool
	steps    []string
}

// Ranking is how good an order is. Precision is over items that count; steps are
// over all.
type Ranking struct {
	Items            int     `json:"items"`
	Positive         int     `json:"positive"`
	AveragePrecision float64 `json:"average_precision"`
	PrecisionAt10    float64 `json:"precision_at_10"`
	PrecisionAt25    float64 `json:"precision_at_25"`
	PrecisionAt50    float64 `json:"precision_at_50"`
	StepsAt10        float64 `json:"steps_at_10"`
	StepsAt20        float64 `json:"steps_at_20"`
	StepsAt25        float64 `json:"steps_at_25"`
	StepsAt50        float64 `json:"steps_at_50"`
}

// rank orders items by falling score and measures. all is how many steps there
// are.
func rank(items []item, all int) Ranking {
	slices.SortFunc(items, func(a, b item) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.order, b.order)) })
	var m Ranking
	seen := map[string]bool{}
	hits, sum := 0, 0.0
	for i, it := range items {
		for _, s := range it.steps {
			seen[s] = true
		}
		share := float64(len(seen)) / float64(max(all, 1))
		for _, at := range []struct {
			k  int
			to *float64
		}{{10, &m.StepsAt10}, {20, &m.StepsAt20}, {25, &m.StepsAt25}, {50, &m.StepsAt50}} {
			if i < at.k {
				*at.to = share
			}
		}
		if it.excluded {
			continue
		}
		m.Items++
		if !it.positive {
			continue
		}
		hits++
		sum += float64(hits) / float64(m.Items)
		for _, at := range []struct {
			k  int
			to *float64
		}{{10, &m.PrecisionAt10}, {25, &m.PrecisionAt25}, {50, &m.PrecisionAt50}} {
			if m.Items <= at.k {
				*at.to += 1 / float64(at.k)
			}
		}
	}
	m.Positive = hits
	if hits > 0 {
		m.AveragePrecision = sum / float64(hits)
	}
	return m
}

// Bin of a reliability chart.
type Bin struct {
	N        int     `json:"n"`
	Said     float64 `json:"said"`     // mean probability
	Happened float64 `json:"happened"` // share that was real
}

// Quality is how good probabilities are. Skill is 1 - Brier / Brier of always
// saying the base rate; ECE is the mean distance of said and happened over ten
// bins of equal width, weighted by n.
type Quality struct {
	N       int     `json:"n"`
	Base    float64 `json:"base_rate"`
	Brier   float64 `json:"brier"`
	Skill   float64 `json:"brier_skill"`
	ECE     float64 `json:"ece"`
	LogLoss float64 `json:"log_loss"`
	Bins    []Bin   `json:"bins,omitempty"`
}

// said is a probability and what happened.
type said struct {
	p    float64
	real bool
}

func quality(all []said) Quality {
	q := Quality{N: len(all)}
	if len(all) == 0 {
		return q
	}
	n := float64(len(all))
	bins := make([]Bin, 10)
	for _, s := range all {
		y := one(s.real)
		q.Base += y / n
		q.Brier += (s.p - y) * (s.p - y) / n
		p := min(max(s.p, 1e-6), 1-1e-6)
		q.LogLoss -= (y*math.Log(p) + (1-y)*math.Log(1-p)) / n
		b := &bins[min(9, int(s.p*10))]
		b.N++
		b.Said += s.p
		b.Happened += y
	}
	for i := range bins {
		b := &bins[i]
		q.ECE += math.Abs(b.Said-b.Happened) / n
		if b.N > 0 {
			b.Said /= float64(b.N)
			b.Happened /= float64(b.N)
		}
	}
	if v := q.Base * (1 - q.Base); v > 0 {
		q.Skill = 1 - q.Brier/v
	}
	q.Bins = bins
	return q
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
