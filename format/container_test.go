package format_test

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// boxed is a format of JSON records that also come in files which begin with
// "BOX\0": five bytes a record, of which the first is its number; '!' is damage.
func boxed() format.Format {
	return format.Format{
		Name:      "boxed",
		Recognise: func(string) int { return 0 },
		New:       func() format.Decoder { return boxDecoder{} },
		Containers: []format.Container{{Magic: "BOX\x00", Open: func(in io.Reader, _ int) format.Records {
			return &boxes{in: in}
		}}},
	}
}

type boxDecoder struct{ format.Stateless }

func (boxDecoder) Decode(record string) (event.Event, bool, error) {
	f, err := format.NewScanner("").Object(record)
	return event.Event{Fields: f}, err == nil, err
}

type boxes struct {
	in    io.Reader
	magic bool
}

func (b *boxes) Next() (format.Record, error) {
	if !b.magic {
		b.magic = true
		if _, err := io.CopyN(io.Discard, b.in, 4); err != nil {
			return format.Record{}, err
		}
	}
	buf := make([]byte, 5)
	if _, err := io.ReadFull(b.in, buf); err != nil {
		return format.Record{}, err
	}
	n := int(buf[0] - '0')
	if buf[1] == '!' {
		return format.Record{Number: n, Place: "box 1", Fault: format.Faultf("torn", "the box is torn")}, nil
	}
	return format.Record{Data: buf[1:], Number: n}, nil
}

const boxFile = "BOX\x007{ } 4!   5x  }9{  }"

// TestContainerReader: the file says what it is, whatever was declared.
func TestContainerReader(t *testing.T) {
	rec := format.NewRecogniser(boxed())
	for _, declared := range []string{"", "text", "boxed"} {
		r, err := format.NewReader(iotest.OneByteReader(strings.NewReader(boxFile)), "f", rec, format.Options{Format: declared})
		if err != nil {
			t.Fatal(err)
		}
		got := told(t, r, func(ev event.Event) string {
			return ev.Format + " " + string(ev.Raw) + string(rune('0'+ev.Origin.Line))
		}, func(bad *format.RecordError) string { return bad.Reason + ": " + bad.Error() })
		want := []string{"boxed { } 7", "torn: read f box 1: the box is torn", "bad-json: read f record 5: byte 1: want a JSON object", "boxed {  }9"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("declared %q: -want +got\n%s", declared, diff)
		}
		if st := r.Stats(); st.Records != 4 || st.Events != 2 {
			t.Errorf("declared %q: %+v", declared, st)
		}
	}
}

func TestContainerSplitter(t *testing.T) {
	rec := format.NewRecogniser(boxed())
	s := format.NewSplitter(strings.NewReader(boxFile), "f", rec, 0)
	var got []string
	for {
		raw, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, s.Format()+" "+string(raw))
	}
	if diff := cmp.Diff([]string{"boxed { } ", "read f box 1: the box is torn", "boxed x  }", "boxed {  }"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestNearlyContainer: what begins like a container but is none is read as lines.
func TestNearlyContainer(t *testing.T) {
	rec := format.NewRecogniser(boxed())
	for _, in := range []string{"B", "BOX", "BOX\n", "BOXER"} {
		s := format.NewSplitter(iotest.OneByteReader(strings.NewReader(in)), "f", rec, 0)
		raw, err := s.Next()
		if err != nil || string(raw) != strings.TrimSpace(in) || s.Format() != "" {
			t.Errorf("%q: %q, %v, format %q", in, raw, err, s.Format())
		}
		if name := rec.Contained([]byte(in)); name != "" {
			t.Errorf("%q: contained %q", in, name)
		}
	}
	if name := rec.Contained([]byte(boxFile)); name != "boxed" {
		t.Errorf("contained %q", name)
	}
}
