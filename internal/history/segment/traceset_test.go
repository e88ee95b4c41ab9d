package segment_test

import (
	"math/rand/v2"
	"os"
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
		page, apart, err := segment.TraceSetPage(sets, segments)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := segment.MeetSets(page, fileOf(t, apart), wanted, segments)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Fatalf("round %d, %d traces, %d wanted (%v): %s", round, len(sets), len(wanted), ok, diff)
		}
	}
}

func fileOf(t testing.TB, data []byte) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	return f
}

// FuzzMeetSets asks any bytes for traces: what is met is within the bounds of the volume.
func FuzzMeetSets(f *testing.F) {
	page, apart, err := segment.TraceSetPage([]segment.TraceSet{{Trace: 5, In: 2}, {Trace: 70_000, In: 7, Lone: true}}, 3)
	if err != nil {
		f.Fatal(err)
	}
	sets := fileOf(f, apart)
	f.Add(page, uint64(5), uint64(70_000), uint8(3))
	f.Add(append([]byte{1, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 43)...), uint64(5), uint64(6), uint8(40))
	f.Fuzz(func(t *testing.T, page []byte, a, b uint64, segments uint8) {
		n := 1 + int(segments%64)
		met, ok := segment.MeetSets(page, sets, []uint64{min(a, b), max(a, b)}, n)
		for _, m := range met {
			if ok && m.In>>n != 0 {
				t.Errorf("%d is in %b of %d segments", m.Trace, m.In, n)
			}
		}
	})
}

// TestGroups: of what a page of a sidecar holds, what is wanted is met with whether it is
// lone, and nothing else.
func TestGroups(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 10))
	for round := range 400 {
		span := uint64(1) << (1 + rnd.IntN(36))
		lone := map[uint64]bool{}
		var traces, wanted []uint64
		for range 1 + rnd.IntN(1000) {
			lone[rnd.Uint64N(span)] = rnd.IntN(2) == 0
		}
		want := map[uint64]bool{}
		for trace, alone := range lone {
			traces = append(traces, trace)
			if rnd.IntN(3) == 0 {
				wanted, want[trace] = append(wanted, trace), alone
			}
			other := rnd.Uint64N(1 << 36)
			if rnd.IntN(2) == 0 {
				other = rnd.Uint64N(span)
			}
			if _, there := lone[other]; !there {
				wanted = append(wanted, other)
			}
		}
		slices.Sort(traces)
		slices.Sort(wanted)
		page, err := segment.GroupPage(traces, func(t uint64) bool { return lone[t] })
		if err != nil {
			t.Fatal(err)
		}
		got, ok := segment.MeetGroups(page, slices.Compact(wanted))
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Fatalf("round %d, %d traces (%v): %s", round, len(traces), ok, diff)
		}
	}
}

// FuzzMeetGroups asks any bytes for traces: what is met is wanted.
func FuzzMeetGroups(f *testing.F) {
	page, err := segment.GroupPage([]uint64{5, 70_000, 1 << 30}, func(t uint64) bool { return t == 5 })
	if err != nil {
		f.Fatal(err)
	}
	f.Add(page, uint64(5), uint64(70_000))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01abcd"), uint64(5), uint64(6))
	f.Fuzz(func(t *testing.T, page []byte, a, b uint64) {
		met, _ := segment.MeetGroups(page, []uint64{min(a, b), max(a, b)})
		for trace := range met {
			if trace != a && trace != b {
				t.Errorf("%d is met", trace)
			}
		}
	})
}
