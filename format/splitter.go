package format

import (
	"bytes"
	"io"
)

// Splitter cuts a stream into the records that a Reader would read, without
// reading them: what is stored by one is understood by the other. Not safe for
// concurrent use.
type Splitter struct {
	name   string
	frames framer
}

// NewSplitter returns a splitter of in. name is the file name that errors carry;
// maxRecord bounds one record in bytes, DefaultMaxRecord when 0.
func NewSplitter(in io.Reader, name string, maxRecord int) *Splitter {
	if maxRecord <= 0 {
		maxRecord = DefaultMaxRecord
	}
	s := &Splitter{name: name}
	s.frames.init(in, maxRecord)
	return s
}

// Next returns the next record without its line end; the caller may keep it. A
// *RecordError means that a record was passed over: call Next again. io.EOF is
// the end; any other error comes from the underlying reader and is final.
func (s *Splitter) Next() ([]byte, error) {
	for {
		f, err := s.frames.next()
		if err != nil {
			return nil, err
		}
		if f.fault != nil {
			return nil, &RecordError{File: s.name, Line: f.line, Reason: f.fault.Reason, Err: f.fault}
		}
		// Several objects in one line: a Reader finds out when it decodes them.
		if data := bytes.TrimSpace(f.data); len(data) > 0 && data[0] == '{' && s.frames.split(f) {
			continue
		}
		return f.data, nil
	}
}
