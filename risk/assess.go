package risk

import (
	"cmp"
	"math"
	"slices"
)

// maxLoss is the largest product of factors: certainty x full impact x the
// highest criticality x the highest reputation factor.
const maxLoss = 1 * 1 * 100 * 3

// Assess computes the priority of in:
//
//	likelihood    p = 1 / (1 + e^-(base + sum of term weights))
//	expected loss E = p x stage x criticality x reputation
//	priority        = 100 x ln(1+E) / ln(1+300), raised to the floor if there is one
func Assess(in Input) Assessment {
	terms := slices.Clone(in.Terms)
	slices.SortFunc(terms, func(a, b Term) int {
		return cmp.Or(-cmp.Compare(math.Abs(a.Weight), math.Abs(b.Weight)), cmp.Compare(a.Why, b.Why), cmp.Compare(a.Ref, b.Ref))
	})
	a := Assessment{
		Base: in.Base, Terms: terms, LogOdds: in.Base,
		Stage: in.Stage, Criticality: in.Criticality, Reputation: in.Reputation,
	}
	for _, t := range terms {
		a.LogOdds += t.Weight
	}
	a.Likelihood = 1 / (1 + math.Exp(-a.LogOdds))
	a.ExpectedLoss = a.Likelihood * in.Stage.Value * in.Criticality.Value * in.Reputation.Value
	a.Priority = Scale(a.ExpectedLoss)
	a.Floor, a.FloorAt = in.FloorWhy, in.Floor
	a.Priority = max(a.Priority, in.Floor)
	a.Level = LevelOf(a.Priority)
	return a
}

// Scale maps an expected loss to 0-100.
func Scale(loss float64) int {
	loss = min(max(loss, 0), maxLoss)
	return int(math.Round(100 * math.Log1p(loss) / math.Log1p(maxLoss)))
}

// LevelOf is the band of a priority. High begins where an attack on an ordinary host
// (criticality 10) is almost certain and has come as far as credentials or another host;
// only what matters more to the organisation can be critical.
func LevelOf(priority int) Level {
	switch {
	case priority >= 70:
		return Critical
	case priority >= 35:
		return High
	case priority >= 25:
		return Medium
	case priority >= 10:
		return Low
	}
	return Info
}

// Explain assesses in and adds what would have to be absent for the level to be a
// lower one.
func Explain(in Input) Assessment {
	a := Assess(in)
	in.Terms = a.Terms // in one order, so that the same evidence gives the same sentence
	a.Counterfactual = Counterfactual(in)
	return a
}
