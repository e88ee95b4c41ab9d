package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/vedette-soc/vedette/extract"
)

// What was best in cross-validation.
const (
	epochs           = 30
	rate             = 0.5
	ridge            = 1e-3
	positive         = 1.0 // how much more a labelled sentence weighs than one without
	procedureWeight  = 0.5
	procedureAgainst = 0.15
	sentenceWeight   = 0.7
	sentenceAgainst  = 0.15
	leastSeen        = 2 // sentences a feature must be in
)

// sentenceModel is one-versus-rest logistic regression over all labels.
type sentenceModel struct {
	vocabulary map[uint32]int
	weights    [][]float32 // by label
	bias       []float64
}

// trainSentences fits the examples that use says are to be learned from.
func trainSentences(c *corpus, use func(example) bool) *sentenceModel {
	count := map[uint32]int{}
	var set []example
	for _, e := range c.examples {
		if use(e) && len(e.features) > 0 {
			set = append(set, e)
			for _, f := range e.features {
				count[f]++
			}
		}
	}
	m := &sentenceModel{vocabulary: map[uint32]int{}, weights: make([][]float32, len(c.labels)), bias: make([]float64, len(c.labels))}
	var known []uint32
	for f, n := range count {
		if n >= leastSeen {
			known = append(known, f)
		}
	}
	slices.Sort(known)
	for i, f := range known {
		m.vocabulary[f] = i
	}
	rows := make([][]int32, len(set))
	for i, e := range set {
		for _, f := range e.features {
			if at, ok := m.vocabulary[f]; ok {
				rows[i] = append(rows[i], int32(at))
			}
		}
	}
	var wg sync.WaitGroup
	turn := make(chan struct{}, 2)
	for l := range c.labels {
		wg.Go(func() {
			turn <- struct{}{}
			m.weights[l], m.bias[l] = fitLabel(set, rows, l, len(known))
			<-turn
		})
	}
	wg.Wait()
	return m
}

// fitLabel is stochastic gradient descent with a step for each weight (AdaGrad).
func fitLabel(set []example, rows [][]int32, label, size int) ([]float32, float64) {
	w, g := make([]float32, size), make([]float32, size)
	bias, gb := -4.0, 1.0
	r := rand.New(rand.NewPCG(7, uint64(label)))
	order := r.Perm(len(set))
	for range epochs {
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			e := &set[i]
			norm := 1 / math.Sqrt(float64(len(e.features)))
			sum := 0.0
			for _, f := range rows[i] {
				sum += float64(w[f])
			}
			y, weight := 0.0, e.against
			if slices.Contains(e.labels, label) {
				y, weight = 1, positive*e.weight
			}
			d := weight * (1/(1+math.Exp(-(sum*norm+bias))) - y)
			if math.Abs(d) < 1e-4 {
				continue
			}
			gb += d * d
			bias -= rate * d / math.Sqrt(gb)
			for _, f := range rows[i] {
				step := float32(d*norm) + ridge*w[f]
				g[f] += step * step
				w[f] -= rate * step / float32(math.Sqrt(float64(g[f])+1e-6))
			}
		}
	}
	return w, bias
}

func (m *sentenceModel) score(features []uint32, dst []float64) {
	norm := 1.0
	if len(features) > 0 {
		norm = 1 / math.Sqrt(float64(len(features)))
	}
	for l := range m.weights {
		sum := 0.0
		for _, f := range features {
			if at, ok := m.vocabulary[f]; ok {
				sum += float64(m.weights[l][at])
			}
		}
		dst[l] = sum*norm + m.bias[l]
	}
}

// trained is the model for the file: of each label the weights that matter.
func (m *sentenceModel) trained(c *corpus, label int, prior float64, keep int) extract.TrainedLabel {
	out := extract.TrainedLabel{ID: c.labels[label], Bias: m.bias[label], Prior: prior, Weights: map[uint32]float64{}}
	var all []float64
	for _, w := range m.weights[label] {
		if w != 0 {
			all = append(all, math.Abs(float64(w)))
		}
	}
	slices.Sort(all)
	least := 0.0
	if len(all) > keep {
		least = all[len(all)-keep]
	}
	for f, at := range m.vocabulary {
		if w := float64(m.weights[label][at]); math.Abs(w) >= least && w != 0 {
			out.Weights[f] = w
		}
	}
	return out
}
