package triage

import (
	"math"
	"time"
)

// regression is a penalised logistic regression in the making: verdicts, Platt's
// slope and shift, and further factors that act on some of the verdicts.
type regression struct {
	slope, shift *factor
	factors      []*factor // in the order in which they move
	z, y, w      []float64 // of each verdict: log-odds, whether it is real, weight
}

// factor is one unknown of the fit with its prior and the verdicts it acts on.
type factor struct {
	mean, precision float64
	value           float64
	in              []acts
}

// acts is a verdict, by number, and by how much a factor moves its log-odds.
type acts struct {
	i int
	x float64
}

const sweeps = 30

// newRegression begins with spreads of slope, around 1, and shift, around 0.
func newRegression(slope, shift float64) *regression {
	r := &regression{
		slope: &factor{mean: 1, value: 1, precision: 1 / (slope * slope)},
		shift: &factor{precision: 1 / (shift * shift)},
	}
	r.factors = []*factor{r.slope, r.shift}
	return r
}

// judged adds a verdict on something of log-odds z.
func (r *regression) judged(z float64, real bool, weight float64) {
	i := len(r.z)
	r.z, r.y, r.w = append(r.z, z), append(r.y, is(real)), append(r.w, weight)
	r.slope.in, r.shift.in = append(r.slope.in, acts{i, z}), append(r.shift.in, acts{i, 1})
}

// about says that the last verdict is by x about what stands under key.
func (r *regression) about(m map[string]*factor, key string, spread, x float64) {
	f := m[key]
	if f == nil {
		f = &factor{precision: 1 / (spread * spread)}
		m[key] = f
		r.factors = append(r.factors, f)
	}
	f.in = append(f.in, acts{len(r.z) - 1, x})
}

// solve finds the most probable values by Newton steps, one coordinate after
// another.
func (r *regression) solve() {
	for range sweeps {
		for _, f := range r.factors {
			f.step(r.z, r.y, r.w)
		}
	}
}

// step moves one factor by a Newton step and keeps the log-odds z in line.
func (f *factor) step(z, y, w []float64) {
	grad, hess := f.precision*(f.value-f.mean), f.precision
	for _, a := range f.in {
		p := sigmoid(z[a.i])
		grad += w[a.i] * (p - y[a.i]) * a.x
		hess += w[a.i] * p * (1 - p) * a.x * a.x
	}
	d := -grad / hess
	d = min(max(d, -1), 1)
	f.value += d
	for _, a := range f.in {
		z[a.i] += d * a.x
	}
}

func values(m map[string]*factor) map[string]float64 {
	out := make(map[string]float64, len(m))
	for k, f := range m {
		out[k] = f.value
	}
	return out
}

// tally counts verdicts.
type tally struct{ real, all int }

// tallies are verdicts by what they are about.
type tallies map[string]*tally

func (t tallies) count(key string, real bool) {
	c := t[key]
	if c == nil {
		c = &tally{}
		t[key] = c
	}
	c.all++
	if real {
		c.real++
	}
}

// weigh is what a verdict of an age counts: half after [fade], more when chance chose
// it, by the inverse of its chance, at most four times.
func weigh(inverse float64, age time.Duration) float64 {
	return min(max(inverse, 1), maxWeight) * math.Exp2(-max(0, age.Seconds())/fade.Seconds())
}
