package segment

import (
	"encoding/binary"
	"slices"

	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

// A traceGroup holds traces that have the same high bits. They are hashes and lie evenly, so
// where one would stand is told by its low bits: a look back goes to each that it wants, and
// does not touch those between.
type traceGroup struct {
	lows []byte // the low 24 bits of each, ascending, 3 bytes; and a byte more, as one is read as four
	n    int
}

const (
	lowBits  = 24
	lowBytes = lowBits / 8
	lowMask  = 1<<lowBits - 1
)

func (g *traceGroup) low(i int) uint32 {
	return binary.LittleEndian.Uint32(g.lows[i*lowBytes:]) & lowMask
}

// find returns where a trace with these low bits stands, -1 when there is none.
func (g *traceGroup) find(low uint32) int {
	i := int(uint64(low) * uint64(g.n) >> lowBits)
	if g.low(i) < low {
		for i++; i < g.n && g.low(i) < low; i++ {
		}
	} else {
		for ; i > 0 && g.low(i-1) >= low; i-- {
		}
	}
	if i == g.n || g.low(i) != low {
		return -1
	}
	return i
}

// A page of the traces of a sidecar is some groups, one behind the other:
//
//	uvarint distance of the high bits to those of the group before (the first of a page: to 0)
//	uvarint number n
//	the lows
//	a bit of each, from the lowest of the first byte on: it is lone, so that no two values of
//	the segment have it
type loneGroup struct {
	traceGroup
	high  uint64
	alone []byte
}

// next reads the group behind g; false says that it is malformed.
func (g *loneGroup) next(in *input) bool {
	g.high += in.uvarint()
	n := in.uvarint()
	if n == 0 || n > uint64(len(in.p)) || g.high>>(match.TraceBits-lowBits) != 0 {
		return false
	}
	p := in.take(n*lowBytes + (n+7)/8)
	if in.bad {
		return false
	}
	g.n, g.lows, g.alone = int(n), p[:n*lowBytes+1], p[n*lowBytes:]
	return true
}

func (g *loneGroup) trace(i int) uint64 { return g.high<<lowBits | uint64(g.low(i)) }

func (g *loneGroup) lone(i int) bool { return g.alone[i/8]>>(i%8)&1 != 0 }

// loneGroupWriter cuts traces into groups, and these into pages.
type loneGroupWriter struct {
	*pageWriter
	loneGroup        // being filled
	before    uint64 // the high bits of the group before
}

// add takes in a trace, which lies behind all before it.
func (w *loneGroupWriter) add(trace uint64, lone bool) error {
	if high := trace >> lowBits; high != w.high {
		if err := w.end(); err != nil {
			return err
		}
		w.high = high
	}
	w.lows = append(w.lows, byte(trace), byte(trace>>8), byte(trace>>16))
	if w.n%8 == 0 {
		w.alone = append(w.alone, 0)
	}
	if lone {
		w.alone[w.n/8] |= 1 << (w.n % 8)
	}
	w.n++
	return nil
}

// end ends the group, and the page when it is full.
func (w *loneGroupWriter) end() error {
	if w.n == 0 {
		return nil
	}
	if len(w.buf) == 0 {
		w.first, w.before = telemetry.Key(w.high<<lowBits), 0
	}
	w.buf = binary.AppendUvarint(w.buf, w.high-w.before)
	w.buf = binary.AppendUvarint(w.buf, uint64(w.n))
	w.buf = append(append(w.buf, w.lows...), w.alone...)
	w.before, w.n, w.lows, w.alone = w.high, 0, w.lows[:0], w.alone[:0]
	return w.turn()
}

// encodeTraces writes the traces of all values. Of a value without a type nobody knows which
// it has: where there is one, no trace is lone.
func encodeTraces(e *pageWriter, n *notes) error {
	var all []uint64
	known := true
	for _, v := range n.values.all {
		if v.typ == "" {
			known = false
			continue
		}
		all = match.Traces(v.typ, v.text, all)
	}
	slices.Sort(all)
	w := loneGroupWriter{pageWriter: e}
	for len(all) > 0 {
		same := 1
		for same < len(all) && all[same] == all[0] {
			same++
		}
		if err := w.add(all[0], known && same == 1); err != nil {
			return err
		}
		all = all[same:]
	}
	if err := w.end(); err != nil {
		return err
	}
	return e.flush()
}
