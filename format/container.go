package format

import "io"

// Container is a kind of binary file that holds records of a format, as EVTX
// holds Windows events. It stands beside the framing of lines: a stream that
// begins with Magic is read by Open, whatever format is declared for it, because
// the file itself says what it is.
type Container struct {
	Magic string // how every file of it begins
	// Open returns the records of in, which begins with Magic. No record's text
	// is longer than maxRecord bytes.
	Open func(in io.Reader, maxRecord int) Records
}

// Records reads the records of one container. Not safe for concurrent use.
type Records interface {
	// Next returns the next record, or what is damaged. io.EOF is the end; any
	// other error comes from the underlying reader and is final.
	Next() (Record, error)
}

// Record is one record of a container, as a text that the format's decoder
// reads, or the damage that is in its place.
type Record struct {
	Data   []byte // the caller may keep it
	Number int    // in the file, as the program counted that wrote it
	Place  string // of damage, in place of a line: "chunk 3, record 17"
	Fault  *Fault // why there is no Data
}

// Contained returns the name of the format whose container begins with head, ""
// when head begins none.
func (r *Recogniser) Contained(head []byte) string {
	for _, f := range r.formats {
		for _, c := range f.Containers {
			if len(head) >= len(c.Magic) && string(head[:len(c.Magic)]) == c.Magic {
				return f.Name
			}
		}
	}
	return ""
}
