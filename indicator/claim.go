package indicator

import "time"

// Claim is one statement of one source, as read, before its value is brought
// into canonical spelling. Zero fields mean "the source does not say".
type Claim struct {
	Type       Type   // empty: to be detected
	Raw        string // the value as the source wrote it
	Names      []string
	Tags       []string
	Confidence int // 1-100; 0 = not stated
	TLP        TLP
	Layer      Layer
	KillChain  string // ATT&CK tactic or kill-chain phase, as stated
	FirstSeen  time.Time
	LastSeen   time.Time
	ValidFrom  time.Time
	ValidUntil time.Time
	Comment    string
	Reference  string // URL of the report or object behind the claim
	ExternalID string // the source's own id, e.g. indicator--..., a MISP attribute's uuid
	File       string // where it was read
	Line       int
}

// Indicator is the merged claim of all sources about one canonical value.
type Indicator struct {
	ID         string // UUIDv5 of type and value, see ID
	Type       Type
	Value      string
	Names      []string
	Tags       []string
	Confidence int // 0-100
	TLP        TLP
	Layer      Layer
	KillChain  string
	ValidFrom  time.Time
	ValidUntil time.Time // computed at write; zero = does not expire by itself
	FirstSeen  time.Time
	LastSeen   time.Time
	Revoked    bool
	Sources    []Assertion
}

// Assertion is what one source says of one indicator.
type Assertion struct {
	Source     string // feed id or "manual"
	FirstAdded time.Time
	LastSeen   time.Time
	Confidence int
	Names      []string
	Comment    string
	Reference  string
	ExternalID string
	Withdrawn  bool // the source no longer lists it
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
