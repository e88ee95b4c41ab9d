// Package risk ranks: from evidence about an attack, and from what it touches,
// to one priority between 0 and 100 whose arithmetic can be read.
//
// [Assess] is pure: the same input gives the same [Assessment], the order of
// evidence does not matter, and the priority follows from the terms shown.
package risk

// Term is one piece of evidence: its weight in log-odds and the sentence that
// says why.
type Term struct {
	Family string  `json:"family"` // "intelligence", "detection", "rule", "breadth", "context", "benign", "volume", "verdict"
	Weight float64 `json:"weight"` // added log-odds, negative = speaks against
	Why    string  `json:"why"`
	Ref    string  `json:"ref,omitempty"` // what it rests on, ref.Ref form
	// Absent says how it would be without this: "if the host were not exposed". "" = the
	// sentence of the term is used.
	Absent string `json:"absent,omitempty"`
}

// Input is what is known of an incident.
type Input struct {
	Base        float64 // log-odds before any evidence
	Terms       []Term
	Stage       Factor // impact of the stage of attack, 0-1
	Criticality Factor // of the most critical asset touched: 1, 3, 10, 30 or 100
	Reputation  Factor // 1, 1.5, 2 or 3
	Floor       int    // guard rail: the priority is at least this; 0 = none
	FloorWhy    string
	// FloorRests is what the guard rail rests on, in the words of a term's Absent: without
	// it FloorElse holds.
	FloorRests string
	FloorElse  int
}

// Factor is a factor of the product with its reason.
type Factor struct {
	Value float64 `json:"value"`
	Why   string  `json:"why"`
}

// Assessment is the result, stored with its arithmetic.
type Assessment struct {
	Likelihood     float64 `json:"likelihood"` // probability 0-1
	LogOdds        float64 `json:"log_odds"`
	Base           float64 `json:"base"`
	Terms          []Term  `json:"terms"`
	Stage          Factor  `json:"stage"`
	Criticality    Factor  `json:"criticality"`
	Reputation     Factor  `json:"reputation"`
	ExpectedLoss   float64 `json:"expected_loss"` // likelihood x stage x criticality x reputation
	Priority       int     `json:"priority"`      // 0-100
	Level          Level   `json:"level"`
	Floor          string  `json:"floor,omitempty"`    // the guard rail that holds it up, or would
	FloorAt        int     `json:"floor_at,omitempty"` // where it holds
	Counterfactual string  `json:"counterfactual,omitempty"`
}

// Level is the band of a priority.
type Level string

// The bands.
const (
	Critical Level = "critical"
	High     Level = "high"
	Medium   Level = "medium"
	Low      Level = "low"
	Info     Level = "info"
)
