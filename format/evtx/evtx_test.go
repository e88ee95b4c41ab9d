package evtx_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/evtx"
	"github.com/vedette-soc/vedette/format/evtxtest"
	"github.com/vedette-soc/vedette/format/windows"
)

func recogniser() *format.Recogniser {
	events := windows.Format()
	events.Containers = []format.Container{evtx.Container()}
	return format.NewRecogniser(events)
}

// records reads the texts of a file; damage comes as "PLACE: REASON: TEXT".
func records(t testing.TB, in io.Reader) []string {
	t.Helper()
	var out []string
	for r := evtx.Container().Open(in, format.DefaultMaxRecord); ; {
		rec, err := r.Next()
		switch {
		case err == io.EOF:
			return out
		case err != nil:
			t.Fatal(err)
		case rec.Fault != nil:
			out = append(out, rec.Place+": "+rec.Fault.Reason+": "+rec.Fault.Error())
		default:
			out = append(out, string(rec.Data))
		}
	}
}

// record is the text of a file with one record.
func record(t *testing.T, content ...evtxtest.Node) string {
	t.Helper()
	var w evtxtest.Writer
	w.Add(content...)
	out := records(t, bytes.NewReader(w.Bytes()))
	if len(out) != 1 {
		t.Fatalf("%d records, want one: %q", len(out), out)
	}
	return out[0]
}

// read reads a stream as a reader of the product does.
func read(t testing.TB, in io.Reader, name string) (events []event.Event, bad []*format.RecordError) {
	t.Helper()
	r, err := format.NewReader(in, name, recogniser(), format.Options{NoObservables: true})
	if err != nil {
		t.Fatal(err)
	}
	for {
		ev, err := r.Next()
		if err == io.EOF {
			if st := r.Stats(); st.Records != len(events)+len(bad) {
				t.Errorf("%s: %d records counted, want %d", name, st.Records, len(events)+len(bad))
			}
			return events, bad
		}
		if e, ok := errors.AsType[*format.RecordError](err); ok {
			bad = append(bad, e)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, ev)
	}
}

// again reads what is kept of an event as the history does, and compares.
func again(t *testing.T, ev *event.Event) {
	t.Helper()
	s, err := recogniser().Resume(ev.Format, nil)
	if err != nil {
		t.Fatal(err)
	}
	kept, ok, err := s.Decode(ev.Raw)
	if err != nil || !ok {
		t.Fatalf("%s record %d, read again: %v", ev.Origin.File, ev.Origin.Line, err)
	}
	if diff := cmp.Diff(ev.Fields, kept.Fields); diff != "" || !kept.Time.Equal(ev.Time) {
		t.Errorf("%s record %d, read again at %v, want %v: -want +got\n%s", ev.Origin.File, ev.Origin.Line, kept.Time, ev.Time, diff)
	}
	if name := recogniser().Recognise(ev.Raw); name != "windows" {
		t.Errorf("%s record %d: the text is recognised as %s", ev.Origin.File, ev.Origin.Line, name)
	}
}
