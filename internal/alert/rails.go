package alert

import (
	"slices"
	"strings"
)

// Rail is a guard rail: what meets it stays at least at Floor, whatever was learnt.
// Conditions that are not given do not restrict; one alert must meet them all.
type Rail struct {
	ID          string
	Title       string   // what it is about, as a sentence
	Techniques  []string // ATT&CK ids; a technique stands for what is below it
	Criticality float64  // of the asset, at least
	Exposed     bool     // the asset is reachable from the internet
	Watched     bool     // its owner wants it looked at by a person
	Passed      bool     // it was not blocked
	Exploited   bool     // the asset has the vulnerability that was tried, and it is known to be exploited
	Act         bool     // the asset has it, and SSVC says to act
	Floor       int
}

// Rails lists the guard rails.
func Rails() []Rail {
	const p2 = 45
	return []Rail{
		{ID: "before-ransomware", Title: "recovery is being destroyed or data encrypted, as ransomware does", Techniques: []string{"T1490", "T1486"}, Passed: true, Floor: p2},
		{
			ID: "crown-jewel-session", Title: "credentials or sessions of a crown jewel are being taken", Criticality: 100,
			Techniques: []string{"T1003", "T1539", "T1528", "T1550", "T1558", "T1606"}, Passed: true, Floor: p2,
		},
		{ID: "exposed-exploit", Title: "an exploit reached an asset that the internet can reach", Techniques: []string{"T1190"}, Exposed: true, Passed: true, Floor: p2},
		{
			ID: "known-exploited", Title: "a vulnerability that is known to be exploited was tried on an asset that has it and that the internet can reach",
			Exploited: true, Exposed: true, Passed: true, Floor: p2,
		},
		{ID: "ssvc-act", Title: "a vulnerability was tried on an asset that has it, for which SSVC says to act", Act: true, Passed: true, Floor: p2},
		{ID: "watched", Title: "its owner wants a person to look at this asset, always", Watched: true, Floor: p2},
	}
}

// stops tells whether an alert meets the rail. What rules below high, and products of
// low severity, say of a stage of attack is not believed enough.
func (r Rail) stops(a *Alert) bool {
	d := a.Detection
	switch {
	case (r.Exploited || r.Act) && !d.Target.has(), r.Exploited && !d.Target.Exploited, r.Act && d.Target.SSVC != "act":
		return false
	case r.Criticality > d.Entity.Criticality, r.Exposed && !d.exposed(), r.Watched && !d.Entity.Watched, r.Passed && d.Blocked:
		return false
	case len(r.Techniques) == 0:
		return true
	}
	believed := meaning(d) >= 1 || d.Reason.Kind == ByProduct && d.Reason.Level != "low"
	return believed && slices.ContainsFunc(d.Techniques, func(t string) bool {
		parent, _, _ := strings.Cut(strings.ToUpper(t), ".")
		return slices.Contains(r.Techniques, parent)
	})
}

// exposed tells whether the internet can reach who is concerned.
func (d *Detection) exposed() bool { return d.Entity.Exposed || d.Target != nil && d.Target.Exposed }

// floor is the highest rail that one of the alerts meets; unexposed leaves out those
// that rest on the exposure.
func floor(alerts []*Alert, unexposed bool) (at int, why string) {
	for _, r := range Rails() {
		if r.Floor <= at || unexposed && r.Exposed {
			continue
		}
		for _, a := range alerts {
			if r.stops(a) {
				at, why = r.Floor, r.Title+": "+a.Title
				break
			}
		}
	}
	return at, why
}
