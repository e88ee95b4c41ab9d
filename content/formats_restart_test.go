package content_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// TestRestartForgets holds that a stream which is started anew for each record of a
// mix of all formats, tables with their headers among them, reads what a new
// stream reads.
func TestRestartForgets(t *testing.T) {
	rec := recogniser(t)
	var records [][]byte
	for _, d := range descriptions(t) {
		for _, c := range d.Tests {
			records = append(records, []byte(c.Record))
		}
	}
	for _, s := range pantherSamples(t) {
		records = append(records, s.Log)
	}
	records = append(records, []byte("#fields\tts\tuid\tid.orig_h"), []byte("1331901000.000000\tCHhAvVGS1DHFjwGM9\t192.0.2.1"), []byte(`{"_path":"conn","ts":1,"id.orig_h":"192.0.2.1"}`))
	kept, err := rec.Stream("")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	read := func(s *format.Stream, raw []byte) (event.Event, bool, string) {
		s.Arrival = arrival
		ev, ok, err := s.Decode(raw)
		if err != nil {
			return ev, ok, err.Error()
		}
		return ev, ok, ""
	}
	for range 3 * len(records) {
		raw := records[r.IntN(len(records))]
		fresh, err := rec.Stream("")
		if err != nil {
			t.Fatal(err)
		}
		if err := kept.Restart("", nil); err != nil {
			t.Fatal(err)
		}
		want, wantOK, wantErr := read(fresh, raw)
		got, gotOK, gotErr := read(kept, raw)
		if diff := cmp.Diff(want, got); diff != "" || gotOK != wantOK || gotErr != wantErr {
			t.Fatalf("%.200s: %v %q, want %v %q\n%s", raw, gotOK, gotErr, wantOK, wantErr, diff)
		}
	}
}
