package format

import (
	"fmt"
	"time"

	"github.com/vedette-soc/vedette/event"
)

// Stream returns a decoder for a new stream. declared names its format; when
// empty, every record is recognised by itself.
func (r *Recogniser) Stream(declared string) (*Stream, error) {
	s := &Stream{rec: r, declared: -1, last: -1}
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
	s := &Stream{rec: r}
	return s, s.Restart(format, context)
}

// Restart makes s the stream that Resume would return, but keeps what its decoders
// have learnt of names and shapes, unless they hold a context: who reads records of
// many senders in turn needs one Stream, not one for each record.
func (s *Stream) Restart(format string, context []byte) error {
	declared := -1
	if format != "" {
		i, err := s.rec.index(format)
		if err != nil {
			return err
		}
		declared = i
	}
	kept := s.decoders[:0]
	for _, h := range s.decoders {
		if h.decoder.Context() == nil {
			kept = append(kept, h)
		}
	}
	clear(s.decoders[len(kept):])
	*s = Stream{rec: s.rec, decoders: kept, declared: declared, last: -1}
	if declared < 0 || len(context) == 0 || s.rec.formats[declared].Resume == nil {
		return nil
	}
	d, err := s.rec.formats[declared].Resume(context)
	if err != nil {
		return fmt.Errorf("resume %s: %w", format, err)
	}
	s.decoders = append(s.decoders, held{declared, d})
	return nil
}

// Stream decodes the records of one stream, each in the format it has. Not
// safe for concurrent use.
type Stream struct {
	// Arrival is when the records came, near which times without a year lie; zero
	// means now.
	Arrival time.Time

	rec      *Recogniser
	decoders []held // made when first needed
	declared int    // format of every record, -1 when recognised
	last     int    // format of the last record
	withText int    // 1 + format whose context claims what is not JSON
	carried  Carried
}

// held is the decoder of a format.
type held struct {
	format  int
	decoder Decoder
}

func (s *Stream) held(format int) Decoder {
	for i := range s.decoders {
		if s.decoders[i].format == format {
			return s.decoders[i].decoder
		}
	}
	return nil
}

func (s *Stream) decoder(format int) Decoder {
	d := s.held(format)
	if d == nil {
		d = s.rec.formats[format].New()
		s.decoders = append(s.decoders, held{format, d})
	}
	return d
}

// Decode reads one record and fills everything but Origin and Observables. It
// keeps record as Raw: the caller must not change it afterwards. ok is false,
// with a nil error, when the record carries no event.
func (s *Stream) Decode(record []byte) (ev event.Event, ok bool, err error) {
	text := string(record)
	i, part := s.choose(text)
	return s.full(record, text, i, part)
}

// Brief is Decode for who mostly needs no more than b. With brief the event is as
// BriefDecoder says, and its record stands alone. Else the event is that of Decode.
func (s *Stream) Brief(record []byte, b *Brief) (ev event.Event, brief, ok bool, err error) {
	text := string(record)
	i, part := s.choose(text)
	return s.sparing(record, text, i, part, b)
}

// sparing is full for who mostly needs no more than b.
func (s *Stream) sparing(record []byte, text string, i int, part part, b *Brief) (ev event.Event, brief, ok bool, err error) {
	if ev, brief = s.brief(text, i, part, b); brief {
		s.last = i
		ev.Format, ev.Raw = s.rec.formats[i].Name, record
		return ev, true, true, nil
	}
	ev, ok, err = s.full(record, text, i, part)
	return ev, false, ok, err
}

// brief reads of a part of a record what b needs, if its decoder can.
func (s *Stream) brief(record string, i int, p part, b *Brief) (ev event.Event, ok bool) {
	d := s.decoder(i)
	if d.Context() != nil {
		return event.Event{}, false
	}
	if cd, can := d.(CarriedBriefDecoder); can {
		inner, c := s.inner(record, p)
		c.Arrival = s.arrival
		if ev, ok = cd.BriefCarried(inner, c, b); ok && p != whole {
			c.Fill(&ev, s.arrival())
		}
		return ev, ok
	}
	if bd, can := d.(BriefDecoder); can && p == whole {
		return bd.Brief(record, b)
	}
	return event.Event{}, false
}

// inner returns the part of the record that the format is for, and what syslog says of it.
func (s *Stream) inner(record string, p part) (string, *Carried) {
	switch p {
	case bodyPart:
		return s.carried.Body, &s.carried
	case linePart:
		return s.carried.Line, &s.carried
	}
	return record, &Carried{Priority: -1}
}

// full decodes a record, which is also given as text, of which a part is of format i.
// What syslog carries that cannot be read, such as JSON that was cut off, is a message
// of syslog all the same.
func (s *Stream) full(record []byte, text string, i int, part part) (ev event.Event, ok bool, err error) {
	s.last = i
	d := s.decoder(i)
	ev, ok, err = s.decode(d, text, part)
	if err != nil && s.declared < 0 && s.withText == i+1 {
		// No row of the table: another log follows in the same stream.
		if other, part := s.rec.find(text, -1, &s.carried); other != i && other != s.rec.text {
			i, s.last = other, other
			d = s.decoder(i)
			ev, ok, err = s.decode(d, text, part)
		}
	}
	if err != nil && s.declared < 0 && part != whole {
		i = s.rec.syslog
		if s.carried.Stream != "" {
			i = s.rec.text
		}
		s.last = i
		d = s.decoder(i)
		ev, ok, err = s.decode(d, text, bodyPart)
	}
	if d.Context() != nil {
		s.withText = i + 1
	}
	if err != nil || !ok {
		return event.Event{}, false, err
	}
	ev.Format = s.rec.formats[i].Name
	ev.Raw = record
	s.open(&ev, i, 0)
	return ev, true, nil
}

// decode reads the part of the record that the format is for.
func (s *Stream) decode(d Decoder, record string, p part) (ev event.Event, ok bool, err error) {
	inner, c := s.inner(record, p)
	ev, ok, err = decodeAt(d, inner, c, s.arrival)
	if ok && p != whole {
		c.Fill(&ev, s.arrival())
	}
	return ev, ok, err
}

func decodeAt(d Decoder, record string, c *Carried, arrival func() time.Time) (event.Event, bool, error) {
	if cd, ok := d.(CarriedDecoder); ok {
		c.Arrival = arrival
		return cd.DecodeCarried(record, c)
	}
	return d.Decode(record)
}

func (s *Stream) arrival() time.Time {
	if s.Arrival.IsZero() {
		return time.Now()
	}
	return s.Arrival
}

// choose sends plain lines below a header to the format whose header it was:
// they cannot be recognised by themselves.
func (s *Stream) choose(record string) (int, part) {
	if s.declared >= 0 {
		return s.declared, s.declaredPart(record)
	}
	if s.withText > 0 && (len(record) == 0 || record[0] != '{') {
		return s.withText - 1, whole
	}
	return s.rec.find(record, s.last, &s.carried)
}

// declaredPart finds where a record of the declared format lies: it is the whole
// record, or syslog carries it.
func (s *Stream) declaredPart(record string) part {
	f := &s.rec.formats[s.declared]
	if s.declared == s.rec.text {
		if c, ok := Carry(record); ok && c.Stream != "" {
			s.carried = c
			return bodyPart
		}
	}
	if f.Signs == nil && (f.Recognise == nil || f.Recognise(record) > 0) || record == "" || record[0] == '{' {
		return whole
	}
	if f.Signs != nil {
		if i, _ := s.rec.signs.lines.line(record); i == s.declared {
			return whole
		}
	}
	c, ok := Carry(record)
	if !ok {
		return whole
	}
	s.carried = c
	if i, _ := s.rec.signs.lines.line(c.Line); i == s.declared {
		return linePart
	}
	return bodyPart
}

// Context returns the state that the last record was read in, to be kept with
// it for Resume. Nil when the record stands alone.
func (s *Stream) Context() []byte {
	if s.last < 0 {
		return nil
	}
	if d := s.held(s.last); d != nil {
		return d.Context()
	}
	return nil
}

// Format returns the name of the format of the last record.
func (s *Stream) Format() string {
	if s.last < 0 {
		return ""
	}
	return s.rec.formats[s.last].Name
}
