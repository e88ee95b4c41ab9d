package format

import (
	"bytes"
	"runtime"
	"sync"

	"github.com/vedette-soc/vedette/indicator"
)

// Wanted says which records somebody wants to have read; it sets wanted[i] for
// each. of names the format that record i has by itself. It is called for several groups
// of records at once.
type Wanted func(records [][]byte, of func(i int) string, wanted []bool)

const (
	// aheadBytes is how much is read ahead when Options.Wanted is set, as far as
	// it is there already.
	aheadBytes = 1 << 20
	// aheadRecords bounds what is kept of records that are hardly a byte.
	aheadRecords = 16 << 10
	// groupBytes is worth a goroutine of its own.
	groupBytes = 64 << 10
)

// ahead are records that were cut and looked at, but not read yet.
type ahead struct {
	frames  []frame
	glances []glance // by frame
	wanted  []bool   // by frame
	records [][]byte
	next    int
	err     error // comes after the frames
}

// glance is what was seen of a record before it is read.
type glance struct {
	known   bool   // the following was found out
	text    string // the record
	last    int    // format of the record before, as was supposed
	format  int
	part    part
	carried Carried

	pass int // format of the record when it need not be read, -1 when it must
}

// noGlance is of a record that nobody looked at.
var noGlance = glance{pass: -1}

// frame returns the next record and what was seen of it.
func (r *Reader) frame() (frame, *glance, error) {
	if r.opt.Wanted == nil || len(r.frames.ready) > 0 {
		f, err := r.frames.next()
		return f, &noGlance, err
	}
	a := &r.ahead
	if a.next == len(a.frames) {
		if a.err != nil {
			return frame{}, &noGlance, a.err
		}
		r.look()
		if len(a.frames) == 0 {
			return frame{}, &noGlance, a.err
		}
	}
	a.next++
	return a.frames[a.next-1], &a.glances[a.next-1], nil
}

// look cuts the records that are there already, at least one, and sorts out those
// that need not be read.
func (r *Reader) look() {
	a := &r.ahead
	clear(a.frames)
	clear(a.glances)
	clear(a.records)
	*a = ahead{frames: a.frames[:0], glances: a.glances[:0], wanted: a.wanted[:0], records: a.records[:0]}
	size := 0
	for size < aheadBytes && len(a.frames) < aheadRecords && a.err == nil {
		var f frame
		if f, a.err = r.frames.next(); a.err == nil {
			a.frames = append(a.frames, f)
			a.glances = append(a.glances, noGlance)
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
	last := r.stream.last
	look := func(i int) *glance {
		g := &a.glances[i]
		if !g.known {
			r.stream.rec.glance(g, a.records[i], last)
		}
		last = g.format
		return g
	}
	of := func(i int) string { return r.stream.rec.formats[look(from+i).format].Name }
	r.opt.Wanted(a.records[from:to], of, a.wanted[from:to])
	last = r.stream.last
	for i := from; i < to; i++ {
		if a.frames[i].fault != nil {
			continue
		}
		if !a.wanted[i] {
			a.glances[i].pass = r.stream.whole(a.records[i], func() *glance { return look(i) })
		} else if a.glances[i].known {
			last = a.glances[i].format
		}
	}
}

// glance recognises a record that comes after one of format last, -1 = none.
func (r *Recogniser) glance(g *glance, record []byte, last int) {
	g.known, g.text, g.last = true, string(record), last
	g.format, g.part = r.find(g.text, last, &g.carried)
}

// whole returns the format of which a record surely is one event, -1 in doubt. look
// recognises it, supposing what the record before it is. It changes nothing, so that
// records can be looked at side by side.
func (s *Stream) whole(record []byte, look func() *glance) int {
	if len(record) == 0 || len(bytes.TrimSpace(record)) != len(record) {
		return -1
	}
	if s.declared >= 0 {
		if f := &s.rec.formats[s.declared]; f.Whole == nil || !f.Whole(string(record)) {
			return -1
		}
		return s.declared
	}
	g := look()
	if f := &s.rec.formats[g.format]; g.part != whole || f.Whole == nil || !f.Whole(g.text) {
		return -1
	}
	return g.format
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
	if i, sure = r.whole(record, i); i < 0 {
		return "", false
	}
	return r.formats[i].Name, sure
}

// whole is Whole for a declared format, -1 = recognised.
func (r *Recogniser) whole(record []byte, declared int) (format int, sure bool) {
	text := string(bytes.TrimSpace(record))
	i := declared
	if i < 0 {
		var c Carried
		var p part
		if i, p = r.find(text, -1, &c); p != whole {
			return -1, false
		}
	}
	f := &r.formats[i]
	return i, text != "" && len(text) == len(record) && f.Whole != nil && f.Whole(text)
}

// pass goes past a record that need not be read by what was seen of it; false when,
// after what was read before, it is of another format.
func (s *Stream) pass(record []byte, g *glance) bool {
	if s.withText > 0 && record[0] != '{' || s.last != g.pass && !s.reads(record, g) {
		return false
	}
	s.last = g.pass
	return true
}

func (s *Stream) reads(record []byte, g *glance) bool {
	_, i, _ := s.chosen(record, g)
	return i == g.pass
}

// chosen is choose for a record of which something was seen.
func (s *Stream) chosen(record []byte, g *glance) (text string, format int, part part) {
	if !g.known {
		text = string(record)
		format, part = s.choose(text)
		return text, format, part
	}
	if s.declared >= 0 || s.withText > 0 && (g.text == "" || g.text[0] != '{') || g.last != s.last {
		format, part = s.choose(g.text)
		return g.text, format, part
	}
	s.carried = g.carried
	return g.text, g.format, g.part
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
