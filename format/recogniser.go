package format

import (
	"fmt"
	"strings"

	"github.com/vedette-soc/vedette/event"
)

// certain is the score at which no other format is asked.
const certain = 100

// Recogniser knows a list of formats, and the two that read everything else:
// "json" and "text". It is immutable and safe for concurrent use.
type Recogniser struct {
	formats []Format
}

// NewRecogniser returns a recogniser of these formats. Order decides between
// equal scores: the first wins.
func NewRecogniser(formats ...Format) *Recogniser {
	r := &Recogniser{}
	r.formats = append(r.formats, formats...)
	r.formats = append(r.formats, jsonFormat(), textFormat())
	return r
}

// Names lists the formats in order.
func (r *Recogniser) Names() []string {
	names := make([]string, len(r.formats))
	for i, f := range r.formats {
		names[i] = f.Name
	}
	return names
}

// Recognise returns the name of the format that a record, or the beginning of
// one, has. What nothing else claims is "json" when it begins like an object,
// else "text".
func (r *Recogniser) Recognise(head []byte) string {
	return r.formats[r.best(string(head), -1)].Name
}

// best asks the format that read the record before first, because its certain
// answer settles it.
func (r *Recogniser) best(head string, last int) int {
	if last >= 0 && r.formats[last].Recognise(head) >= certain {
		return last
	}
	best, score := len(r.formats)-1, 0
	for i, f := range r.formats {
		n := f.Recognise(head)
		if n > score {
			best, score = i, n
		}
		if n >= certain {
			break
		}
	}
	return best
}

func (r *Recogniser) index(name string) (int, error) {
	for i, f := range r.formats {
		if f.Name == name {
			return i, nil
		}
	}
	return 0, fmt.Errorf("format %q is not one of %s", name, strings.Join(r.Names(), ", "))
}

// Stream returns a decoder for a new stream. declared names its format; when
// empty, every record is recognised by itself.
func (r *Recogniser) Stream(declared string) (*Stream, error) {
	s := &Stream{rec: r, decoders: make([]Decoder, len(r.formats)), declared: -1, last: -1}
	if declared != "" {
		i, err := r.index(declared)
		if err != nil {
			return nil, err
		}
		s.declared = i
	}
	return s, nil
}

// Resume returns a stream that reads records of the named format in the state
// that Stream.Context described when the record was read first. When format is
// empty, as for a record nobody has read yet, every record is recognised.
func (r *Recogniser) Resume(format string, context []byte) (*Stream, error) {
	s, err := r.Stream(format)
	if err != nil || format == "" {
		return s, err
	}
	if f := r.formats[s.declared]; len(context) > 0 && f.Resume != nil {
		d, err := f.Resume(context)
		if err != nil {
			return nil, fmt.Errorf("resume %s: %w", format, err)
		}
		s.decoders[s.declared] = d
	}
	return s, nil
}

// Stream decodes the records of one stream, each in the format it has. Not
// safe for concurrent use.
type Stream struct {
	rec      *Recogniser
	decoders []Decoder // by format, made when first needed
	declared int       // format of every record, -1 when recognised
	last     int       // format of the last record
	withText int       // 1 + format whose context claims what is not JSON
}

// Decode reads one record and fills everything but Origin and Observables. It
// keeps record as Raw: the caller must not change it afterwards. ok is false,
// with a nil error, when the record carries no event.
func (s *Stream) Decode(record []byte) (ev event.Event, ok bool, err error) {
	text := string(record)
	i := s.choose(text)
	s.last = i
	d := s.decoders[i]
	if d == nil {
		d = s.rec.formats[i].New()
		s.decoders[i] = d
	}
	ev, ok, err = d.Decode(text)
	if d.Context() != nil {
		s.withText = i + 1
	}
	if err != nil || !ok {
		return event.Event{}, false, err
	}
	ev.Format = s.rec.formats[i].Name
	ev.Raw = record
	return ev, true, nil
}

// choose sends plain lines below a header to the format whose header it was:
// they cannot be recognised by themselves.
func (s *Stream) choose(record string) int {
	if s.declared >= 0 {
		return s.declared
	}
	if s.withText > 0 && (len(record) == 0 || record[0] != '{') {
		return s.withText - 1
	}
	return s.rec.best(record, s.last)
}

// Context returns the state that the last record was read in, to be kept with
// it for Resume. Nil when the record stands alone.
func (s *Stream) Context() []byte {
	if s.last < 0 || s.decoders[s.last] == nil {
		return nil
	}
	return s.decoders[s.last].Context()
}

// Format returns the name of the format of the last record.
func (s *Stream) Format() string {
	if s.last < 0 {
		return ""
	}
	return s.rec.formats[s.last].Name
}
