package bench

import (
	"cmp"
	"math"
	"slices"

	"github.com/vedette-soc/vedette/risk/triage"
)

// Peer is the formula of another product over the alerts of one session or
// incident.
type Peer struct {
	Name  string
	Score func(fired []triage.Fired) float64
}

// Peers are the formulas by which other products order, each over the published
// severity of every alert, 0-100. Splunk ES sums the risk of an entity; its known
// cure for stacking caps each rule at twice its highest event. Elastic sorts and
// weighs by i^-1.5; Google takes the highest and a fifth of the rest.
func Peers() []Peer {
	return []Peer{
		{"severity", func(f []triage.Fired) float64 { return highest(f) }},
		{"splunk_rba", func(f []triage.Fired) float64 { return sum(f, math.MaxInt) }},
		{"splunk_rba_capped", func(f []triage.Fired) float64 { return sum(f, 2) }},
		{"elastic", Elastic},
		{"google", func(f []triage.Fired) float64 { top := highest(f); return top + .2*(sum(f, math.MaxInt)-top) }},
	}
}

func highest(fired []triage.Fired) float64 {
	top := 0.0
	for _, f := range fired {
		top = max(top, 100*f.Severity)
	}
	return top
}

func sum(fired []triage.Fired, most int) float64 {
	total := 0.0
	for _, f := range fired {
		total += 100 * f.Severity * float64(min(f.Count, most))
	}
	return total
}

// Of Elastic's entity risk score (elastic/kibana risk_score): r_i / i^1.5 over at
// most 10,000 alerts, sorted, over the sum of that series.
const (
	elasticMost = 10_000
	elasticNorm = 2.5924
)

// Elastic is Elastic's entity risk score, 0-100.
func Elastic(fired []triage.Fired) float64 {
	sorted := slices.Clone(fired)
	slices.SortFunc(sorted, func(a, b triage.Fired) int { return cmp.Compare(b.Severity, a.Severity) })
	total, i := 0.0, 1
	for _, f := range sorted {
		for range f.Count {
			if i > elasticMost {
				return total / elasticNorm
			}
			total += 100 * f.Severity / math.Pow(float64(i), 1.5)
			i++
		}
	}
	return total / elasticNorm
}
