package format

import (
	"bytes"
	"errors"
	"io"
)

// Cutter cuts a stream that still grows into the records that a [Splitter] would cut
// it into, but that lists of records must end within the limit of one, and that of
// what does not end no line is lost. Not safe for concurrent use.
type Cutter struct {
	source source
	state  CutState
}

// CutState is where in a stream a Cutter is.
type CutState struct {
	Begun    bool   // past the beginning of the stream
	Skipping bool   // in a line that is too long
	Table    string // the line that names the columns of the rows which come; "" = no table
}

// Ending says what comes behind the bytes that have come.
type Ending uint8

const (
	Growing Ending = iota // more
	Late                  // more, for which a record that is not whole does not wait any longer
	Ended                 // nothing
)

// NewCutter returns a cutter of the stream that goes on where state says. rec and
// maxRecord are those of NewSplitter.
func NewCutter(rec *Recogniser, maxRecord int, state CutState) *Cutter {
	if maxRecord <= 0 {
		maxRecord = DefaultMaxRecord
	}
	c := &Cutter{}
	c.source.init(nil, rec, maxRecord)
	c.source.tape = &tape{}
	c.source.events = true // what ends an element around events is never a record
	c.restore(state)
	return c
}

// State returns where the cutter is, behind all that was used.
func (c *Cutter) State() CutState { return c.state }

// restore makes the source one that goes on at a state.
func (c *Cutter) restore(state CutState) {
	s := &c.source
	c.state = state
	s.begun, s.framer.begun, s.looked = true, state.Begun, state.Begun
	s.xml, s.opened, s.framer.back, s.ready = nil, nil, nil, nil
	if !state.Begun {
		s.lines = 0
	}
	if state.Table == "" {
		s.sheet = nil
	} else if s.sheet == nil || s.sheet.header != state.Table {
		s.sheet = newSheet(state.Table)
	}
}

// Cut calls keep, which may keep the bytes, for the records in buf, with which the
// stream goes on behind what was used before; long counts those that are longer than
// the limit. What is not used begins a record whose end is still to come, and must be
// in the next buf again; waits says that this is more than one line, which may never
// come: the caller should lose patience. buf must have room for more than the limit.
func (c *Cutter) Cut(buf []byte, ending Ending, keep func(record []byte)) (used, long int, waits bool) {
	s := &c.source
	emit := func(f frame) {
		if len(f.data) == 0 || len(f.data) > s.max {
			long++
			return
		}
		c.emit(f, keep)
	}
	for used < len(buf) {
		if c.state.Skipping {
			n := bytes.IndexByte(buf[used:], '\n') + 1
			if n == 0 {
				return len(buf), long, false
			}
			used, c.state.Skipping = used+n, false
			continue
		}
		n, err := 0, errMore
		if ending != Growing || buf[used] == '<' || bytes.IndexByte(buf[used:], '\n') >= 0 { // only XML needs no line end
			n, err = c.records(buf[used:], ending, emit)
		}
		used += n
		rest := buf[used:]
		line := bytes.IndexByte(rest, '\n') + 1
		switch {
		case len(rest) <= s.max+len("\r\n"):
			last := bytes.LastIndexByte(rest, '\n') + 1
			return used, long, err != errHeader && len(bytes.TrimSpace(rest[:last])) > 0
		case line == 0:
			used, long, c.state.Skipping, c.state.Begun = len(buf), long+1, true, true
		default: // the record is too long: its first line stands alone
			used, c.state.Begun = used+line, true
			emit(frame{data: bytes.TrimSuffix(rest[:line-1], []byte("\r"))})
		}
	}
	return used, long, false
}

// records cuts what is whole, or all when nothing else comes.
func (c *Cutter) records(buf []byte, ending Ending, emit func(frame)) (used int, err error) {
	s := &c.source
	*s.tape = tape{rest: buf, end: errMore}
	if ending == Late {
		s.tape.rest = buf[:bytes.LastIndexByte(buf, '\n')+1]
	}
	all := len(s.tape.rest)
	if ending != Growing {
		s.tape.end = io.EOF
	}
	s.in.Reset(s.tape)
	c.restore(c.state)
	for {
		f, err := s.next()
		switch {
		case err == io.EOF:
			return all, nil
		case err != nil:
			return used, err
		}
		emit(f)
		if len(s.ready) > 0 {
			continue
		}
		left := s.left() + len(s.opened)
		if n := len(s.framer.back); n > 0 {
			left = s.framer.back[n-1].left
		}
		used = all - left
		c.state = CutState{Begun: true}
		if s.sheet != nil {
			c.state.Table = s.sheet.header
		}
	}
}

// emit opens a list of records.
func (c *Cutter) emit(f frame, keep func(record []byte)) {
	text := bytes.TrimSpace(f.data)
	if len(text) == 0 || f.fault != nil || !Enveloped(text) && !list(text) {
		if len(text) == 0 || text[0] != '{' || f.fault != nil || !c.source.split(f) {
			keep(f.data)
		}
		return
	}
	var records [][]byte
	in := NewSplitter(bytes.NewReader(text), "", c.source.rec, c.source.max)
	for {
		record, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil { // it is broken, and stays as it is
			keep(f.data)
			return
		}
		records = append(records, record)
	}
	for _, record := range records {
		keep(record)
	}
}

var (
	errMore   = errors.New("more is to come")
	errHeader = errors.New("more is to come below the header of a table")
)

// tape is what has come of a stream.
type tape struct {
	rest []byte
	end  error
}

func (t *tape) Read(p []byte) (int, error) {
	if len(t.rest) == 0 {
		return 0, t.end
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// left is how much of the tape is not read yet.
func (f *framer) left() int {
	if f.tape == nil {
		return 0
	}
	return len(f.tape.rest) + f.in.Buffered()
}
