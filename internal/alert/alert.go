// Package alert turns detections into few incidents: one alert per fingerprint
// with a counter, one session per entity, one incident for what belongs
// together, ranked, explained and judged.
//
// [Service.Take] takes detections, [Service.Queue] and [Service.Incident] show
// the result, [Service.Judge] takes a verdict.
package alert

import (
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/risk"
	"github.com/vedette-soc/vedette/risk/triage"
)

// Detection is one event against one reason.
type Detection struct {
	ID         string        `json:"id"`            // UUIDv5 of event and reason: the same again counts once
	Time       time.Time     `json:"time,omitzero"` // of the event
	Event      ref.Ref       `json:"event"`
	Summary    string        `json:"summary"` // one sentence: what happened
	Reason     Reason        `json:"reason"`
	Observable Observable    `json:"observable"`
	Entity     Entity        `json:"entity"`               // who is concerned: host or account of ours
	Peer       string        `json:"peer"`                 // the other side, if any
	Supplier   string        `json:"supplier,omitempty"`   // of ours, whom the matched name belongs to
	Blocked    bool          `json:"blocked"`              // the sensor says the traffic was stopped
	Dataset    string        `json:"dataset"`              // event.dataset
	Sensor     string        `json:"sensor"`               // which detector: "intelligence", "suricata", "sigma" ...
	Tactic     string        `json:"tactic"`               // ATT&CK tactic this shows, e.g. "command-and-control"
	Techniques []string      `json:"techniques,omitempty"` // ATT&CK ids
	Warnings   []Warning     `json:"warnings,omitempty"`   // warning lists that speak against the reason
	Suppressed bool          `json:"suppressed"`           // by a warning list, or of an informational rule: kept and counted, raises nothing
	Past       bool          `json:"past,omitempty"`       // found by looking back, not when the event arrived
	Late       time.Duration `json:"late"`                 // found by looking back: how long after the event
	Known      time.Time     `json:"known,omitzero"`       // when the reason became known here
	CVEs       []string      `json:"cves,omitempty"`       // that the rule or the product names
	Target     *Target       `json:"target,omitempty"`     // whether who is concerned has one of them
	Account    Account       `json:"account,omitzero"`     // that the event names
	Leak       *Leak         `json:"leak,omitempty"`       // of its password
	Infection  *Leak         `json:"infection,omitempty"`  // a stealer log names the host
}

// ReasonKind is why a detection exists.
type ReasonKind string

// The kinds of reasons.
const (
	ByIndicator ReasonKind = "indicator"
	ByProduct   ReasonKind = "product" // an alert another product raised
	ByRule      ReasonKind = "rule"
)

// Word is the kind as people say it.
func (k ReasonKind) Word() string {
	if k == ByProduct {
		return "alert"
	}
	return string(k)
}

// Reason is what a detection rests on.
type Reason struct {
	Kind       ReasonKind      `json:"kind"`
	Key        string          `json:"key"` // indicator id, or product and rule id
	Title      string          `json:"title"`
	Type       indicator.Type  `json:"type,omitempty"`
	Value      string          `json:"value,omitempty"`
	Confidence int             `json:"confidence,omitempty"` // 0-100
	Names      []string        `json:"names,omitempty"`
	Sources    []string        `json:"sources,omitempty"`
	KillChain  string          `json:"kill_chain,omitempty"` // tactic, when known
	Layer      indicator.Layer `json:"layer,omitempty"`
	LastSeen   time.Time       `json:"last_seen,omitzero"`
	Level      string          `json:"level,omitempty"`    // rule, and severity of a product: informational, low, medium, high, critical
	Author     string          `json:"author,omitempty"`   // of the rule; shown wherever the rule speaks
	License    string          `json:"license,omitempty"`  // of the rule
	Evidence   []string        `json:"evidence,omitempty"` // rule: field=value that made it match; product: what its event says of it
	Related    []ref.Ref       `json:"related,omitempty"`  // correlation: the other events it rests on
}

// Observable is the matched value and where it stood.
type Observable struct {
	Type  indicator.Type `json:"type"`
	Value string         `json:"value"`
	Field string         `json:"field"`
}

// Warning is a warning list that holds the matched value.
type Warning struct {
	List   string `json:"list"`
	Entry  string `json:"entry"`
	Action string `json:"action"` // "suppress", "downgrade"
	// Decision is the id of what somebody decided to let pass; "" = a warning list speaks.
	Decision string `json:"decision,omitempty"`
}

// Entity is a host or account of the organisation, with what the profile says.
type Entity struct {
	Kind          string   `json:"kind"`              // "host", "user"
	Name          string   `json:"name"`              // host name, address or account
	Account       string   `json:"account,omitempty"` // who was at work on the host
	AssetID       string   `json:"asset_id,omitempty"`
	Label         string   `json:"label,omitempty"`
	Criticality   float64  `json:"criticality"`   // 1, 3, 10, 30, 100
	Why           string   `json:"why,omitempty"` // why this criticality
	Exposed       bool     `json:"exposed,omitempty"`
	Technologies  []string `json:"technologies,omitempty"`
	Owner         string   `json:"owner,omitempty"`
	Reputation    float64  `json:"reputation,omitempty"` // 1, 1.5, 2, 3
	ReputationWhy string   `json:"reputation_why,omitempty"`
	Shared        bool     `json:"shared,omitempty"`  // gateway, resolver, proxy: never links incidents
	Watched       bool     `json:"watched,omitempty"` // its owner wants a person to look, always
}

// Who is by what an Entity is described: a host, with the account at work on it, or an
// account.
type Who struct{ Kind, Name, Account string }

// Alert is all detections of one fingerprint, up to a verdict that called them real: what
// fires again after it is a new alert, which names the earlier one.
type Alert struct {
	ID          string    `json:"id"`
	Fingerprint string    `json:"fingerprint"`
	Incident    string    `json:"incident"`
	Title       string    `json:"title"`
	Detection   Detection `json:"detection"`          // the first; its entity is that with the highest stake
	Accounts    []string  `json:"accounts,omitempty"` // that were at work on the host, at most 16
	Count       int       `json:"count"`
	First       time.Time `json:"first,omitzero"`
	Last        time.Time `json:"last,omitzero"`
	Suppressed  bool      `json:"suppressed"`
	// Sight is how unusual it is where it fired; nil = found by looking back.
	Sight *triage.Sight `json:"sight,omitempty"`
	// Earlier is the alert of the same that was judged real before; nil = there is none.
	Earlier *Earlier `json:"earlier,omitempty"`
}

// Earlier is an alert that was judged real, as it was then.
type Earlier struct {
	Fingerprint string      `json:"fingerprint"` // that it has now
	Incident    string      `json:"incident"`
	Number      int         `json:"number"` // of the incident
	Verdict     VerdictKind `json:"verdict"`
	By          string      `json:"by"`
	Time        time.Time   `json:"time,omitzero"` // of the verdict
	Count       int         `json:"count"`
}

// State of an incident.
type State string

// The states.
const (
	Open   State = "open"
	Closed State = "closed"
)

// Incident is what an analyst works on.
type Incident struct {
	ID         string          `json:"id"`
	Number     int             `json:"number"` // short, for people
	Title      string          `json:"title"`
	State      State           `json:"state"`
	Owner      string          `json:"owner"`
	Entities   []Entity        `json:"entities,omitempty"`
	Names      []string        `json:"names,omitempty"` // actors, malware, campaigns
	Techniques []string        `json:"techniques,omitempty"`
	Sensors    []string        `json:"sensors,omitempty"`
	Alerts     int             `json:"alerts"`
	Detections int             `json:"detections"`
	First      time.Time       `json:"first,omitzero"`
	Last       time.Time       `json:"last,omitzero"` // of the evidence
	Created    time.Time       `json:"created,omitzero"`
	Updated    time.Time       `json:"updated,omitzero"`
	Assessment risk.Assessment `json:"assessment"`
	Verdict    *Verdict        `json:"verdict,omitempty"`
	Links      []Link          `json:"links,omitempty"`
	Merged     string          `json:"merged"`         // id of the incident this one was merged into
	Told       []triage.Told   `json:"told,omitempty"` // what a verdict on it is about
	Rare       time.Time       `json:"rare,omitzero"`  // when something rare last fired in it
}

// Link says why something belongs to an incident.
type Link struct {
	Time time.Time `json:"time"`
	What string    `json:"what"` // e.g. the alert or the merged incident
	Why  string    `json:"why"`
	// Which alert joined for what, and how much that says (log10 of how much more
	// often it is so than by chance); empty in links of an earlier version.
	Alert  string  `json:"alert,omitempty"`
	How    string  `json:"how,omitempty"`
	Value  string  `json:"value,omitempty"`
	Weight float64 `json:"weight,omitempty"`
}

// VerdictKind is a person's judgement.
type VerdictKind string

// The six verdicts.
const (
	TruePositive       VerdictKind = "true-positive"
	BenignTruePositive VerdictKind = "benign-true-positive"
	FalsePositive      VerdictKind = "false-positive"
	Duplicate          VerdictKind = "duplicate"
	Undetermined       VerdictKind = "undetermined"
	Test               VerdictKind = "test"
)

// Verdict is a judgement with a reason.
type Verdict struct {
	Kind   VerdictKind `json:"kind"`
	Reason string      `json:"reason"`
	Impact bool        `json:"impact"`
	By     string      `json:"by"`
	Time   time.Time   `json:"time"`
	// Weight is the inverse of the chance by which the incident had been chosen to be
	// judged; 0 = it had not been by chance.
	Weight float64 `json:"weight,omitempty"`
}

// Entry is one line of an incident's timeline.
type Entry struct {
	Time time.Time `json:"time,omitzero"`
	Kind string    `json:"kind"` // "alert", "verdict", "action", "note", "priority", "link", "state"
	Text string    `json:"text"`
	By   string    `json:"by"`
	Ref  ref.Ref   `json:"ref"`
}
