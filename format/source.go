package format

import (
	"fmt"
	"io"
)

// source cuts a stream into records: those of a container when it begins like
// one, the rows of a table when its first line names columns, else lines and JSON
// values.
type source struct {
	framer
	rec     *Recogniser
	begun   bool
	records Records // of the container; nil for lines
	format  int     // of the container's records
	looked  bool    // whether it is a table
	sheet   *sheet  // the table; nil for lines
}

func (s *source) init(in io.Reader, rec *Recogniser, limit int) {
	s.framer.init(in, limit)
	s.rec = rec
}

// next returns the next record that is not blank.
func (s *source) next() (frame, error) {
	if !s.begun {
		s.begun = true
		s.open()
	}
	if s.sheet != nil {
		return s.row()
	}
	if s.records == nil {
		f, err := s.framer.next()
		if s.looked || err != nil {
			return f, err
		}
		s.looked = true
		if err := s.table(f); err != nil {
			return frame{}, err
		}
		if s.sheet != nil {
			return s.row()
		}
		return f, nil
	}
	r, err := s.records.Next()
	if err != nil {
		return frame{}, err
	}
	return frame{data: r.Data, line: r.Number, place: r.Place, fault: r.Fault}, nil
}

func (s *source) open() {
	for i, f := range s.rec.formats {
		for _, c := range f.Containers {
			if s.startsWith(c.Magic) {
				s.records, s.format = c.Open(s.in, s.max), i
				return
			}
		}
	}
}

// startsWith waits for no more input than it takes to tell.
func (s *source) startsWith(magic string) bool {
	for n := 1; n <= len(magic); n++ {
		head, _ := s.in.Peek(n) // the framer meets the error again
		if len(head) < n || head[n-1] != magic[n-1] {
			return false
		}
	}
	return true
}

// split cuts a record that turned out to be several; those of containers never
// are.
func (s *source) split(f frame) bool { return s.records == nil && s.framer.split(f) }

// contained returns the format that the container says its records have.
func (s *source) contained() (format int, ok bool) { return s.format, s.records != nil }

// place says where in a container a record is; "" for lines.
func (s *source) place(f frame) string {
	if s.records != nil && f.place == "" {
		return fmt.Sprintf("record %d", f.line)
	}
	return f.place
}
