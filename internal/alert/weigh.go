package alert

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/risk"
)

// intelligence weighs the distinct indicators met: the strongest counts in full,
// each further one half of the one before.
func intelligence(alerts []*Alert) []risk.Term {
	var terms []risk.Term
	met := map[string]bool{}
	for _, a := range alerts {
		r := a.Detection.Reason
		if r.Kind != ByIndicator || met[r.Key] {
			continue
		}
		met[r.Key] = true
		t := risk.Term{
			Family: "intelligence", Weight: 5 * float64(r.Confidence) / 100 * specific(r.Type, r.Value), Ref: "indicator/" + r.Key,
			Why: fmt.Sprintf("%s is known as %s (confidence %d, %s)", indicator.Defang(r.Value), said(r.Names), r.Confidence, plural(len(r.Sources), "source")),
		}
		if s := a.Detection.Supplier; s != "" {
			t.Weight -= 1.5
			t.Why += "; but it belongs to the supplier " + s
		}
		if ws := a.Detection.Warnings; len(ws) > 0 {
			// A name below a listed one (a site on a hosting platform) is doubted less.
			t.Weight -= 2
			if ws[0].Entry != r.Value {
				t.Weight += 1.3
			}
			t.Why += fmt.Sprintf("; but the warning list %q has %s", ws[0].List, indicator.Defang(ws[0].Entry))
			if n := len(ws) - 1; n > 0 {
				t.Why += fmt.Sprintf(" (and %s)", plural(n, "more list"))
			}
		}
		terms = append(terms, t)
	}
	slices.SortFunc(terms, func(a, b risk.Term) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Ref, b.Ref))
	})
	scale := 1.0
	for i := range terms {
		if terms[i].Weight > 0 {
			terms[i].Weight = round(terms[i].Weight * scale)
			scale /= 2
		}
	}
	const shown = 12
	return terms[:min(len(terms), shown)]
}

// specific is how much an indicator of this type says: a hash names one file, an
// address may be shared by many.
func specific(t indicator.Type, value string) float64 {
	switch t {
	case indicator.MD5, indicator.SHA1, indicator.SHA256, indicator.SHA512:
		return 1.1
	case indicator.IPv4, indicator.IPv6:
		if strings.Contains(value, "/") {
			return .5
		}
		return .8
	case indicator.UserAgent, indicator.FileName, indicator.JA3, indicator.JA4:
		return .6
	}
	return 1
}

// products weighs what other products raised: the worst of it, as a rule of that level.
func products(alerts []*Alert) []risk.Term {
	var best *risk.Term
	for _, a := range alerts {
		r := a.Detection.Reason
		if r.Kind != ByProduct {
			continue
		}
		if w := levelWeight[r.Level]; best == nil || w > best.Weight {
			best = &risk.Term{Family: "detection", Weight: w, Why: fmt.Sprintf("%s raised %q (severity: %s)", a.Detection.Sensor, r.Title, cmp.Or(r.Level, "not stated"))}
		}
	}
	if best == nil {
		return nil
	}
	return []risk.Term{*best}
}

// levelWeight is what a match says by the level its author gave the rule, or another
// product the severity; "" where neither says.
var levelWeight = map[string]float64{"critical": 3.2, "high": 2, "medium": .9, "": .5, "low": .2}

// rules weighs the distinct rules that matched: the strongest counts in full,
// each further one half of the one before.
func rules(alerts []*Alert) []risk.Term {
	var terms []risk.Term
	met := map[string]bool{}
	for _, a := range alerts {
		r := a.Detection.Reason
		if r.Kind != ByRule || met[r.Key] {
			continue
		}
		met[r.Key] = true
		terms = append(terms, risk.Term{
			Family: "rule", Weight: levelWeight[r.Level], Ref: "rule/" + r.Key,
			Why: fmt.Sprintf("the rule %q of level %s matched", r.Title, cmp.Or(r.Level, "unknown")),
		})
	}
	slices.SortFunc(terms, func(a, b risk.Term) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Ref, b.Ref))
	})
	scale := 1.0
	for i := range terms {
		terms[i].Weight = round(terms[i].Weight * scale)
		scale /= 2
	}
	const shown = 8
	return terms[:min(len(terms), shown)]
}

func breadth(in *Incident, alerts []*Alert) []risk.Term {
	var terms []risk.Term
	if n := len(in.Sensors); n >= 2 {
		terms = append(terms, risk.Term{Family: "breadth", Weight: round(.8 * float64(n-1)), Why: fmt.Sprintf("%d detectors agree: %s", n, strings.Join(in.Sensors, ", "))})
	}
	tactics := map[string]int{}
	blocked := 0
	for _, a := range alerts {
		if meaning(a.Detection) > .2 {
			count(tactics, []string{a.Detection.Tactic})
		}
		if a.Detection.Blocked {
			blocked++
		}
	}
	if n := len(tactics); n >= 2 {
		var steps []string
		for _, t := range keys(tactics) {
			steps = append(steps, tacticName(t))
		}
		terms = append(terms, risk.Term{Family: "breadth", Weight: round(.7 * float64(min(n, 4)-1)), Why: fmt.Sprintf("%d stages of an attack: %s", n, strings.Join(steps, ", "))})
	}
	if in.Detections > 1 {
		terms = append(terms, risk.Term{Family: "volume", Weight: round(.2 * math.Log10(float64(in.Detections))), Why: plural(in.Detections, "detection")})
	}
	if blocked == len(alerts) {
		terms = append(terms, risk.Term{Family: "context", Weight: -1, Why: "every attempt was blocked by the sensor"})
	}
	return terms
}

// widely weighs reasons that fire on many of our hosts and accounts.
func (j judge) widely(ctx context.Context, alerts []*Alert) ([]risk.Term, error) {
	var terms []risk.Term
	met := map[string]bool{}
	for _, a := range alerts[:min(len(alerts), 50)] {
		r := a.Detection.Reason
		if met[r.Key] {
			continue
		}
		met[r.Key] = true
		rec, err := j.track(ctx, r.Key)
		if err != nil {
			return nil, err
		}
		if rec.Entities > rareEntities {
			terms = append(terms, risk.Term{Family: "benign", Weight: -1, Why: fmt.Sprintf("%s fires on %d of our hosts and accounts: more often a service than an attack", r.Title, rec.Entities)})
		}
	}
	return terms, nil
}
