package segment_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// TestSeenSideBySide: of hundreds of segments, which several readers ask, each counts
// once; compared with a plain count.
func TestSeenSideBySide(t *testing.T) {
	h := open(t, t.TempDir(), segment.Limits{Records: 40})
	defer h.Close()
	rnd := rand.New(rand.NewPCG(31, 1))
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	want := map[string]*telemetry.Seen{}
	const events = 12_000
	for done := 0; done < events; done += 40 {
		records := historytest.Records(1, 40)
		first, err := h.Append(t.Context(), records)
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			text := fmt.Sprintf("10.0.%d.%d", rnd.IntN(2), rnd.IntN(40))
			n := telemetry.Note{Time: start.Add(time.Duration(done+i) * time.Minute), Source: fmt.Sprintf("sensor-%d", rnd.IntN(3))}
			n.Values = []telemetry.Value{{Type: indicator.IPv4, Text: text, Key: telemetry.KeyOf(indicator.IPv4, text)}}
			if err := h.Note(t.Context(), first+telemetry.Seq(i), n); err != nil {
				t.Fatal(err)
			}
			note(want, text, n)
		}
	}
	parts, err := h.Parts(t.Context())
	if err != nil || len(parts) < 200 {
		t.Fatal(len(parts), err)
	}
	for text, w := range want {
		slices.Sort(w.Sources)
		w.Since = start
		got, err := h.Seen(t.Context(), telemetry.KeyOf(indicator.IPv4, text))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(*w, got); d != "" {
			t.Fatalf("%s (-want +got):\n%s", text, d)
		}
	}
	if got, err := h.Seen(t.Context(), telemetry.KeyOf(indicator.IPv4, "192.0.2.1")); err != nil || got.Count != 0 {
		t.Errorf("what was never there: %+v, %v", got, err)
	}
}

func note(want map[string]*telemetry.Seen, text string, n telemetry.Note) {
	w := want[text]
	if w == nil {
		w = &telemetry.Seen{First: n.Time}
		want[text] = w
	}
	w.Count, w.Last = w.Count+1, n.Time
	if !slices.Contains(w.Sources, n.Source) {
		w.Sources = append(w.Sources, n.Source)
	}
	day := n.Time.Format(time.DateOnly)
	if k := len(w.Days); k == 0 || w.Days[k-1].Day != day {
		w.Days = append(w.Days, telemetry.SeenDay{Day: day})
	}
	w.Days[len(w.Days)-1].Count++
}
