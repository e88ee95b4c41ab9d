package segment_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/history/segment"
)

// TestTraceSets: of what a page of a volume holds, what is wanted is met, and nothing else,
// however its traces lie.
func TestTraceSets(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 9))
	for round := range 400 {
		segments := 1 + rnd.IntN(64)
		span := uint64(1) << (1 + rnd.IntN(24)) // at the beginning of the page, at its end, or all over it
		base := uint64(0)
		if round%2 == 0 {
			base = 1<<24 - span
		}
		there := map[uint64]segment.TraceSet{}
		for range 1 + rnd.IntN(1000) {
			s := segment.TraceSet{Trace: base + rnd.Uint64N(span), In: 1 << rnd.IntN(segments), Lone: rnd.IntN(2) == 0}
			if rnd.IntN(3) == 0 {
				s.In |= rnd.Uint64() >> (64 - segments)
			}
			there[s.Trace] = s
		}
		var sets, want []segment.TraceSet
		var wanted []uint64
		for _, s := range there {
			sets = append(sets, s)
			if rnd.IntN(3) == 0 {
				wanted, want = append(wanted, s.Trace), append(want, s)
			}
			if other := rnd.Uint64N(1 << 24); there[other].In == 0 {
				wanted = append(wanted, other)
			}
		}
		ascending := func(a, b segment.TraceSet) int { return int(a.Trace) - int(b.Trace) }
		slices.SortFunc(sets, ascending)
		slices.SortFunc(want, ascending)
		slices.Sort(wanted)
		wanted = slices.Compact(wanted)
		page, err := segment.TraceSetPage(sets, segments)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := segment.MeetSets(page, wanted, segments)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Fatalf("round %d, %d traces, %d wanted (%v): %s", round, len(sets), len(wanted), ok, diff)
		}
	}
}

// FuzzMeetSets asks any bytes for traces: what is met is within the bounds of the volume.
func FuzzMeetSets(f *testing.F) {
	page, err := segment.TraceSetPage([]segment.TraceSet{{Trace: 5, In: 2}, {Trace: 70_000, In: 7, Lone: true}}, 3)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(page, uint64(5), uint64(70_000), uint8(3))
	f.Add([]byte("\x01\x00\x00\x00\x05\x00\x00\x80"), uint64(5), uint64(6), uint8(40))
	f.Fuzz(func(t *testing.T, page []byte, a, b uint64, segments uint8) {
		n := 1 + int(segments%64)
		met, ok := segment.MeetSets(page, []uint64{min(a, b), max(a, b)}, n)
		for _, m := range met {
			if ok && m.In>>n != 0 {
				t.Errorf("%d is in %b of %d segments", m.Trace, m.In, n)
			}
		}
	})
}
