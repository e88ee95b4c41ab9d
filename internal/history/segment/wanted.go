package segment

import (
	"encoding/binary"
	"math/bits"

	"github.com/vedette-soc/vedette/match"
)

// wanted are traces to be met among those of a sidecar. Both lie in order, but to step
// through both side by side would guess wrong at every other step; a bit for each
// beginning that a wanted trace has tells for nearly all others that they are not wanted.
type wanted struct {
	traces []uint64 // ascending
	begins []uint64 // a bit per beginning
	shift  int      // by which a trace is its beginning
}

// wantedSpare is how many beginnings there are for each wanted trace, at least, as a
// power of two.
const wantedSpare = 3

func wantedOf(traces []uint64) *wanted {
	width := min(bits.Len(uint(len(traces)))+wantedSpare, match.TraceBits)
	w := &wanted{traces: traces, begins: make([]uint64, 1<<width/64+1), shift: match.TraceBits - width}
	for _, t := range traces {
		if at := t >> w.shift; traceFits(t) {
			w.begins[at/64] |= 1 << (at % 64)
		}
	}
	return w
}

// meet calls fn with each wanted trace, from the i-th on, that a page holds, and
// returns the first of which it did not see whether it is there.
func (w *wanted) meet(page []byte, i int, fn func(int)) int {
	at, shift := uint64(0), w.shift&63
	for len(page) > 0 && i < len(w.traces) {
		step, n := uint64(page[0]), 1
		if len(page) >= 3 && step >= 0x80 && page[1] >= 0x80 && page[2] < 0x80 { // nearly all
			step, n = step&0x7f|uint64(page[1]&0x7f)<<7|uint64(page[2])<<14, 3
		} else if step >= 0x80 {
			if step, n = binary.Uvarint(page); n <= 0 {
				return i
			}
		}
		page = page[n:]
		at += step
		begin := at >> shift
		if begin/64 >= uint64(len(w.begins)) {
			return i
		}
		if w.begins[begin/64]>>(begin%64)&1 == 0 {
			continue
		}
		for i < len(w.traces) && w.traces[i] < at {
			i++
		}
		for ; i < len(w.traces) && w.traces[i] == at; i++ {
			fn(i)
		}
	}
	return i
}
