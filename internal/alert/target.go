package alert

import (
	"fmt"

	"github.com/vedette-soc/vedette/risk"
)

// Target says whether the entity of a detection has the vulnerability that was tried.
type Target struct {
	CVE        string  `json:"cve"`
	Title      string  `json:"title,omitempty"`
	Affected   string  `json:"affected"`             // yes, no, unknown
	Why        string  `json:"why"`                  // what says so
	Exploited  bool    `json:"exploited,omitempty"`  // known to be exploited (KEV)
	Ransomware bool    `json:"ransomware,omitempty"` // in ransomware campaigns
	Exposed    bool    `json:"exposed,omitempty"`    // the internet can reach it
	SSVC       string  `json:"ssvc,omitempty"`       // track, track*, attend, act
	CVSS       float64 `json:"cvss,omitempty"`
	EPSS       float64 `json:"epss,omitempty"` // probability of exploitation in 30 days
}

// What of a probability of exploitation is worth a second look: it changes a little
// every day.
const (
	epssStep   = .1
	epssLikely = .5
)

// Differs tells whether something is known now that ranks an attack on it otherwise.
func (t *Target) Differs(now *Target) bool {
	said, _ := t.change(now, "")
	return len(said) > 0
}

// retarget puts what is known now of the target into a detection.
func (d *Detection) retarget(now *Target) (said, again []string) {
	said, again = d.Target.change(now, d.Entity.Name)
	d.Target = now
	return said, again
}

// change says what is known now of the target of an attack, who, and of it what asks for
// a second look: that it has what was tried, and that this is exploited elsewhere.
func (t *Target) change(now *Target, who string) (said, again []string) {
	if t == nil || now == nil || t.CVE != now.CVE && now.Affected != "yes" {
		return nil, nil
	}
	note := func(look bool, format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		said = append(said, text)
		if look && now.has() {
			again = append(again, text)
		}
	}
	if t.Affected != now.Affected || t.CVE != now.CVE {
		switch now.Affected {
		case "yes":
			note(true, "%s has %s: %s", who, now.CVE, now.Why)
		case "no":
			note(false, "%s does not have %s: %s", who, now.CVE, now.Why)
		default:
			note(false, "whether %s has %s is not known any more: %s", who, now.CVE, now.Why)
		}
	}
	switch {
	case now.Exploited && !t.Exploited:
		note(true, "%s is known to be exploited (KEV)", now.CVE)
	case t.Exploited && !now.Exploited:
		note(false, "%s is no longer listed as exploited (KEV)", now.CVE)
	case now.Ransomware && !t.Ransomware:
		note(true, "%s is used in ransomware campaigns (KEV)", now.CVE)
	}
	if t.SSVC != now.SSVC && now.SSVC != "" {
		note(now.SSVC == "act", "SSVC says %s of %s", now.SSVC, now.CVE)
	}
	if step := now.EPSS - t.EPSS; step >= epssStep || step <= -epssStep {
		note(now.EPSS >= epssLikely && t.EPSS < epssLikely, "EPSS gives %s %.0f %% in 30 days, gave %.0f %%", now.CVE, 100*now.EPSS, 100*t.EPSS)
	}
	return said, again
}

// has tells whether it is known that the target has the vulnerability.
func (t *Target) has() bool { return t != nil && t.Affected == "yes" }

// notExposed is how a priority without the exposure is spoken of.
const notExposed = "if the host were not exposed"

// targets weighs attacks on vulnerabilities by whether their targets have them: the
// one that says most. What is not known weighs nothing.
func targets(alerts []*Alert) []risk.Term {
	var worst, spared *Alert
	for _, a := range alerts {
		t := a.Detection.Target
		switch {
		case t.has():
			if worst == nil || t.weight() > worst.Detection.Target.weight() {
				worst = a
			}
		case t != nil && t.Affected == "no":
			spared = a
		}
	}
	if worst == nil {
		if spared == nil {
			return nil
		}
		d := spared.Detection
		return []risk.Term{{Family: "exposure", Weight: -1.5, Why: fmt.Sprintf("%s does not have %s, which was tried: %s", d.Entity.Name, d.Target.CVE, d.Target.Why)}}
	}
	d := worst.Detection
	t := d.Target
	why := fmt.Sprintf("%s has %s, which was tried: %s", d.Entity.Name, t.CVE, t.Why)
	switch {
	case t.Ransomware:
		why += "; it is known to be exploited, also by ransomware (KEV)"
	case t.Exploited:
		why += "; it is known to be exploited (KEV)"
	case t.EPSS > 0:
		why += fmt.Sprintf("; EPSS gives it %.0f %% in 30 days", 100*t.EPSS)
	}
	terms := []risk.Term{{Family: "exposure", Weight: round(t.weight()), Why: why}}
	if t.Exposed {
		terms = append(terms, risk.Term{Family: "exposure", Weight: .8, Why: d.Entity.Name + " can be reached from the internet with it", Absent: notExposed})
	}
	return terms
}

// weight is what it says that a target has what was tried.
func (t *Target) weight() float64 {
	if t.Exploited {
		return 2
	}
	return 1 + min(t.EPSS, 1)
}
