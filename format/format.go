// Package format recognises and reads logs. A [Format] is one kind of log; the
// families live below this package (format/suricata, format/zeek, format/ecs,
// format/windows) and are listed by the caller:
//
//	rec := format.NewRecogniser(suricata.Format(), zeek.Format(), windows.Format(), ecs.Format())
//	r, err := format.NewReader(file, "eve.json", rec, format.Options{})
//	for ev, err := r.Next(); err != io.EOF; ev, err = r.Next() { … }
//
// Logs are lines or JSON values; binary files of events are a [Container] of the
// format that their records have (format/evtx).
//
// Promises: nothing is dropped silently (what cannot be read is a [RecordError]
// and counted in [Stats], and reading goes on); memory is bounded whatever the
// input; a record kept with its format's name and [Stream.Context] can be read
// again alone through [Recogniser.Resume]; vendor fields are kept beside the
// ECS fields made from them. Nothing here does I/O except through the reader it
// is given.
package format

import (
	"fmt"

	"github.com/vedette-soc/vedette/event"
)

// Format is one kind of log.
type Format struct {
	// Name is what a user declares and what events carry: "suricata".
	Name string
	// Base is the format whose events these are laid like, "json" or "text", for
	// whoever knows that one only. Empty for formats of their own kind.
	Base string
	// Recognise says how sure it is that head, a whole record or its first
	// bytes, is of this format: 0 not at all, 100 certain. It must be cheap
	// and must not allocate. Nil for formats whose Signs say all.
	Recognise func(head string) int
	// Signs are what records are told by, any of them, also inside of syslog.
	Signs []Sign
	// New returns a decoder for the start of a stream.
	New func() Decoder
	// Whole says that Decode surely makes one event of a record that Recognise
	// takes for this format, whatever came before it, and that it carries no other;
	// false in doubt. It must be fast and must not allocate. Nil: never sure.
	Whole func(record string) bool
	// Resume returns a decoder in the state that Decoder.Context described.
	// Nil for formats whose records stand alone.
	Resume func(context []byte) (Decoder, error)
	// Carries returns the record of another format that the event's record carries,
	// "" when there is none; nil for formats that carry nothing. What it gives is
	// recognised, and read when it is more than text.
	Carries func(ev *event.Event) string
	// Containers are the kinds of binary files that hold records of this format.
	Containers []Container
}

// Decoder reads the records of one stream. Not safe for concurrent use.
type Decoder interface {
	// Decode reads one record without its line end. It fills Time and Fields;
	// the rest of the event is filled by the caller. ok is false, with a nil
	// error, for a record that carries no event: a header, a comment. An error
	// should be a *Fault; the decoder stays usable.
	Decode(record string) (ev event.Event, ok bool, err error)
	// Context returns what must be known to read the coming records alone: a
	// header, for example. Nil when there is nothing. The caller must not
	// change it; it may keep it.
	Context() []byte
}

// Fault says why one record could not be read. Reason is a short stable word
// for counting: "bad-json", "too-long", "columns" ...
type Fault struct {
	Reason string
	Err    error
}

func (f *Fault) Error() string { return f.Err.Error() }
func (f *Fault) Unwrap() error { return f.Err }

// Faultf makes a Fault.
func Faultf(reason, format string, args ...any) *Fault {
	return &Fault{reason, fmt.Errorf(format, args...)}
}

// RecordError is a record that could not be read. Reading may go on.
type RecordError struct {
	File   string
	Line   int    // of the file, from 1, where the record begins; in a container, the record's number
	Place  string // in a container, in place of a line: "chunk 3, record 17"
	Reason string
	Err    error
}

func (e *RecordError) Error() string {
	place := e.Place
	if place == "" {
		place = fmt.Sprintf("line %d", e.Line)
	}
	return fmt.Sprintf("read %s %s: %v", e.File, place, e.Err)
}

func (e *RecordError) Unwrap() error { return e.Err }

// CarriedDecoder is a Decoder that wants to know the syslog message in which a
// record came. record is one of c.Line and c.Body.
type CarriedDecoder interface {
	DecodeCarried(record string, c *Carried) (ev event.Event, ok bool, err error)
}

// Stateless is embedded by decoders whose records stand alone.
type Stateless struct{}

// Context returns nil: every record stands alone.
func (Stateless) Context() []byte { return nil }
