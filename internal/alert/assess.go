package alert

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/risk"
	"github.com/vedette-soc/vedette/risk/triage"
)

// base is the log-odds of a real attack before any evidence: about one
// in twenty of what reaches the queue.
const base = -3

// judge is what incidents are judged with.
type judge struct {
	track  tracks
	learnt *triage.Learnt
}

// tracks answers how a reason was judged before, and how widely it fires.
type tracks func(ctx context.Context, reason, entity string) (Record, error)

// summarise derives an incident's title, counts and assessment from its alerts.
func (j judge) summarise(ctx context.Context, in *Incident, alerts []Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	in.Alerts, in.Detections = len(alerts), 0
	in.First, in.Last = alerts[0].First, alerts[0].Last
	names, techniques, sensors := map[string]int{}, map[string]int{}, map[string]int{}
	entities := map[string]Entity{}
	for _, a := range alerts {
		in.Detections += a.Count
		in.First, in.Last = earlier(in.First, a.First), later(in.Last, a.Last)
		d := a.Detection
		count(names, d.Reason.Names)
		count(techniques, d.Techniques)
		count(sensors, []string{d.Sensor})
		if key := d.Entity.Kind + "/" + d.Entity.Name; d.Entity.Name != "" && d.Entity.Criticality >= entities[key].Criticality {
			entities[key] = d.Entity
		}
	}
	in.Names, in.Techniques, in.Sensors = keys(names), keys(techniques), keys(sensors)
	in.Entities = in.Entities[:0:0]
	for _, e := range entities {
		in.Entities = append(in.Entities, e)
	}
	slices.SortFunc(in.Entities, func(a, b Entity) int {
		return cmp.Or(cmp.Compare(b.Criticality, a.Criticality), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	in.Told = toldOf(alerts)
	input, err := j.evidence(ctx, in, alerts)
	if err != nil {
		return err
	}
	if in.Alerts >= maxAlerts {
		in.Rare = time.Time{} // full: it is not looked at for what else is rare
	}
	in.Assessment = risk.Explain(input)
	in.Title = title(in, alerts)
	return nil
}

// evidence turns alerts into terms and factors. Weights are log-odds set by
// hand; what analysts decided moves them through the track record.
func (j judge) evidence(ctx context.Context, in *Incident, alerts []Alert) (risk.Input, error) {
	input := risk.Input{Base: base, Stage: risk.Factor{Value: .1, Why: "no stage of an attack is known"}}
	input.Terms = append(intelligence(alerts), products(alerts)...)
	input.Terms = append(input.Terms, rules(alerts)...)
	input.Terms = append(input.Terms, breadth(in, alerts)...)
	input.Terms = append(input.Terms, novelty(in, alerts)...)
	wide, err := j.widely(ctx, alerts)
	if err != nil {
		return input, err
	}
	input.Terms = append(input.Terms, wide...)
	input.Terms = append(input.Terms, j.learnt.Terms(in.Told)...)
	input.Floor, input.FloorWhy = floor(alerts)
	for _, a := range alerts {
		if v := round(stageImpact[a.Detection.Tactic] * meaning(a.Detection)); v > input.Stage.Value {
			input.Stage = risk.Factor{Value: v, Why: fmt.Sprintf("%s: %s", tacticName(a.Detection.Tactic), a.Title)}
		}
	}
	input.Criticality = risk.Factor{Value: 10, Why: "no asset of the profile is named: counted as ordinary"}
	input.Reputation = risk.Factor{Value: 1, Why: "no stake for the reputation is known"}
	if len(in.Entities) > 0 {
		e := in.Entities[0]
		input.Criticality = risk.Factor{Value: e.Criticality, Why: e.Why}
	}
	for _, e := range in.Entities {
		if e.Reputation > input.Reputation.Value {
			input.Reputation = risk.Factor{Value: e.Reputation, Why: e.ReputationWhy}
		}
	}
	return input, nil
}

// novelty weighs how unusual what fired is where it fired.
func novelty(in *Incident, alerts []Alert) []risk.Term {
	var sights []triage.Sight
	names := map[string]string{}
	in.Rare = time.Time{}
	for _, a := range alerts {
		if a.Sight == nil {
			continue
		}
		sights = append(sights, *a.Sight)
		names[a.Sight.Rule] = kindWords(a.Detection)
		if a.rare() {
			in.Rare = later(in.Rare, a.Sight.Session)
		}
	}
	return triage.Prior().Novelty(sights, triage.Defaults(), func(rule string) string { return names[rule] })
}

// kindWords is what people call the kind of a detection.
func kindWords(d Detection) string {
	if d.Reason.Kind != ByIndicator {
		return fmt.Sprintf("%q", d.Reason.Title)
	}
	text := "a meeting with what is known"
	if len(d.Reason.Names) > 0 {
		text += " as " + d.Reason.Names[0]
	}
	if d.Tactic != "" {
		text += " (" + strings.ReplaceAll(d.Tactic, "-", " ") + ")"
	}
	return text
}

// intelligence weighs the distinct indicators met: the strongest counts in full,
// each further one half of the one before.
func intelligence(alerts []Alert) []risk.Term {
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

func products(alerts []Alert) []risk.Term {
	weights := [...]float64{1: 2, 2: 1.2, 3: .5}
	var best *risk.Term
	for _, a := range alerts {
		r := a.Detection.Reason
		if r.Kind == ByIndicator || r.Severity < 1 || r.Severity >= len(weights) {
			continue
		}
		if w := weights[r.Severity]; best == nil || w > best.Weight {
			best = &risk.Term{Family: "detection", Weight: w, Why: fmt.Sprintf("%s raised %q (severity %d)", a.Detection.Sensor, r.Title, r.Severity)}
		}
	}
	if best == nil {
		return nil
	}
	return []risk.Term{*best}
}

// ruleWeight is what a match says by the level its author gave the rule.
var ruleWeight = map[string]float64{"critical": 3.2, "high": 2, "medium": .9, "low": .2}

// rules weighs the distinct rules that matched: the strongest counts in full,
// each further one half of the one before.
func rules(alerts []Alert) []risk.Term {
	var terms []risk.Term
	met := map[string]bool{}
	for _, a := range alerts {
		r := a.Detection.Reason
		if r.Kind != ByRule || met[r.Key] {
			continue
		}
		met[r.Key] = true
		terms = append(terms, risk.Term{
			Family: "rule", Weight: ruleWeight[r.Level], Ref: "rule/" + r.Key,
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

func breadth(in *Incident, alerts []Alert) []risk.Term {
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
func (j judge) widely(ctx context.Context, alerts []Alert) ([]risk.Term, error) {
	var terms []risk.Term
	met := map[string]bool{}
	for _, a := range alerts[:min(len(alerts), 50)] {
		r := a.Detection.Reason
		if met[r.Key] {
			continue
		}
		met[r.Key] = true
		rec, err := j.track(ctx, r.Key, "")
		if err != nil {
			return nil, err
		}
		if rec.Entities > rareEntities {
			terms = append(terms, risk.Term{Family: "benign", Weight: -1, Why: fmt.Sprintf("%s fires on %d of our hosts and accounts: more often a service than an attack", r.Title, rec.Entities)})
		}
	}
	return terms, nil
}

func count(m map[string]int, values []string) {
	for _, v := range values {
		if v != "" {
			m[v]++
		}
	}
}

// keys returns the keys of m, most frequent first.
func keys(m map[string]int) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
	return out
}

func said(names []string) string {
	if len(names) == 0 {
		return "malicious"
	}
	return strings.Join(names[:min(len(names), 3)], ", ")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func round(w float64) float64 { return math.Round(w*100) / 100 }
