package risk

import (
	"cmp"
	"fmt"
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
	if in.Floor > a.Priority {
		a.Priority, a.Floor = in.Floor, in.FloorWhy
	}
	a.Level = LevelOf(a.Priority)
	return a
}

// Scale maps an expected loss to 0-100.
func Scale(loss float64) int {
	loss = min(max(loss, 0), maxLoss)
	return int(math.Round(100 * math.Log1p(loss) / math.Log1p(maxLoss)))
}

// LevelOf is the band of a priority.
func LevelOf(priority int) Level {
	switch {
	case priority >= 70:
		return Critical
	case priority >= 45:
		return High
	case priority >= 25:
		return Medium
	case priority >= 10:
		return Low
	}
	return Info
}

// Explain assesses in and adds the one fact whose absence would move the
// priority most.
func Explain(in Input) Assessment {
	a := Assess(in)
	best, what := a.Priority, ""
	try := func(alt Input, text string) {
		if p := Assess(alt).Priority; p < best {
			best, what = p, text
		}
	}
	for i, t := range a.Terms {
		if t.Weight > 0 {
			alt := in
			alt.Terms = slices.Delete(slices.Clone(a.Terms), i, i+1)
			try(alt, "without this: "+t.Why)
		}
	}
	if in.Criticality.Value > 10 {
		alt := in
		alt.Criticality.Value = 10
		try(alt, "on an ordinary asset")
	}
	if in.Reputation.Value > 1 {
		alt := in
		alt.Reputation.Value = 1
		try(alt, "without the stake for the reputation")
	}
	if what != "" {
		a.Counterfactual = fmt.Sprintf("It would be %d (%s) %s.", best, LevelOf(best), what)
	}
	return a
}
