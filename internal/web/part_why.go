package web

import (
	"cmp"
	"fmt"
	"math"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/risk"
	"github.com/vedette-soc/vedette/risk/triage"
)

// why is the arithmetic behind a priority: log-odds that add up to a likelihood,
// and the product that makes it a priority.
type why struct {
	risk.Assessment
	Steps []whyStep
	Zero  float64 // where even odds stand, of 200 units
	Local string  // what verdicts of this house make of the likelihood
	Loss  string  // expected, in money; "" = the profile gives none
	Stake string  // what Loss comes from
}

// whyStep is one piece of evidence as a bar that begins where the one before
// ended.
type whyStep struct {
	Family   string
	Text     string
	Weight   float64
	URL      string
	X, Width float64 // of 200 units
	Against  bool
}

// familyLabel says what kind of evidence a term is.
var familyLabel = map[string]string{
	"intelligence": "intelligence", "detection": "other detectors", "rule": "rules", "breadth": "breadth", "context": "context", "benign": "ordinary use",
	"volume": "volume", "novelty": "what is usual", "exposure": "exposure", "leak": "leaked", "verdict": "earlier verdicts",
}

const (
	whyWidth   = 200
	termsShown = 8 // the rest is one bar: a term of 0.01 explains nothing
)

func newWhy(d alert.Detail) why {
	a := d.Incident.Assessment
	w := why{Assessment: a, Local: fmt.Sprintf("no local evidence yet: %s of the %d that a probability needs", plural(d.Verdicts, "verdict"), triage.LeastCalibrated)}
	if d.Enough {
		w.Local = fmt.Sprintf("a probability of %s here, by %s", likely(d.Probability), plural(d.Verdicts, "verdict"))
	}
	lo, hi, sum := min(a.Base, 0), max(a.Base, 0), a.Base
	for _, t := range a.Terms {
		sum += t.Weight
		lo, hi = min(lo, sum), max(hi, sum)
	}
	lo, hi = math.Floor(lo)-.25, math.Ceil(hi)+.25
	at := func(v float64) float64 { return math.Round(10*whyWidth*(v-lo)/(hi-lo)) / 10 }
	w.Zero = at(0)
	add := func(s whyStep, from float64) {
		a, b := at(from), at(from+s.Weight)
		s.X, s.Width, s.Against = min(a, b), max(math.Abs(b-a), 1), s.Weight < 0
		w.Steps = append(w.Steps, s)
	}
	add(whyStep{Family: "to begin with", Text: "Before any evidence: how often what reaches the queue is a real attack", Weight: a.Base}, 0)
	sum = a.Base
	shown, rest := a.Terms, []risk.Term(nil)
	if len(shown) > termsShown+1 {
		shown, rest = shown[:termsShown], shown[termsShown:]
	}
	for _, t := range shown {
		s := whyStep{Family: cmp.Or(familyLabel[t.Family], t.Family), Text: t.Why, Weight: t.Weight}
		if t.Ref != "" {
			s.URL = refURL(t.Ref)
		}
		add(s, sum)
		sum += t.Weight
	}
	if len(rest) > 0 {
		more := whyStep{Family: "smaller terms", Text: "and " + plural(len(rest), "smaller piece") + " of evidence"}
		for _, t := range rest {
			more.Weight += t.Weight
		}
		add(more, sum)
	}
	return w
}
