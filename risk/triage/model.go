package triage

import (
	"fmt"
	"math"
	"slices"

	"github.com/vedette-soc/vedette/risk"
)

// Evidence about a session, by number: what the weights of a model multiply.
const (
	ownSurprise = iota // mean of its three highest surprises
	flood              // log10 of 1 + its alerts of more than low severity
	linked             // 1: in an incident of what is rare
	focus              // of the incident: how much of what fired is unusual, 0-1
	mass               // of the incident: ln(1 + sum of surprise above 1, by rule)
	firstEver          // of the incident: rules new in the organisation, at most 5, / 5
	part               // own surprise x what the incident's score has above hot, / 3
	repeat             // 1: in its incident, everything odd in it had fired before
	pieces
)

// Evidence is the vector of it, or of its weights.
type Evidence [pieces]float64

// EvidenceNames says what each piece of evidence is, for tables.
func EvidenceNames() []string {
	return []string{"own surprise", "flood", "linked", "focus", "mass", "first ever", "part", "repeat"}
}

// Model is what a session is judged by.
type Model struct {
	Base    float64 // log-odds before any evidence
	Weights Evidence
	Rules   map[string]float64 // log-odds of a rule, learnt elsewhere; may be nil
}

// Prior is the model without any label: weights set by hand in the flat middle of
// what works (docs/ranking.md).
func Prior() Model {
	return Model{Base: -5.5, Weights: Evidence{
		ownSurprise: .2, flood: .8, linked: -2, focus: 3.5, mass: .5, firstEver: 1, part: .5, repeat: -2,
	}}
}

// Remark is the severity up to which an alert is no more than that.
const Remark = low

// low is the severity up to which a flood of alerts says nothing: 6 of 15 in
// Wazuh's scale, priority 3 of Suricata.
const low = .42

// Weigh gathers the evidence about a session that ended.
func Weigh(s *Session, set Settings) Evidence {
	var x Evidence
	x[ownSurprise], x[flood] = s.top3(), math.Log10(float64(1+s.loud()))
	in := s.Incident
	if in == nil || in.Standing {
		return x
	}
	m := in.measure()
	x[linked], x[focus], x[mass], x[firstEver] = 1, m.share, m.mass, m.newOrg
	x[part] = x[ownSurprise] * max(0, m.score()-set.Hot) / 3
	x[repeat] = is(in.repeats(s, set))
	return x
}

// loud is how many alerts of more than low severity s has.
func (s *Session) loud() int {
	n := 0
	for _, f := range s.Fired {
		if f.Severity > low {
			n += f.Count
		}
	}
	return n
}

// incidentFlood is what a tenfold of loud alerts adds to an incident's place: as
// much as to a session's log-odds.
const incidentFlood = .8

// Order is where an incident stands in the queue, given where its sessions stand:
// the mean of the three highest, and what its loud alerts add together.
func (in *Incident) Order(sessions []float64) float64 {
	v := slices.Clone(sessions)
	slices.Sort(v)
	slices.Reverse(v)
	n := 0
	for _, s := range in.Sessions {
		n += s.loud()
	}
	return mean3(v) + incidentFlood*math.Log10(float64(1+n))
}

// LogOdds of a session with evidence x: what [Model.Judge] shows, added up.
func (m Model) LogOdds(s *Session, x Evidence) float64 {
	z := m.Base
	for i, w := range m.Weights {
		z += w * x[i]
	}
	if m.Rules != nil {
		z += m.ruleTerm(s)
	}
	return z
}

// ruleTerm is what was learnt elsewhere about the rules of s, those that are
// unusual here most.
func (m Model) ruleTerm(s *Session) float64 {
	z := 0.0
	for _, f := range s.Fired {
		z += m.Rules[f.Rule] * stress(f)
	}
	return z / math.Sqrt(float64(max(1, len(s.Fired))))
}

// stress is how much a rule counts for what a session is about: more, the less
// usual it is here.
func stress(f Fired) float64 { return .3 + min(f.Surprise, 3)/3 }

// Terms are the parts of a session's log-odds, with a sentence each. With Base
// they add up to LogOdds.
func (m Model) Terms(s *Session, x Evidence) []risk.Term {
	var terms []risk.Term
	add := func(i int, family, format string, args ...any) {
		if w := m.Weights[i] * x[i]; w != 0 {
			terms = append(terms, risk.Term{Family: family, Weight: w, Why: fmt.Sprintf(format, args...)})
		}
	}
	lead := ""
	if len(s.Fired) > 0 {
		lead = s.Fired[0].Rule
	}
	add(ownSurprise, "novelty", "what fired on %s is unusual there, most of all %s (surprise %.1f: one chance in %.0f in half an hour)",
		s.Entity, lead, x[ownSurprise], math.Pow(10, s.Strangest()))
	add(flood, "volume", "%.0f alerts of more than low severity", math.Round(math.Pow(10, x[flood]))-1)
	add(linked, "context", "it happened close to something rare, which is not much by itself")
	add(focus, "novelty", "%.0f %% of what fired in its incident is unusual", 100*x[focus])
	add(mass, "novelty", "its incident holds many unusual things (ln of 1 + their surprise above 1: %.1f)", x[mass])
	add(firstEver, "novelty", "its incident holds %.0f kinds of alert never seen here before (at most 5 count)", 5*x[firstEver])
	add(part, "breadth", "unusual itself within an incident that stands out")
	add(repeat, "context", "everything odd in it had fired in its incident before")
	if w := m.ruleTerm(s); w != 0 {
		terms = append(terms, risk.Term{Family: "verdict", Weight: w, Why: "elsewhere, alerts like these were judged so"})
	}
	return terms
}

func (s *Session) top3() float64 {
	n := min(3, len(s.Fired))
	sum := 0.0
	for _, f := range s.Fired[:n] {
		sum += f.Surprise
	}
	return sum / float64(max(n, 1))
}

// repeats tells whether every odd rule of s fired in an earlier session of in.
func (in *Incident) repeats(s *Session, set Settings) bool {
	first := in.firsts()
	for _, f := range s.Fired {
		if f.Surprise < set.Odd {
			break
		}
		if first[f.Rule] == s {
			return false
		}
	}
	return true
}

// firsts is the session in which each rule fired first.
func (in *Incident) firsts() map[string]*Session {
	p := in.profile()
	if p.first == nil {
		p.first = map[string]*Session{}
		for _, s := range in.Sessions {
			for _, f := range s.Fired {
				if q := p.first[f.Rule]; q == nil || byEnd(s, q) < 0 {
					p.first[f.Rule] = s
				}
			}
		}
	}
	return p.first
}
