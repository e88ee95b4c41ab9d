package telemetry

import (
	"github.com/vedette-soc/vedette/format"
)

// Header follows the header lines of one stream of lines, so that each line can
// be stored with what it takes to read it alone.
//
// Only lines that begin with '#', and the first, are read, which is cheap; every other
// line is stored as it came. Once a header was seen, the lines below it carry its format
// and its context, except JSON objects, which stand for themselves. A line that
// only looks like a header costs one recognition and changes nothing. Not safe
// for concurrent use.
type Header struct {
	rec      *format.Recogniser
	declared string
	stream   *format.Stream
	begun    bool   // the first line was seen
	format   string // of the lines below the header; "" while there is none
	context  []byte
}

// NewHeader returns a Header for a new stream whose format was declared, or ""
// when it is to be recognised. The only error is an unknown format.
func NewHeader(rec *format.Recogniser, declared string) (*Header, error) {
	s, err := rec.Stream(declared)
	if err != nil {
		return nil, err
	}
	return &Header{rec: rec, declared: declared, stream: s}, nil
}

// Resume goes on in the middle of a stream, in the state that State returned.
func (h *Header) Resume(name string, context []byte) error {
	h.begun = true
	if len(context) == 0 {
		return nil
	}
	s, err := h.rec.Resume(name, context)
	if err != nil {
		return err
	}
	h.stream, h.format, h.context = s, name, context
	return nil
}

// State returns what Resume needs: the format and context of the header in force.
func (h *Header) State() (name string, context []byte) { return h.format, h.context }

// Of returns the format and the context with which line is to be stored.
func (h *Header) Of(line []byte) (name string, context []byte) {
	if len(line) > 0 && (line[0] == '#' || !h.begun && line[0] != '{' && line[0] != '<') {
		_, _, err := h.stream.Decode(line)
		if c := h.stream.Context(); c != nil && err == nil {
			h.format, h.context = h.stream.Format(), c
		}
	}
	h.begun = true
	if h.format == "" || len(line) > 0 && line[0] == '{' {
		return h.declared, nil
	}
	return h.format, h.context
}
