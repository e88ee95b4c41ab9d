// Package described makes formats out of descriptions: YAML that says how
// records of a log are recognised, how they are cut into fields, how their time
// is read, and which of the fields are which of ECS. [Parse] compiles a file of
// them; docs/new-format.md describes the language.
//
// All of a record stays under the format's prefix; what the description maps is
// there as well. A description never makes a record disappear: a line that none
// of its patterns fits is kept as a message. Descriptions are hostile input like
// records are: size, depth and count are bounded, expressions are RE2.
package described

import (
	"fmt"
	"sync/atomic"

	"github.com/vedette-soc/vedette/format"
)

// Description is one format as described, compiled.
type Description struct {
	Name  string
	Title string
	Tests []Test
	File  string
	Line  int

	prefix string // with the dot
	scan   string // without
	base   string
	signs  []format.Sign
	cut    cutter
	split  []splitRule
	unpack []string
	times  []timeRule
	layout []string
	blocks []block // the first that sets a field wins

	wants func(field string) bool // which of the record's own fields are kept; nil = all
	brief *atomic.Pointer[briefly]
}

// Test is an example that stands beside a description: fields that the record
// must give. "@timestamp" is the event's time; "" means that a field is absent.
type Test struct {
	Record string
	Fields map[string]any
	Line   int
}

// Problem is what is wrong with a description.
type Problem struct {
	File string
	Line int
	Text string
}

func (p *Problem) Error() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text) }

// Format returns the format for a recogniser.
func (d *Description) Format() format.Format {
	f := format.Format{
		Name:  d.Name,
		Base:  d.base,
		Signs: d.signs,
		New:   func() format.Decoder { return d.decoder() },
	}
	if !d.composes() {
		f.Whole = d.whole()
	}
	if _, ok := d.cut.(headed); ok {
		f.Resume = func(context []byte) (format.Decoder, error) {
			r := d.decoder()
			return r, r.resume(string(context))
		}
	}
	return f
}

// composes says whether an event may have texts that its record has only in
// pieces.
func (d *Description) composes() bool {
	for i := range d.blocks {
		for j := range d.blocks[i].rules {
			if d.blocks[i].rules[j].whole != nil {
				return true
			}
		}
	}
	return false
}

// whole returns what is sure to make one event of a record; nil when only reading
// tells.
func (d *Description) whole() func(string) bool {
	switch d.cut.(type) {
	case jsonCut:
		return func(record string) bool { return format.Skim(record, "") }
	case pairsCut, csvCut, linesCut:
		return func(string) bool { return true }
	}
	return nil
}

// Formats returns the formats of descriptions, in their order.
func Formats(ds []*Description) []format.Format {
	out := make([]format.Format, len(ds))
	for i, d := range ds {
		out[i] = d.Format()
	}
	return out
}
