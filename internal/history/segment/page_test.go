package segment_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// TestPageAt: however keys lie, the page is that which begins last at or before the key.
func TestPageAt(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 11))
	for range 300 {
		narrow := rnd.IntN(64)
		var firsts []telemetry.Key
		for range rnd.IntN(300) {
			firsts = append(firsts, telemetry.Key(rnd.Uint64()>>narrow))
		}
		slices.Sort(firsts)
		for _, key := range append(firsts, 0, 1<<64-1, telemetry.Key(rnd.Uint64()), telemetry.Key(rnd.Uint64()>>narrow)) {
			want := sort.Search(len(firsts), func(i int) bool { return firsts[i] > key }) - 1
			if got := segment.PageAt(firsts, key); got != want {
				t.Fatalf("%d of %d pages narrowed by %d, want %d", got, len(firsts), narrow, want)
			}
		}
	}
}

// FuzzLongUvarint holds it against the plain one.
func FuzzLongUvarint(f *testing.F) {
	f.Add([]byte("\x80\x80\x80\x80\x80\x80\x01\x05\x07"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\x7f"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"))
	f.Fuzz(func(t *testing.T, p []byte) {
		got, n := segment.LongUvarint(p)
		if want, k := binary.Uvarint(p); got != want || n != k {
			t.Errorf("%x: %d in %d bytes, want %d in %d", p, got, n, want, k)
		}
	})
}
