package triage

// Example is a labelled session of another organisation.
type Example struct {
	Session  *Session
	Evidence Evidence
	Real     bool
	Weight   float64 // how much it counts; sessions of one incident should share one unit
}

// Spreads of what other organisations teach: little, because a rule that is an
// attack in one is daily work in the next.
const (
	spreadForeignRule  = .35
	spreadForeignSlope = .15
	spreadForeignShift = 1
)

// Transfer adds to a model what was labelled elsewhere: log-odds of rules, held
// close to zero. Base and weights stay: how probable an attack is at all does not
// carry over from one organisation to the next.
func Transfer(model Model, examples []Example) Model {
	r := newRegression(spreadForeignSlope, spreadForeignShift)
	rules := map[string]*factor{}
	for _, e := range examples {
		r.judged(model.LogOdds(e.Session, e.Evidence), e.Real, e.Weight)
		for _, f := range e.Session.Fired {
			r.about(rules, f.Rule, spreadForeignRule, told(e.Session, f))
		}
	}
	r.solve()
	out := Model{Base: model.Base, Weights: model.Weights, Rules: map[string]float64{}}
	for k, v := range model.Rules {
		out.Rules[k] = v
	}
	for k, f := range rules {
		out.Rules[k] += f.value
	}
	return out
}
