package format

import (
	"bytes"
	"io"
)

// Splitter cuts a stream into the records that a Reader would read, without
// reading them: what is stored by one is understood by the other. The records of
// a container come as their texts. Not safe for concurrent use.
type Splitter struct {
	name   string
	frames source
}

// NewSplitter returns a splitter of in. name is the file name that errors carry;
// rec knows the containers; maxRecord bounds one record in bytes,
// DefaultMaxRecord when 0.
func NewSplitter(in io.Reader, name string, rec *Recogniser, maxRecord int) *Splitter {
	if maxRecord <= 0 {
		maxRecord = DefaultMaxRecord
	}
	s := &Splitter{name: name}
	s.frames.init(in, rec, maxRecord)
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
			return nil, &RecordError{File: s.name, Line: f.line, Place: s.frames.place(f), Reason: f.fault.Reason, Err: f.fault}
		}
		// Several objects in one line: a Reader finds out when it decodes them.
		if data := bytes.TrimSpace(f.data); len(data) > 0 && data[0] == '{' && s.frames.split(f) {
			continue
		}
		return f.data, nil
	}
}

// Format returns the format that the stream's container says its records have,
// "" for lines: each of those has its own. It is known once Next has returned.
func (s *Splitter) Format() string {
	if i, ok := s.frames.contained(); ok {
		return s.frames.rec.formats[i].Name
	}
	return ""
}
