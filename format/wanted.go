package format

import (
	"bytes"
	"runtime"
	"sync"

	"github.com/vedette-soc/vedette/indicator"
)

// Wanted says which records somebody wants to have read; it sets wanted[i] for
// each. It is called for several groups of records at once.
type Wanted func(records [][]byte, wanted []bool)

const (
	// aheadBytes is how much is read ahead when Options.Wanted is set, as far as
	// it is there already.
	aheadBytes = 1 << 20
	// groupBytes is worth a goroutine of its own.
	groupBytes = 64 << 10
)

// ahead are records that were cut and looked at, but not read yet.
type ahead struct {
	frames  []frame
	formats []int  // by frame: what it is, when it need not be read; else -1
	wanted  []bool // by frame
	records [][]byte
	next    int
	err     error // comes after the frames
}

// frame returns the next record, and its format when it need not be read: nobody
// wants it, and it is surely one event. Else the format is -1.
func (r *Reader) frame() (frame, int, error) {
	if r.opt.Wanted == nil || len(r.frames.ready) > 0 {
		f, err := r.frames.next()
		return f, -1, err
	}
	a := &r.ahead
	if a.next == len(a.frames) {
		if a.err != nil {
			return frame{}, -1, a.err
		}
		r.look()
		if len(a.frames) == 0 {
			return frame{}, -1, a.err
		}
	}
	a.next++
	return a.frames[a.next-1], a.formats[a.next-1], nil
}

// look cuts the records that are there already, at least one, and sorts out those
// that need not be read.
func (r *Reader) look() {
	a := &r.ahead
	clear(a.frames)
	clear(a.records)
	*a = ahead{frames: a.frames[:0], formats: a.formats[:0], wanted: a.wanted[:0], records: a.records[:0]}
	size := 0
	for size < aheadBytes && a.err == nil {
		var f frame
		if f, a.err = r.frames.next(); a.err == nil {
			a.frames = append(a.frames, f)
			a.formats = append(a.formats, -1)
			a.wanted = append(a.wanted, f.fault != nil)
			a.records = append(a.records, f.data)
			size += len(f.data) + 1
		}
		if r.frames.in.Buffered() == 0 && len(r.frames.back) == 0 {
			break // the next record may be long in coming
		}
	}
	if own, ok := r.frames.contained(); ok {
		r.stream.declared = own
	}
	groups := min(runtime.GOMAXPROCS(0), size/groupBytes+1)
	var wg sync.WaitGroup
	for g := range groups {
		from, to := len(a.frames)*g/groups, len(a.frames)*(g+1)/groups
		if g == groups-1 {
			r.sortOut(from, to)
			break
		}
		wg.Go(func() { r.sortOut(from, to) })
	}
	wg.Wait()
}

// sortOut finds which of the records need not be read.
func (r *Reader) sortOut(from, to int) {
	a := &r.ahead
	r.opt.Wanted(a.records[from:to], a.wanted[from:to])
	last := r.stream.last
	for i := from; i < to; i++ {
		if f := a.frames[i]; !a.wanted[i] && f.fault == nil {
			if a.formats[i] = r.stream.whole(f.data, last); a.formats[i] >= 0 {
				last = a.formats[i]
			}
		}
	}
}

// whole returns the format of which a record surely is one event, -1 in doubt,
// supposing that the record before it was of format last. It changes nothing, so
// that records can be looked at side by side.
func (s *Stream) whole(record []byte, last int) int {
	if i, sure := s.rec.whole(record, s.declared, last); sure {
		return i
	}
	return -1
}

// Whole returns the format that a record, read by itself, is of as a whole, "" when it
// lies in another or is of none, and whether it surely is one event of that format;
// false in doubt. declared names its format, "" = recognised.
func (r *Recogniser) Whole(record []byte, declared string) (name string, sure bool) {
	i := -1
	if declared != "" {
		var ok bool
		if i, ok = r.names[declared]; !ok {
			return "", false
		}
	}
	if i, sure = r.whole(record, i, -1); i < 0 {
		return "", false
	}
	return r.formats[i].Name, sure
}

// whole is Whole for a record that comes after one of format last, -1 = none.
func (r *Recogniser) whole(record []byte, declared, last int) (format int, sure bool) {
	text := string(bytes.TrimSpace(record))
	i := declared
	if i < 0 {
		var c Carried
		var p part
		if i, p = r.find(text, last, &c); p != whole {
			return -1, false
		}
	}
	f := &r.formats[i]
	return i, text != "" && len(text) == len(record) && f.Whole != nil && f.Whole(text)
}

// pass goes past a record of format i without reading it; false when, after what
// was read before, it is of another format.
func (s *Stream) pass(record []byte, i int) bool {
	if s.withText > 0 && record[0] != '{' || s.last != i && !s.reads(string(record), i) {
		return false
	}
	s.last = i
	return true
}

func (s *Stream) reads(record string, format int) bool {
	i, _ := s.choose(record)
	return i == format
}

// Observed says whether Observables can find anything of a type.
func Observed(t indicator.Type) bool {
	for i := range typedFields {
		for _, o := range typedFields[i].types {
			if o == t {
				return true
			}
		}
	}
	switch t {
	case indicator.IPv4Port, indicator.IPv6Port, indicator.DomainPort:
		return true
	}
	return searchable(t)
}
