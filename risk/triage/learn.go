package triage

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/risk"
)

// Verdict is what an analyst decided about a session, with the evidence as it was.
type Verdict struct {
	Session  *Session
	Evidence Evidence
	Real     bool
	Time     time.Time
	Weight   float64 // inverse of the chance that it was chosen for review; 0 = 1
}

// Bounds of what a learner keeps and of what one verdict may weigh.
const (
	maxVerdicts = 4000
	maxWeight   = 4
	fade        = 90 * 24 * time.Hour // half-life of a verdict
	expires     = 90 * 24 * time.Hour // of what was said of one rule on one entity
)

// Spread of what verdicts teach, as standard deviations in log-odds around the
// model. Slope and shift are Platt's; they are held closer than a ~ N(1, .25) and
// c ~ N(0, 4), because reviews are no fair sample: with those, the first days of a
// long attack would be taken for a higher base rate everywhere. What a verdict
// says of a rule on one entity moves most.
const (
	spreadSlope  = .2
	spreadShift  = 1.5
	spreadRule   = 1
	spreadEntity = 6
)

// pushDown is how far verdicts on rules lower a session at most: what is new or
// broad stays visible, whatever was said of its rules.
const pushDown = 1.5

// Learner moves a model by verdicts of one organisation. What it learnt follows
// from the verdicts alone, in whatever order they came.
type Learner struct {
	model    Model
	verdicts []Verdict
	slope    float64
	shift    float64
	rule     map[string]float64
	here     map[string]float64 // entity + "\x00" + rule
	counts   tallies            // by rule, and by entity + "\x00" + rule
}

// NewLearner returns a learner that starts from model.
func NewLearner(model Model) *Learner {
	return &Learner{model: model, slope: 1, rule: map[string]float64{}, here: map[string]float64{}, counts: tallies{}}
}

// Verdicts is how many it rests on.
func (l *Learner) Verdicts() int { return len(l.verdicts) }

// Learn adds verdicts and fits anew, as of now. Beyond the newest 4,000 verdicts
// none is kept.
func (l *Learner) Learn(now time.Time, verdicts ...Verdict) {
	l.verdicts = append(l.verdicts, verdicts...)
	slices.SortStableFunc(l.verdicts, func(a, b Verdict) int {
		return cmp.Or(a.Time.Compare(b.Time), byEnd(a.Session, b.Session))
	})
	if n := len(l.verdicts) - maxVerdicts; n > 0 {
		l.verdicts = slices.Delete(l.verdicts, 0, n)
	}
	l.fit(now)
}

// fit finds the most probable slope, shift and rule weights.
func (l *Learner) fit(now time.Time) {
	r := newRegression(spreadSlope, spreadShift)
	rules, here := map[string]*factor{}, map[string]*factor{}
	l.counts = tallies{}
	for _, v := range l.verdicts {
		age := now.Sub(v.Time)
		r.judged(l.model.LogOdds(v.Session, v.Evidence), v.Real, weigh(v.Weight, age))
		for _, f := range v.Session.Fired {
			x := told(v.Session, f)
			r.about(rules, f.Rule, spreadRule, x)
			l.counts.count(f.Rule, v.Real)
			if age <= expires {
				key := v.Session.Entity + "\x00" + f.Rule
				r.about(here, key, spreadEntity, x)
				l.counts.count(key, v.Real)
			}
		}
	}
	r.solve()
	l.slope, l.shift = r.slope.value, r.shift.value
	l.rule, l.here = values(rules), values(here)
}

// told is how much a verdict on s says of one of its rules.
func told(s *Session, f Fired) float64 {
	if s.stress == 0 {
		for _, g := range s.Fired {
			s.stress += stress(g) * stress(g)
		}
		s.stress = math.Sqrt(s.stress)
	}
	return stress(f) / s.stress
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// verdictTerm is what verdicts on the rules of s add, at least -pushDown.
func (l *Learner) verdictTerm(s *Session) float64 {
	sum := 0.0
	for _, f := range s.Fired {
		sum += (l.rule[f.Rule] + l.here[s.Entity+"\x00"+f.Rule]) * told(s, f)
	}
	return max(sum, -pushDown)
}

// LogOdds of a session after verdicts: slope x model + shift + what was said of
// its rules.
func (l *Learner) LogOdds(s *Session, x Evidence) float64 {
	return l.slope*l.model.LogOdds(s, x) + l.shift + l.verdictTerm(s)
}

// Order is where s stands in the queue: like LogOdds without slope and shift, so
// that sessions judged at different times compare.
func (l *Learner) Order(s *Session, x Evidence) float64 {
	return l.model.LogOdds(s, x) + l.verdictTerm(s)
}

// Likelihood is the calibrated probability that s belongs to an attack.
func (l *Learner) Likelihood(s *Session, x Evidence) float64 {
	return sigmoid(l.LogOdds(s, x))
}

// Input explains a session for [risk.Assess]: base and terms add up to LogOdds.
func (l *Learner) Input(s *Session, x Evidence) risk.Input {
	in := risk.Input{Base: l.slope*l.model.Base + l.shift}
	for _, t := range l.model.Terms(s, x) {
		t.Weight *= l.slope
		in.Terms = append(in.Terms, t)
	}
	if w := l.verdictTerm(s); w != 0 {
		in.Terms = append(in.Terms, risk.Term{Family: "verdict", Weight: w, Why: l.why(s)})
	}
	return in
}

// why names the rule of s on which verdicts weigh most.
func (l *Learner) why(s *Session) string {
	best, lead := -1.0, Fired{}
	for _, f := range s.Fired {
		if w := math.Abs((l.rule[f.Rule] + l.here[s.Entity+"\x00"+f.Rule]) * told(s, f)); w > best {
			best, lead = w, f
		}
	}
	text := fmt.Sprintf("verdicts on %s", lead.Rule)
	if t := l.counts[s.Entity+"\x00"+lead.Rule]; t != nil {
		return fmt.Sprintf("%s: %d of %d real on %s", text, t.real, t.all, s.Entity)
	}
	if t := l.counts[lead.Rule]; t != nil {
		return fmt.Sprintf("%s: %d of %d real", text, t.real, t.all)
	}
	return text
}
