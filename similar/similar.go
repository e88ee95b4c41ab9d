// Package similar says how alike two incidents or campaigns are, and by what.
//
// A [Case] is what happened in order (techniques, rules) and what was left behind
// (names, addresses, files). [Library.Put] takes cases in, [Library.Nearest] finds the
// ones most like another, within milliseconds among tens of thousands. The score lies
// in 0-1 and is the sum of the points of the items shown: nothing else adds to it.
// What one side says nothing about does not count against it. A library is not safe
// for concurrent writing.
package similar

// Kind is what an item is.
type Kind string

// The kinds: the first two are steps, which have an order.
const (
	Technique   Kind = "technique"   // ATT&CK id
	Rule        Kind = "rule"        // what fired, where no technique is known
	Name        Kind = "name"        // actor, malware, campaign
	Address     Kind = "address"     // kin: the same /24 or /48
	Domain      Kind = "domain"      // kin: the same registrable name
	File        Kind = "file"        // hash
	Certificate Kind = "certificate" // hash
	Fingerprint Kind = "fingerprint" // JA3, JA4
	Other       Kind = "other"       // mutex, registry key, mail address ...
)

// Item is one thing that two cases may share. Label is how people call it.
type Item struct {
	Kind  Kind   `json:"kind"`
	Value string `json:"value"`
	Label string `json:"label,omitempty"`
}

// Case is an incident, campaign or actor as it compares.
type Case struct {
	ID      string
	Steps   []Item // in the order they were first seen; a second time does not count
	Ordered bool   // the order of Steps says something
	Traces  []Item // names and observables, in no order
}

// Match is a case that shares something.
type Match struct {
	ID     string   `json:"id"`
	Score  float64  `json:"score"`  // 0-1, the sum of the points of Shared
	Shared []Shared `json:"shared"` // what says most first
}

// Order of a shared step against the other steps that are shared.
type Order string

// The orders.
const (
	InOrder    Order = "in-order"
	OutOfOrder Order = "out-of-order"
	NoOrder    Order = "" // no step, or one side has no order
)

// Shared is one item that both have, and what it adds to the score.
type Shared struct {
	Item
	Other  string  `json:"other,omitempty"` // the other's value, where both are only kin: the same network, name or technique above
	Order  Order   `json:"order,omitempty"`
	Among  int     `json:"among"` // how many known cases have it (or, of kin, what they have in common)
	Points float64 `json:"points"`
}

// Limits of what a case is compared by; more than that is left out.
const (
	maxSteps  = 256
	maxTraces = 1024
)
