package indicator

import "time"

// Claim is one statement of one source, as read, before its value is brought
// into canonical spelling. Zero fields mean "the source does not say".
type Claim struct {
	Type       Type      `json:"type"` // empty: to be detected
	Raw        string    `json:"raw"`  // the value as the source wrote it
	Names      []string  `json:"names,omitempty"`
	Tags       []string  `json:"tags,omitempty"`
	Confidence int       `json:"confidence"` // 1-100; 0 = not stated
	TLP        TLP       `json:"tlp"`
	Layer      Layer     `json:"layer"`
	KillChain  string    `json:"kill_chain"` // ATT&CK tactic or kill-chain phase, as stated
	FirstSeen  time.Time `json:"first_seen,omitzero"`
	LastSeen   time.Time `json:"last_seen,omitzero"`
	ValidFrom  time.Time `json:"valid_from,omitzero"`
	ValidUntil time.Time `json:"valid_until,omitzero"`
	Comment    string    `json:"comment"`
	Reference  string    `json:"reference"`   // URL of the report or object behind the claim
	ExternalID string    `json:"external_id"` // the source's own id, e.g. indicator--..., a MISP attribute's uuid
	File       string    `json:"file"`        // where it was read
	Line       int       `json:"line"`
}

// Indicator is the merged claim of all sources about one canonical value.
type Indicator struct {
	ID         string      `json:"id"` // UUIDv5 of type and value, see ID
	Type       Type        `json:"type"`
	Value      string      `json:"value"`
	Names      []string    `json:"names,omitempty"`
	Tags       []string    `json:"tags,omitempty"`
	Confidence int         `json:"confidence"` // 0-100
	TLP        TLP         `json:"tlp"`
	Layer      Layer       `json:"layer"`
	KillChain  string      `json:"kill_chain"`
	ValidFrom  time.Time   `json:"valid_from,omitzero"`
	ValidUntil time.Time   `json:"valid_until,omitzero"` // computed at write; zero = does not expire by itself
	FirstSeen  time.Time   `json:"first_seen,omitzero"`
	LastSeen   time.Time   `json:"last_seen,omitzero"`
	Revoked    bool        `json:"revoked"`
	Sources    []Assertion `json:"sources,omitempty"`
}

// Assertion is what one source says of one indicator.
type Assertion struct {
	Source     string    `json:"source"` // feed id or "manual"
	FirstAdded time.Time `json:"first_added,omitzero"`
	LastSeen   time.Time `json:"last_seen,omitzero"`
	Confidence int       `json:"confidence"`
	Names      []string  `json:"names,omitempty"`
	Comment    string    `json:"comment"`
	Reference  string    `json:"reference"`
	ExternalID string    `json:"external_id"`
	Withdrawn  bool      `json:"withdrawn"` // the source no longer lists it
}

// TLP is a Traffic Light Protocol 2.0 label. The zero value is "not stated".
type TLP uint8

// The labels, most open first.
const (
	TLPUnknown TLP = iota
	TLPClear
	TLPGreen
	TLPAmber
	TLPAmberStrict
	TLPRed
)

// Layer says what kind of evidence an indicator is.
type Layer string

// The layers: what was, what is being done, what is being prepared.
const (
	IOC       Layer = "ioc"
	IOA       Layer = "ioa"
	Precursor Layer = "precursor"
)
