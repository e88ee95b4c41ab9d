package intel

import (
	"fmt"
	"math"
	"time"

	"github.com/vedette-soc/vedette/indicator"
)

// Sighting is what analysts' verdicts said of an indicator.
type Sighting struct {
	Confirmed int       `json:"confirmed,omitempty"` // incidents judged real
	Refuted   int       `json:"refuted,omitempty"`   // incidents judged false
	Last      time.Time `json:"last,omitzero"`       // met in a real attack
}

// Vote is what one source adds to the confidence in an indicator:
//
//	1 - (1 - stated x reliability)^weight
//
// weight is 1 / (1 + the sum of its overlap with the other sources that claim the
// indicator): those that copy each other share one vote.
type Vote struct {
	Source      string  `json:"source"`
	Stated      int     `json:"stated"`                // 0-100
	Reliability string  `json:"reliability,omitempty"` // Admiralty A-F
	Factor      float64 `json:"factor"`
	Weight      float64 `json:"weight"`
	Adds        float64 `json:"adds"`
}

// Reckoning is how the confidence in an indicator and its expiry come about.
type Reckoning struct {
	Votes      []Vote    `json:"votes"`
	Sources    int       `json:"sources"` // confidence by the sources alone, 0-100
	Sighting   Sighting  `json:"sighting"`
	Shift      float64   `json:"shift"` // log-odds by what was met here
	Confidence int       `json:"confidence"`
	Until      time.Time `json:"until,omitzero"`
	Why        []string  `json:"why"` // of the expiry, in words
}

// Log-odds of one verdict, and the most that verdicts may shift.
const (
	perConfirmed = 0.7
	perRefuted   = 1.1
	maxShift     = 4
)

// factors are what a statement is worth by the reliability of its source (NATO
// Admiralty code). F, and none given, say nothing against it.
var factors = map[string]float64{"A": 1, "B": .95, "C": .85, "D": .6, "E": .3}

// trust is what is known of the sources themselves.
type trust struct {
	reliability func(source string) string
	kinship     map[[2]string]float64 // share of the first's indicators that the second has
	decays      []DecayRule
}

// reckon derives confidence and expiry from what the sources say and what was met.
// With explain, votes and words are kept; a merge of a million does without.
func (t trust) reckon(typ indicator.Type, said []AssertionRow, met Sighting, explain bool) Reckoning {
	r := Reckoning{Sighting: met}
	doubt := 1.0
	var until time.Time
	claimed := false
	for _, a := range said {
		if a.Withdrawn {
			continue
		}
		claimed = true
		v := t.vote(a, said)
		doubt *= 1 - v.Adds
		until = latest(until, t.ends(typ, a, met))
		if explain {
			r.Votes = append(r.Votes, v)
			r.Why = append(r.Why, t.life(typ, a, met)...)
		}
	}
	if !claimed {
		return r
	}
	p := 1 - doubt
	r.Sources = int(100*p + .5)
	r.Shift = max(-maxShift, min(maxShift, perConfirmed*float64(met.Confirmed)-perRefuted*float64(met.Refuted)))
	if r.Shift != 0 {
		p = 1 / (1 + math.Exp(-(logit(p) + r.Shift)))
	}
	r.Confidence = int(100*p + .5)
	r.Until = until.Truncate(time.Second)
	return r
}

func logit(p float64) float64 {
	p = max(.01, min(.99, p))
	return math.Log(p / (1 - p))
}

func (t trust) vote(a AssertionRow, said []AssertionRow) Vote {
	v := Vote{Source: a.Source, Stated: min(a.Confidence, 100), Factor: 1}
	if t.reliability != nil {
		v.Reliability = t.reliability(a.Source)
		if f, ok := factors[v.Reliability]; ok {
			v.Factor = f
		}
	}
	kin := 0.0
	for _, o := range said {
		if !o.Withdrawn && o.Source != a.Source {
			kin += t.kinship[[2]string{a.Source, o.Source}]
		}
	}
	v.Weight = 1 / (1 + kin)
	v.Adds = float64(v.Stated) / 100 * v.Factor
	if kin > 0 {
		v.Adds = 1 - math.Pow(1-v.Adds, v.Weight)
	}
	return v
}

// ends is when one claim ends: when the source says, or else when its score has
// decayed. An attack in which it was met begins its life anew; each false alarm
// halves what is left.
func (t trust) ends(typ indicator.Type, a AssertionRow, met Sighting) time.Time {
	origin, decay := a.LastSeen.Truncate(time.Microsecond), t.decay(a.Source, typ) // as it is stored
	end := a.Until
	if end.IsZero() {
		end = decay.Expiry(origin, float64(a.Confidence))
	}
	if !met.Last.IsZero() {
		if anew := decay.Expiry(met.Last, float64(a.Confidence)); anew.After(end) {
			origin, end = met.Last, anew
		}
	}
	if n := min(met.Refuted, 10); n > 0 && end.After(origin) {
		end = origin.Add(time.Duration(float64(end.Sub(origin)) / math.Pow(2, float64(n))))
	}
	return end
}

// life says in words how ends comes about.
func (t trust) life(typ indicator.Type, a AssertionRow, met Sighting) []string {
	decay := t.decay(a.Source, typ)
	var why []string
	end := a.Until
	if end.IsZero() {
		end = decay.Expiry(a.LastSeen, float64(a.Confidence))
		why = append(why, fmt.Sprintf("%s confirmed it on %s; its score falls below %.0f on %s", a.Source, a.LastSeen.Format(time.DateOnly), decay.Threshold, end.Format(time.DateOnly)))
	} else {
		why = append(why, fmt.Sprintf("%s says until %s", a.Source, end.Format(time.DateOnly)))
	}
	if !met.Last.IsZero() {
		if anew := decay.Expiry(met.Last, float64(a.Confidence)); anew.After(end) {
			why = append(why, fmt.Sprintf("met in a real attack on %s: that gives it until %s", met.Last.Format(time.DateOnly), anew.Format(time.DateOnly)))
		}
	}
	if met.Refuted > 0 {
		why = append(why, fmt.Sprintf("%d false alarms: what was left is halved as often, until %s", met.Refuted, t.ends(typ, a, met).Format(time.DateOnly)))
	}
	return why
}

// minKin is the least volume from which the overlap of a source says something.
const minKin = 50

// kinshipOf reads from the sets how much of each source another has.
func kinshipOf(sets map[string]int) map[[2]string]float64 {
	volume := map[string]int{}
	both := map[[2]string]int{}
	for _, s := range readSets(sets) {
		for _, a := range s.sources {
			volume[a] += s.n
			for _, b := range s.sources {
				if a != b {
					both[[2]string{a, b}] += s.n
				}
			}
		}
	}
	out := map[[2]string]float64{}
	for pair, n := range both {
		if volume[pair[0]] >= minKin {
			out[pair] = float64(n) / float64(volume[pair[0]])
		}
	}
	return out
}
