// Package collect brings intelligence in: feeds and files, on a schedule or by
// hand, each run ending in a loss report in which everything read is accounted
// for: in = stored + merged + dropped by reason.
package collect

import (
	"context"
	"io"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/stix"
)

// Parser reads one kind of feed. Implementations live in internal/source/KIND,
// keep no state between calls and are safe for concurrent use.
type Parser interface {
	// Kind is the name used in configuration: "text", "csv", "stix" ...
	Kind() string
	// Recognise says how sure the parser is that it can read a file of this
	// name that begins with head: 0 not at all, 100 certain.
	Recognise(name string, head []byte) int
	// Parse reads in to its end and passes everything it finds to out. It
	// streams: memory does not grow with the input unless the format forces
	// it, and then in.MaxBytes bounds it. It returns an error only when the
	// input as a whole is unusable (an errs.Invalid naming file, line and
	// remedy); what single entries lack goes to out.Drop. An error from out
	// ends the parse and is returned unchanged.
	Parse(ctx context.Context, in Input, out Sink) error
}

// Input is one stream to parse.
type Input struct {
	Name    string // file name or URL, for messages and provenance
	Reader  io.Reader
	Options Options
	// MaxBytes bounds what a parser may hold in memory where its format makes
	// it hold something; 0 = 512 MiB.
	MaxBytes int64
}

// Options are what an operator may say about a feed's format.
type Options struct {
	Columns    map[string]string `json:"columns,omitempty"` // CSV: claim field -> column name or 1-based number
	Delimiter  string            `json:"delimiter"`         // CSV: default ",", recognised when empty
	Type       indicator.Type    `json:"type"`              // every entry is of this type
	Names      []string          `json:"names,omitempty"`   // added to every claim
	Tags       []string          `json:"tags,omitempty"`    // added to every claim
	Confidence int               `json:"confidence"`        // of claims whose confidence the source does not state
	TLP        indicator.TLP     `json:"tlp"`               // of claims whose label the source does not state
	MinLevel   int               `json:"min_level"`         // ipsum: lowest number of lists to accept
}

// Sink takes what a parser finds. Not safe for concurrent use.
type Sink interface {
	// Claim takes one statement about one value.
	Claim(indicator.Claim) error
	// Object takes a STIX domain object or relationship that is not an
	// indicator: actors, malware, attack patterns, reports ...
	Object(stix.Object) error
	// Drop counts an entry that could not become a claim. reason is a short
	// stable word such as "bad-address"; sample is shortened by the sink.
	Drop(reason string, line int, sample string)
}
