package segment

import (
	"context"
	"math/bits"

	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

// lones tells, by the place of a trace among those of a sidecar, which of them only one
// value has. An indicator that is itself there with a lone trace touches nothing else in
// the segment: no values need to be read to know that.
type lones struct {
	seen, crowd []uint64 // a bit per trace: a value has it; more than one may
}

func (l *lones) has(i int) bool {
	return i/64 < len(l.seen) && (l.seen[i/64]&^l.crowd[i/64])>>(i%64)&1 != 0
}

// loner finds the lone traces of sidecars.
type loner struct {
	decoder *zstd.Decoder
	wordReader
	traces, of []uint64
	starts     []uint32 // per beginning of a trace
	shift      int      // by which a trace is its beginning
}

func newLoner() (*loner, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*maxBlock))
	return &loner{decoder: d}, err
}

// find reads all values of a sidecar of so many keys. Errors are of the place.
func (l *loner) find(ctx context.Context, s *sidecar, place, keys int) (lones, error) {
	typed := 0
	for _, b := range s.words {
		typed += int(b.count)
	}
	if s.edges == nil || typed != keys { // of a key without a type nobody knows which traces its value has
		return lones{}, nil
	}
	if err := l.load(ctx, s, place); err != nil {
		return lones{}, err
	}
	found := lones{make([]uint64, len(l.traces)/64+1), make([]uint64, len(l.traces)/64+1)}
	bad := func(err error) error { return &looseError{place, err} }
	for _, b := range s.words {
		if err := ctx.Err(); err != nil {
			return lones{}, err
		}
		values, err := l.read(l.decoder, s, b)
		if err != nil {
			return lones{}, bad(err)
		}
		t := indicator.Type(s.types[b.typ])
		for _, v := range values {
			l.of = match.Traces(t, v, l.of[:0])
			for _, trace := range l.of {
				i := l.place(trace)
				if i < 0 {
					return lones{}, bad(badSidecar(s.file.Name(), "a value has a trace that is not there"))
				}
				at, bit := i/64, uint64(1)<<(i%64)
				found.crowd[at] |= found.seen[at] & bit
				found.seen[at] |= bit
			}
		}
	}
	return found, nil
}

// load reads the traces of a sidecar, and where those of each beginning start.
func (l *loner) load(ctx context.Context, s *sidecar, place int) error {
	l.traces = l.traces[:0]
	c := s.traceCursor(place)
	for {
		more, err := c.step()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if n := len(l.traces); !traceFits(c.at) || n > 0 && c.at <= l.traces[n-1] {
			return c.bad()
		}
		l.traces = append(l.traces, c.at)
		if len(l.traces)%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	width := bits.Len(uint(len(l.traces))) // as many beginnings as traces, or twice as many
	n := 1 << width
	l.shift = match.TraceBits - width
	l.starts = append(l.starts[:0], make([]uint32, n+1)...)
	for i, at := len(l.traces), n; at >= 0; at-- {
		for i > 0 && int(l.traces[i-1]>>l.shift) >= at {
			i--
		}
		l.starts[at] = uint32(i)
	}
	return nil
}

// place returns where a trace stands, -1 when it is not there.
func (l *loner) place(trace uint64) int {
	begin := trace >> (l.shift & 63)
	at := int(l.starts[begin])
	for i, t := range l.traces[at:l.starts[begin+1]] {
		if t == trace {
			return at + i
		}
	}
	return -1
}
