// Package stix is the vocabulary of structured threat information: STIX 2.0 and
// 2.1 objects, and the patterns in them, as far as the product works with them.
//
// [DecodeBundle] streams the objects of a bundle; [Object] keeps what all objects
// share and the object itself, unchanged, in Raw. [ParsePattern] reads a pattern,
// [Pattern.Values] says which plain values it looks for, if that is all it does.
package stix

import (
	"encoding/json"
	"time"
)

// Object is one STIX object. Raw keeps it whole, so that nothing is lost that is
// not named here.
type Object struct {
	Type        string    `json:"type"`
	ID          string    `json:"id"`
	SpecVersion string    `json:"spec_version,omitempty"`
	Created     time.Time `json:"created,omitzero"`
	Modified    time.Time `json:"modified,omitzero"`
	Name        string    `json:"name,omitempty"`
	Description string    `json:"description,omitempty"`
	Aliases     []string  `json:"aliases,omitempty"`
	Labels      []string  `json:"labels,omitempty"`
	Confidence  int       `json:"confidence,omitempty"`
	Revoked     bool      `json:"revoked,omitempty"`

	// Relationships.
	RelationshipType string `json:"relationship_type,omitempty"`
	SourceRef        string `json:"source_ref,omitempty"`
	TargetRef        string `json:"target_ref,omitempty"`

	ExternalReferences []ExternalReference `json:"external_references,omitempty"`
	ObjectMarkingRefs  []string            `json:"object_marking_refs,omitempty"`

	Raw  json.RawMessage `json:"-"`
	Line int             `json:"-"` // where the object begins in the stream, from 1
}

// ExternalReference points outside STIX: an ATT&CK id, a CVE, a report.
type ExternalReference struct {
	SourceName  string `json:"source_name"`
	ExternalID  string `json:"external_id,omitempty"`
	URL         string `json:"url,omitempty"`
	Description string `json:"description,omitempty"`
}
