package alert

import (
	"fmt"
	"strings"

	"github.com/vedette-soc/vedette/risk"
)

// stageImpact is how much of the full impact an attack has reached at a tactic
// of ATT&CK.
var stageImpact = map[string]float64{
	"reconnaissance":       .1,
	"resource-development": .1,
	"initial-access":       .3,
	"execution":            .5,
	"persistence":          .5,
	"defense-evasion":      .5,
	"discovery":            .5,
	"privilege-escalation": .6,
	"command-and-control":  .6,
	"credential-access":    .7,
	"lateral-movement":     .7,
	"collection":           .8,
	"exfiltration":         1,
	"impact":               1,

	// of industrial control systems
	"evasion":                   .5,
	"inhibit-response-function": 1,
	"impair-process-control":    1,
}

// stage is how far an attack has come by one of its alerts. What is bad and names no
// stage counts as a first step.
func stage(a *Alert) risk.Factor {
	d := a.Detection
	if d.Tactic != "" {
		return risk.Factor{Value: round(stageImpact[d.Tactic] * meaning(d)), Why: fmt.Sprintf("%s: %s", tacticName(d.Tactic), a.Title)}
	}
	if d.Reason.Level == "" {
		return risk.Factor{}
	}
	return risk.Factor{Value: round(stageImpact["initial-access"] * meaning(d)), Why: "no stage is named, counted as a first step: " + a.Title}
}

// tacticName is a tactic as people write it.
func tacticName(t string) string {
	if t == "" {
		return "unknown stage"
	}
	return strings.ToUpper(t[:1]) + strings.ReplaceAll(t[1:], "-", " ")
}

// title says in one line what an incident is about: who did what to whom.
func title(in *Incident, alerts []*Alert) string {
	lead := alerts[0]
	for _, a := range alerts {
		if rank(a) > rank(lead) {
			lead = a
		}
	}
	t := lead.Title
	if n := len(in.Entities); n > 1 {
		t += fmt.Sprintf(" (+%d more affected)", n-1)
	}
	return t
}

// rank orders alerts by how much they say about an incident.
func rank(a *Alert) float64 {
	d := a.Detection
	said := float64(d.Reason.Confidence)
	if d.Reason.Kind != ByIndicator {
		said = 30 * levelWeight[d.Reason.Level]
	}
	return stageImpact[d.Tactic]*meaning(d)*100 + said + d.Entity.Criticality/10
}

// meaning is how far a detection is believed to show the stage of attack that it
// names: a rule of a low level describes what also happens without one, and so does
// what a product finds of low severity.
func meaning(d Detection) float64 {
	if d.Reason.Kind == ByIndicator || d.Reason.Kind == ByProduct && d.Reason.Level == "" {
		return 1
	}
	return min(levelWeight[d.Reason.Level]/levelWeight["high"], 1)
}
