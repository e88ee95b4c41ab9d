package triage

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/risk"
)

// Lesson is what a verdict on an incident teaches.
type Lesson struct {
	Incident string    `json:"incident"`
	Time     time.Time `json:"time"`
	Real     bool      `json:"real"`
	Here     bool      `json:"here,omitempty"` // it holds on these entities only: right, but authorised
	LogOdds  float64   `json:"log_odds"`       // of the incident without what verdicts said
	Said     float64   `json:"said"`           // the likelihood that was shown when it was judged
	Told     []Told    `json:"told,omitempty"` // what the verdict is about
	// Weight is the inverse of the chance by which it was chosen to be judged; 0 = it
	// was not by chance.
	Weight float64 `json:"weight,omitempty"`
}

// Told is a rule, an indicator or a source within an incident.
type Told struct {
	Rule   string `json:"rule"`
	Entity string `json:"entity,omitempty"` // "" of a source
	Name   string `json:"name"`
}

// Spread and least number of verdicts of a source.
const (
	spreadSource = .5
	leastSource  = 5
)

// LeastCalibrated is how many verdicts a probability needs to be called one.
const LeastCalibrated = 30

// Learnt is what the lessons of an organisation come to. It never changes.
type Learnt struct {
	Lessons      int
	Slope, Shift float64 // Platt's, for the probability that is shown; the order goes without
	rule, here   map[string]float64
	counts       tallies
}

// Fit learns from lessons, as of now, whatever their order: penalised logistic
// regression on the log-odds without verdicts, as of [Learner].
func Fit(now time.Time, lessons []Lesson) *Learnt {
	lessons = slices.Clone(lessons)
	slices.SortFunc(lessons, func(a, b Lesson) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.Incident, b.Incident)) })
	lessons = lessons[:min(len(lessons), maxVerdicts)]
	l := &Learnt{Lessons: len(lessons), counts: tallies{}}
	r := newRegression(spreadSlope, spreadShift)
	rules, here := map[string]*factor{}, map[string]*factor{}
	for _, v := range lessons {
		age := now.Sub(v.Time)
		r.judged(v.LogOdds, v.Real, weigh(v.Weight, age))
		x := share(v.Told)
		seen := map[string]bool{}
		for _, t := range v.Told {
			if !seen[t.Rule] && !v.Here {
				seen[t.Rule] = true
				r.about(rules, t.Rule, spreadOf(t), x)
				l.counts.count(t.Rule, v.Real)
			}
			if key := t.key(); t.Entity != "" && age <= expires && !seen[key] {
				seen[key] = true
				r.about(here, key, spreadEntity, x)
				l.counts.count(key, v.Real)
			}
		}
	}
	r.solve()
	l.Slope, l.Shift, l.rule, l.here = r.slope.value, r.shift.value, values(rules), values(here)
	return l
}

func (t Told) key() string { return t.Entity + "\x00" + t.Rule }

func spreadOf(t Told) float64 {
	if t.Entity == "" {
		return spreadSource
	}
	return spreadRule
}

// share is how much each thing told counts: together as much as one, by squares.
func share(told []Told) float64 {
	rules := map[string]bool{}
	for _, t := range told {
		rules[t.Rule] = true
	}
	return 1 / math.Sqrt(float64(max(1, len(rules))))
}

// Terms are what verdicts say of an incident, at least -pushDown together: what is
// new or broad stays visible, whatever was said of its rules.
func (l *Learnt) Terms(told []Told) []risk.Term {
	x := share(told)
	var terms []risk.Term
	seen := map[string]bool{}
	sum := 0.0
	add := func(key string, w float64, format string, args ...any) {
		if c := l.counts[key]; c != nil && !seen[key] {
			seen[key] = true
			sum += w * x
			terms = append(terms, risk.Term{Family: "verdict", Weight: w * x, Why: fmt.Sprintf(format, args...)})
		}
	}
	for _, t := range told {
		if c := l.counts[t.Rule]; c != nil && (t.Entity != "" || c.all >= leastSource) {
			add(t.Rule, l.rule[t.Rule], "analysts judged %s real in %d of %d incidents", t.Name, c.real, c.all)
		}
		if c := l.counts[t.key()]; c != nil && t.Entity != "" {
			add(t.key(), l.here[t.key()], "on %s analysts judged %s real in %d of %d incidents", bare(t.Entity), t.Name, c.real, c.all)
		}
	}
	if scale := sum / -pushDown; scale > 1 {
		for i := range terms {
			terms[i].Weight /= scale
		}
	}
	for i := range terms {
		terms[i].Weight = math.Round(100*terms[i].Weight) / 100
	}
	return slices.DeleteFunc(terms, func(t risk.Term) bool { return t.Weight == 0 })
}

// Probability is the calibrated probability of log-odds; ok is false while there
// are too few verdicts to say.
func (l *Learnt) Probability(logOdds float64) (p float64, ok bool) {
	return sigmoid(l.Slope*logOdds + l.Shift), l.Lessons >= LeastCalibrated
}

// Bin is one bar of a reliability chart: of what was said to be about as probable,
// how much was real.
type Bin struct {
	From, To   float64
	N          int
	Said, Real float64 // means
}

// Reliability says how good shown likelihoods were: the Brier score, the expected
// calibration error over ten bins, and the bins that hold something.
type Reliability struct {
	N          int
	Brier, ECE float64
	Base       float64 // share of real ones
	Skill      float64 // 1 - Brier / that of always saying Base; 0 when all are alike
	Bins       []Bin
}

// Rate holds what was said against what was judged.
func Rate(lessons []Lesson) Reliability {
	r := Reliability{N: len(lessons)}
	if r.N == 0 {
		return r
	}
	bins := make([]Bin, 10)
	for _, v := range lessons {
		y := is(v.Real)
		r.Brier += (v.Said - y) * (v.Said - y)
		r.Base += y
		b := &bins[min(9, max(0, int(10*v.Said)))]
		b.N++
		b.Said += v.Said
		b.Real += y
	}
	n := float64(r.N)
	r.Brier, r.Base = r.Brier/n, r.Base/n
	if c := r.Base * (1 - r.Base); c > 0 {
		r.Skill = 1 - r.Brier/c
	}
	for i, b := range bins {
		if b.N == 0 {
			continue
		}
		b.From, b.To = float64(i)/10, float64(i+1)/10
		b.Said, b.Real = b.Said/float64(b.N), b.Real/float64(b.N)
		r.ECE += float64(b.N) / n * math.Abs(b.Said-b.Real)
		r.Bins = append(r.Bins, b)
	}
	return r
}

// Open is an incident that waits for a verdict.
type Open struct {
	ID      string
	LogOdds float64
	Told    []Told
}

// Question is an incident whose verdict would teach, and why.
type Question struct {
	ID     string
	Why    Ask
	N      int     // how many open incidents are like it
	Weight float64 // inverse of the chance that chance chose it, for Lesson.Weight; else 0
}

// Questions picks the n incidents whose verdicts would teach most: those about whose
// like we are least sure, and one by chance for each twenty asked before, so that
// what is ranked low is heard of too. The same arguments give the same questions.
func Questions(open []Open, n, turn int) []Question {
	alike := map[string]int{}
	like := func(o Open) string {
		if len(o.Told) == 0 {
			return o.ID
		}
		return o.Told[0].Rule
	}
	for _, o := range open {
		alike[like(o)]++
	}
	gain := func(o Open) float64 {
		p := sigmoid(o.LogOdds)
		return p * (1 - p) * math.Log1p(float64(alike[like(o)]))
	}
	open = slices.Clone(open)
	slices.SortFunc(open, func(a, b Open) int { return cmp.Or(cmp.Compare(gain(b), gain(a)), cmp.Compare(a.ID, b.ID)) })
	asked := map[string]bool{}
	var out []Question
	for _, o := range open {
		if len(out) < n && !asked[like(o)] {
			asked[like(o)] = true
			out = append(out, Question{o.ID, Teaches, alike[like(o)], 0})
		}
	}
	chance := int(shareChance*float64(turn+n)) - int(shareChance*float64(turn))
	if rest := len(open) - len(out); chance > 0 && len(out) == n && rest > 0 {
		pick := open[n+turn%rest]
		if !slices.ContainsFunc(out, func(q Question) bool { return q.ID == pick.ID }) {
			out[n-1] = Question{pick.ID, ByChance, alike[like(pick)], float64(rest)}
		}
	}
	return out
}
