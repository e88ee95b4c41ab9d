package segment

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"math"
	"math/bits"

	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

// A page of the traces of a volume holds those that have the same high 12 bits, and says which
// segments hold each. They are hashes and lie evenly, so where one would stand is told by its
// low bits: a look back goes to each that it wants, and does not touch those between. What is
// needed of few lies apart, so that it is not read for nothing.
//
//	u32 number n, u32 offset of the sets of the page from the first of all
//	lots: for each value of the next 8 bits a 1 for each trace with it, then a 0; the first bit is
//	the lowest of the first byte; up to a multiple of 64 bits
//	the low 16 bits of each, ascending in its lot: u16
//	a head of each, 1 byte: 0x80 it is in several segments; else in that of the low six
//	bits; 0x40 it is lone: in none of its segments do two values have it
//
// The sets are those of each that is in several, a bit per segment: u32, or u64 in a volume
// of more than 32 segments; behind each setsEach of them, and the last, their CRC-32C.
type traceSets struct {
	n                 int
	setsOff           uint32
	lots, rest, heads []byte
}

const (
	setsHead    = 8
	setsEach    = 128
	lotBits     = 8
	restBits    = lowBits - lotBits
	headSeveral = 0x80
	headLone    = 0x40
	headPlace   = 0x3f
)

// setBytes is how wide a set of segments is.
func setBytes(segments int) int {
	if segments > 32 {
		return 8
	}
	return 4
}

// lotWords is how many words of 64 bits the lots of n traces take.
func lotWords(n int) int { return (n + 1<<lotBits + 63) / 64 }

// readTraceSets reads a page; false says that it is malformed.
func readTraceSets(page []byte) (traceSets, bool) {
	if len(page) < setsHead {
		return traceSets{}, false
	}
	le := binary.LittleEndian
	n := le.Uint32(page)
	if n == 0 || uint64(n) > uint64(len(page)) {
		return traceSets{}, false
	}
	t := traceSets{n: int(n), setsOff: le.Uint32(page[4:])}
	page = page[setsHead:]
	lots := lotWords(t.n) * 8
	if len(page) != lots+t.n*(restBits/8+1) {
		return t, false
	}
	t.lots, t.rest, t.heads = page[:lots], page[lots:len(page)-t.n], page[len(page)-t.n:]
	return t, true
}

// several is how many of those from the i-th up to the one before j are in several segments.
func (t *traceSets) several(i, j int) (n int) {
	heads := t.heads[i:j]
	for ; len(heads) >= 8; heads = heads[8:] {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(heads) & (headSeveral * 0x0101010101010101))
	}
	for _, h := range heads {
		n += int(h >> 7)
	}
	return n
}

func (t *traceSets) lone(i int) bool { return t.heads[i]&headLone != 0 }

// finder finds traces in a page, in ascending order.
type finder struct {
	*traceSets
	lot, from, to int // the last lot asked about, 1 and on
	word, zeros   int // of the lots, and how many zeros lie before it
}

// lotEnd returns behind how many traces a lot ends; no lot before one that was asked about
// may be.
func (f *finder) lotEnd(lot int) int {
	for ; f.word*8 < len(f.lots); f.word++ {
		ends := ^binary.LittleEndian.Uint64(f.lots[f.word*8:])
		here := bits.OnesCount64(ends)
		if f.zeros+here > lot {
			for range lot - f.zeros {
				ends &= ends - 1
			}
			return min(f.word*64+bits.TrailingZeros64(ends)-lot, f.n)
		}
		f.zeros += here
	}
	return f.n // it is malformed: each lot ends
}

// find returns where a trace with these low bits stands, -1 when there is none.
func (f *finder) find(low uint32) int {
	if lot := int(low>>restBits) + 1; lot != f.lot {
		if f.from = f.to; lot != f.lot+1 {
			f.from = f.lotEnd(lot - 2)
		}
		f.lot, f.to = lot, f.lotEnd(lot-1)
	}
	from, to, rest := f.from, f.to, low&(1<<restBits-1)
	if from >= to {
		return -1
	}
	at := func(i int) uint32 { return uint32(binary.LittleEndian.Uint16(f.rest[i*2:])) }
	i := from + int(rest)*(to-from)>>restBits
	if at(i) < rest {
		for i++; i < to && at(i) < rest; i++ {
		}
	} else {
		for ; i > from && at(i-1) >= rest; i-- {
		}
	}
	if i == to || at(i) != rest {
		return -1
	}
	return i
}

// traceSetWriter cuts traces into pages, and keeps their sets, which are written behind all
// pages.
type traceSetWriter struct {
	*pageWriter
	traceSets  // of the page being filled
	high       uint64
	ends       int    // lots that have ended
	width      int    // of a set
	sets       []byte // of all pages
	part, each int    // where the sets without a checksum begin, and how many they are
}

// add takes in a trace, which lies behind all before it.
func (w *traceSetWriter) add(trace, in uint64, lone bool) error {
	if high := trace >> lowBits; high != w.high {
		if err := w.cut(); err != nil {
			return err
		}
		w.high = high
	}
	w.endLots(int(trace >> restBits & (1<<lotBits - 1)))
	w.lot(1)
	w.n++
	w.rest = append(w.rest, byte(trace), byte(trace>>8))
	head := byte(headSeveral)
	if in&(in-1) == 0 {
		head = byte(bits.TrailingZeros64(in))
	} else {
		w.set(in)
	}
	if lone {
		head |= headLone
	}
	w.heads = append(w.heads, head)
	return nil
}

// endLots ends the lots up to the one before lot.
func (w *traceSetWriter) endLots(lot int) {
	for ; w.ends < lot; w.ends++ {
		w.lot(0)
	}
}

// lot writes a bit of the lots.
func (w *traceSetWriter) lot(bit byte) {
	at := w.n + w.ends
	if at%64 == 0 {
		w.lots = append(w.lots, 0, 0, 0, 0, 0, 0, 0, 0)
	}
	w.lots[at/8] |= bit << (at % 8)
}

// set keeps a set.
func (w *traceSetWriter) set(in uint64) {
	if w.width == 4 {
		w.sets = binary.LittleEndian.AppendUint32(w.sets, uint32(in))
	} else {
		w.sets = binary.LittleEndian.AppendUint64(w.sets, in)
	}
	if w.each++; w.each == setsEach {
		w.endSets()
	}
}

// endSets writes the checksum of the sets before it.
func (w *traceSetWriter) endSets() {
	if w.each > 0 {
		w.sets = binary.LittleEndian.AppendUint32(w.sets, crc32.Checksum(w.sets[w.part:], castagnoli))
	}
	w.part, w.each = len(w.sets), 0
}

// cut writes the page being filled.
func (w *traceSetWriter) cut() error {
	if w.n > 0 {
		w.endSets()
		if int64(len(w.sets)) > math.MaxUint32 {
			return errTooLarge
		}
		w.endLots(1 << lotBits)
		w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(w.n))
		w.buf = binary.LittleEndian.AppendUint32(w.buf, w.setsOff)
		w.buf = append(append(append(w.buf, w.lots...), w.rest...), w.heads...)
	}
	w.first, w.setsOff = telemetry.Key(w.high<<lowBits), uint32(len(w.sets))
	w.n, w.ends, w.lots, w.rest, w.heads = 0, 0, w.lots[:0], w.rest[:0], w.heads[:0]
	return w.flush()
}

// traceFits says that a trace has no more bits than there can be.
func traceFits(t uint64) bool { return t>>match.TraceBits == 0 }

// encodeTraceSets merges the traces of sidecars of so many keys: of each, which segments
// hold it, and whether it is lone in all of them. A segment of before there were traces
// holds none. It returns where the sets begin.
func encodeTraceSets(ctx context.Context, e *pageWriter, sides []*sidecar, keys []int) (sets int64, err error) {
	var l *loner
	cursors := make([]*cursor, len(sides))
	for i, s := range sides {
		c := s.traceCursor(i)
		if cursors[i] = c; c.grouped {
			continue
		}
		if l == nil {
			if l, err = newLoner(); err != nil {
				return 0, err
			}
			defer l.decoder.Close()
		}
		if c.lones, err = l.find(ctx, s, i, keys[i]); err != nil {
			return 0, err
		}
	}
	m := merging{ctx: ctx}
	if err := m.begin(cursors); err != nil {
		return 0, err
	}
	w := traceSetWriter{pageWriter: e, width: setBytes(len(sides))}
	for {
		in, lone := uint64(0), true
		at, more, err := m.least(func(c *cursor) error {
			if !traceFits(c.at) {
				return c.bad()
			}
			in |= 1 << c.place
			lone = lone && c.lone()
			return nil
		})
		if err != nil {
			return 0, err
		}
		if !more {
			break
		}
		if err := w.add(at, in, lone); err != nil {
			return 0, err
		}
	}
	if err := w.cut(); err != nil {
		return 0, err
	}
	sets = e.off
	return sets, e.write(w.sets)
}
