package triage

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Asked is a session to review, and why this one.
type Asked struct {
	Session *Session
	Why     Ask
	Weight  float64 // inverse of the chance that chance chose it, for Verdict.Weight; else 1
}

// Ask is why a session is put up for review.
type Ask string

// The reasons.
const (
	Likely   Ask = "likely"    // among the most probable
	Teaches  Ask = "teaches"   // its verdict would say most about others
	ByChance Ask = "by chance" // so that the model hears about what it ranks low
)

// Shares of reviews that are not simply the most probable.
const (
	shareChance  = .05
	shareTeaches = .25
)

// Choose picks up to n of the open sessions for review: most by likelihood, a
// quarter by what they would teach, one in twenty by chance. turn makes the shares
// come out over many calls; the same calls give the same choice.
func (l *Learner) Choose(open []*Session, x []Evidence, n, turn int) []Asked {
	n = min(n, len(open))
	chance := int(shareChance*float64(turn+n)) - int(shareChance*float64(turn))
	teach := min(n-chance, int(shareTeaches*float64(turn+n))-int(shareTeaches*float64(turn)))
	p := make([]float64, len(open))
	order := make([]int, len(open))
	for i, s := range open {
		p[i], order[i] = l.LogOdds(s, x[i]), i
	}
	by := func(key func(i int) float64) {
		slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(key(b), key(a)), byEnd(open[a], open[b])) })
	}
	var out []Asked
	take := func(k int, why Ask, weight float64) {
		for _, i := range order[:min(k, len(order))] {
			out = append(out, Asked{open[i], why, weight})
		}
		order = order[min(k, len(order)):]
	}
	by(func(i int) float64 { return p[i] })
	take(n-chance-teach, Likely, 1)
	if teach > 0 {
		alike := kinds(open)
		by(func(i int) float64 { q := sigmoid(p[i]); return q * (1 - q) * math.Log1p(alike[kind(open[i])]) })
		take(teach, Teaches, 1)
	}
	if chance > 0 {
		by(func(i int) float64 { return p[i] })
		rng := rand.New(rand.NewPCG(uint64(turn), uint64(len(open))))
		weight := float64(len(order)) / float64(chance)
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		take(chance, ByChance, weight)
	}
	return out
}

// kind is what makes sessions alike: the entity and its strangest rule.
func kind(s *Session) string {
	if len(s.Fired) == 0 {
		return s.Entity
	}
	return s.Entity + "\x00" + s.Fired[0].Rule
}

func kinds(open []*Session) map[string]float64 {
	m := map[string]float64{}
	for _, s := range open {
		m[kind(s)]++
	}
	return m
}
