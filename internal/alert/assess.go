package alert

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

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
type tracks func(ctx context.Context, reason string) (Record, error)

// summarise derives an incident's title, counts and assessment from its alerts.
func (j judge) summarise(ctx context.Context, in *Incident, alerts []*Alert) error {
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
func (j judge) evidence(ctx context.Context, in *Incident, alerts []*Alert) (risk.Input, error) {
	input := risk.Input{Base: base, Stage: risk.Factor{Value: .1, Why: "no stage of an attack is known"}}
	input.Terms = append(intelligence(alerts), products(alerts)...)
	input.Terms = append(input.Terms, rules(alerts)...)
	input.Terms = append(input.Terms, breadth(in, alerts)...)
	input.Terms = append(input.Terms, targets(alerts)...)
	input.Terms = append(input.Terms, leaks(alerts)...)
	input.Terms = append(input.Terms, novelty(in, alerts)...)
	wide, err := j.widely(ctx, alerts)
	if err != nil {
		return input, err
	}
	input.Terms = append(input.Terms, wide...)
	input.Terms = append(input.Terms, j.learnt.Terms(in.Told)...)
	input.Floor, input.FloorWhy = floor(alerts, false)
	if at, _ := floor(alerts, true); at < input.Floor {
		input.FloorElse, input.FloorRests = at, notExposed
	}
	for _, a := range alerts {
		if f := stage(a); f.Value > input.Stage.Value {
			input.Stage = f
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
func novelty(in *Incident, alerts []*Alert) []risk.Term {
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
