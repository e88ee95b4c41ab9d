package format

import (
	"bufio"
	"errors"
	"io"

	"github.com/vedette-soc/vedette/event"
)

// DefaultMaxRecord is the size limit of one record in bytes.
const DefaultMaxRecord = 1 << 20

// Options are what a caller may say about a stream. The zero value is usable.
type Options struct {
	Format        string // of every record; recognised per record when empty
	MaxRecord     int    // bytes of one record; DefaultMaxRecord when 0
	NoObservables bool   // leave Event.Observables empty
	Search        Search // for observables in free text; see Observables
	// Brief, when set, lets the events be without what it does not need.
	Brief *Brief
	// Wanted, when set, lets the reader go past what nobody wants: such a record
	// counts as the event it surely is, but Next does not return it. Whatever
	// may be something else is read all the same.
	Wanted Wanted
}

// Stats count what a reader met: Records = Events + Headers + all of Failed.
type Stats struct {
	Records int
	Events  int
	Passed  int            // of the events, those that nobody wanted
	Headers int            // records that carry no event
	Failed  map[string]int // by reason
}

// Reader turns a stream into events. Records are lines; JSON objects may also
// span lines, stand side by side, or be the elements of one array (alone, or in an
// envelope such as {"Records":[…]}); a stream that begins like a Container gives that container's
// records. Not safe for concurrent use.
type Reader struct {
	name   string
	frames source
	stream *Stream
	opt    Options
	stats  Stats
	ahead  ahead
}

// NewReader returns a reader of in. name is the file name that events and
// errors carry. The only error is an unknown Options.Format.
func NewReader(in io.Reader, name string, rec *Recogniser, opt Options) (*Reader, error) {
	stream, err := rec.Stream(opt.Format)
	if err != nil {
		return nil, err
	}
	if opt.MaxRecord <= 0 {
		opt.MaxRecord = DefaultMaxRecord
	}
	r := &Reader{name: name, stream: stream, opt: opt}
	r.frames.init(in, rec, opt.MaxRecord)
	if opt.Wanted != nil {
		r.frames.in = bufio.NewReaderSize(in, aheadBytes)
	}
	r.stats.Failed = map[string]int{}
	return r, nil
}

// Next returns the next event. A *RecordError means that one record could not
// be read: call Next again. io.EOF is the end; any other error comes from the
// underlying reader and is final.
func (r *Reader) Next() (event.Event, error) {
	for {
		f, g, err := r.frame()
		if err != nil {
			return event.Event{}, err
		}
		r.stats.Records++
		own, contained := r.frames.contained()
		if contained {
			r.stream.declared = own
		}
		if g.pass >= 0 && r.stream.pass(f.data, g) {
			r.stats.Events++
			r.stats.Passed++
			continue
		}
		if f.fault != nil {
			return event.Event{}, r.fail(f, f.fault)
		}
		ev, ok, err := r.read(f.data, g)
		if err != nil && r.frames.split(f) {
			r.stats.Records-- // it was several objects in one line: they come next
			continue
		}
		if err != nil {
			return event.Event{}, r.fail(f, err)
		}
		if !ok {
			r.stats.Headers++
			continue
		}
		r.stats.Events++
		ev.Origin = event.Origin{File: r.name, Line: f.line}
		if !contained {
			ev.Origin.Line = r.stats.Records - r.stats.Headers
			if f.line != ev.Origin.Line {
				ev.Origin.FileLine = f.line
			}
		}
		if !r.opt.NoObservables {
			ev.Observables = Observables(&ev, r.opt.Search)
		}
		return ev, nil
	}
}

// read decodes a record of which something may have been seen.
func (r *Reader) read(record []byte, g *glance) (event.Event, bool, error) {
	text, i, part := r.stream.chosen(record, g)
	if r.opt.Brief == nil {
		return r.stream.full(record, text, i, part)
	}
	ev, _, ok, err := r.stream.sparing(record, text, i, part, r.opt.Brief)
	return ev, ok, err
}

// Context returns what must be kept with the last record to read it alone; see
// Stream.Context.
func (r *Reader) Context() []byte { return r.stream.Context() }

// Stats returns the counts so far. The map is a copy.
func (r *Reader) Stats() Stats {
	s := r.stats
	s.Failed = make(map[string]int, len(r.stats.Failed))
	for k, n := range r.stats.Failed {
		s.Failed[k] = n
	}
	return s
}

func (r *Reader) fail(f frame, err error) error {
	reason := "unreadable"
	var fault *Fault
	if errors.As(err, &fault) {
		reason = fault.Reason
	}
	r.stats.Failed[reason]++
	return &RecordError{File: r.name, Line: f.line, Place: r.frames.place(f), Reason: reason, Err: err}
}
