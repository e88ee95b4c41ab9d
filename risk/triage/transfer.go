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
	slope := &factor{mean: 1, value: 1, precision: 1 / (spreadForeignSlope * spreadForeignSlope)}
	shift := &factor{precision: 1 / (spreadForeignShift * spreadForeignShift)}
	factors := []*factor{slope, shift}
	rules := map[string]*factor{}
	z, y, w := make([]float64, len(examples)), make([]float64, len(examples)), make([]float64, len(examples))
	for i, e := range examples {
		z[i], y[i], w[i] = model.LogOdds(e.Session, e.Evidence), is(e.Real), e.Weight
		slope.in = append(slope.in, acts{i, z[i]})
		shift.in = append(shift.in, acts{i, 1})
		for _, f := range e.Session.Fired {
			g := rules[f.Rule]
			if g == nil {
				g = &factor{precision: 1 / (spreadForeignRule * spreadForeignRule)}
				rules[f.Rule] = g
				factors = append(factors, g)
			}
			g.in = append(g.in, acts{i, told(e.Session, f)})
		}
	}
	for range sweeps {
		for _, f := range factors {
			f.step(z, y, w)
		}
	}
	out := Model{Base: model.Base, Weights: model.Weights, Rules: map[string]float64{}}
	for k, v := range model.Rules {
		out.Rules[k] = v
	}
	for k, f := range rules {
		out.Rules[k] += f.value
	}
	return out
}
