package segment

import (
	"cmp"
	"context"
	"encoding/binary"
	"math/bits"

	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

// A page of the traces of a volume holds those that have the same high bits. They are
// hashes and lie evenly, so where one would stand is told by its low bits: a look back
// goes to each that it wants, and does not touch those between.
//
//	u32 number n
//	the low 24 bits of each, ascending, 3 bytes
//	a head of each, 1 byte: 0x80 it is in several segments; else in that of the low six
//	bits; 0x40 it is lone: in none of its segments do two values have it
//	the segments of each that is in several, a bit per segment: u32, or u64 in a volume
//	of more than 32 segments
type traceSets struct {
	lows, heads, several []byte
	bits                 int // of a set of segments, 32 or 64
}

const (
	lowBits  = 24
	lowBytes = lowBits / 8
	lowMask  = 1<<lowBits - 1

	headSeveral = 0x80
	headLone    = 0x40
	headPlace   = 0x3f
)

// setBits is how wide a set of segments is.
func setBits(segments int) int {
	if segments > 32 {
		return 64
	}
	return 32
}

// readTraceSets reads a page; false says that it is malformed.
func readTraceSets(page []byte, setBits int) (traceSets, bool) {
	t := traceSets{bits: setBits}
	if len(page) < 4 {
		return t, false
	}
	n := uint64(binary.LittleEndian.Uint32(page))
	page = page[4:]
	if n == 0 || n*(lowBytes+1) > uint64(len(page)) {
		return t, false
	}
	t.lows, t.heads, t.several = page[:n*lowBytes+1], page[n*lowBytes:n*(lowBytes+1)], page[n*(lowBytes+1):] // a low is read as four bytes
	return t, true
}

func (t *traceSets) low(i int) uint32 {
	return binary.LittleEndian.Uint32(t.lows[i*lowBytes:]) & lowMask
}

// find returns where a trace with these low bits stands, -1 when there is none.
func (t *traceSets) find(low uint32) int {
	n := len(t.heads)
	i := int(uint64(low) * uint64(n) >> lowBits)
	if t.low(i) < low {
		for i++; i < n && t.low(i) < low; i++ {
		}
	} else {
		for ; i > 0 && t.low(i-1) >= low; i-- {
		}
	}
	if i == n || t.low(i) != low {
		return -1
	}
	return i
}

// at returns the segments of the i-th trace, a bit per segment, and whether it is lone;
// none says that the page is malformed.
func (t *traceSets) at(i int) (in uint64, lone bool) {
	head := t.heads[i]
	if head&headSeveral == 0 {
		return 1 << (head & headPlace), head&headLone != 0
	}
	before := 0
	for _, h := range t.heads[:i] {
		before += int(h >> 7)
	}
	size := t.bits / 8
	set := t.several[min(before*size, len(t.several)):]
	switch {
	case len(set) < size:
	case size == 4:
		in = uint64(binary.LittleEndian.Uint32(set))
	default:
		in = binary.LittleEndian.Uint64(set)
	}
	return in, head&headLone != 0
}

// traceSetWriter cuts traces into pages.
type traceSetWriter struct {
	*pageWriter
	traceSets        // of the page being filled
	high      uint64 // bits of it
}

// add takes in a trace, which lies behind all before it.
func (w *traceSetWriter) add(trace, in uint64, lone bool) error {
	if high := trace >> lowBits; high != w.high {
		if err := w.cut(); err != nil {
			return err
		}
		w.high = high
	}
	w.lows = append(w.lows, byte(trace), byte(trace>>8), byte(trace>>16))
	head := byte(headSeveral)
	switch {
	case in&(in-1) == 0:
		head = byte(bits.TrailingZeros64(in))
	case w.bits == 32:
		w.several = binary.LittleEndian.AppendUint32(w.several, uint32(in))
	default:
		w.several = binary.LittleEndian.AppendUint64(w.several, in)
	}
	if lone {
		head |= headLone
	}
	w.heads = append(w.heads, head)
	return nil
}

// cut writes the page being filled.
func (w *traceSetWriter) cut() error {
	w.first = telemetry.Key(w.high << lowBits)
	if len(w.heads) > 0 {
		w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(len(w.heads)))
		w.buf = append(append(append(w.buf, w.lows...), w.heads...), w.several...)
	}
	w.lows, w.heads, w.several = w.lows[:0], w.heads[:0], w.several[:0]
	return w.flush()
}

// traceFits says that a trace has no more bits than there can be.
func traceFits(t uint64) bool { return t>>match.TraceBits == 0 }

// encodeTraceSets merges the traces of sidecars of so many keys: of each, which segments
// hold it, and whether it is lone in all of them. A segment of before there were traces
// holds none.
func encodeTraceSets(ctx context.Context, e *pageWriter, sides []*sidecar, keys []int) error {
	l, err := newLoner()
	if err != nil {
		return err
	}
	defer l.decoder.Close()
	cursors, lone := make([]*cursor, len(sides)), make([]lones, len(sides))
	for i, s := range sides {
		cursors[i] = &cursor{side: s, place: i, pages: s.traces, end: s.tracesEnd}
		if lone[i], err = l.find(ctx, s, i, keys[i]); err != nil {
			return err
		}
	}
	m := merging{ctx: ctx}
	if err := m.begin(cursors); err != nil {
		return err
	}
	w := traceSetWriter{pageWriter: e, traceSets: traceSets{bits: setBits(len(sides))}}
	for {
		in, all := uint64(0), true
		at, more, err := m.least(func(c *cursor) error {
			if !traceFits(c.at) {
				return c.bad()
			}
			in |= 1 << c.place
			all = all && lone[c.place].has(c.met-1)
			return nil
		})
		if err != nil || !more {
			return cmp.Or(err, w.cut())
		}
		if err := w.add(at, in, all); err != nil {
			return err
		}
	}
}
