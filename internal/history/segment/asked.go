package segment

import (
	"context"
	"encoding/binary"
	"sync"
	"weak"

	"github.com/vedette-soc/vedette/match"
)

// asked remembers what volumes answered lately. A look back goes through segments one
// by one; the first of a volume asks for all of them.
type asked struct {
	mu     sync.Mutex
	lately []*answer // guarded by mu; the newest last
}

const (
	// askedMost bounds the answers kept: a look back needs one or two at a time.
	askedMost = 8
	// metMost bounds an answer, 4 MiB: with more met, each segment is asked by itself.
	metMost = 1 << 20
)

// answer is what a volume holds of what is in reach.
type answer struct {
	volume *volume
	reach  weak.Pointer[match.Reach] // that of a look back which is over may go
	done   chan struct{}             // closed when met and err are there
	met    [][]uint32                // per segment the wanted traces that it holds; nil = too many
	err    error
}

// of returns, per segment of a volume, which of the wanted traces it holds, ascending;
// nil when that are too many. It asks once for all who ask the same.
func (a *asked) of(ctx context.Context, v *volume, r *match.Reach) ([][]uint32, error) {
	w, mine := a.answer(v, r)
	if mine {
		w.met, w.err = v.meet(ctx, r.Traces())
		close(w.done)
		if w.err != nil {
			a.forget(w)
		}
		return w.met, w.err
	}
	select {
	case <-w.done:
		return w.met, w.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// answer returns the answer that is there or under way, else one for the caller to give.
func (a *asked) answer(v *volume, r *match.Reach) (w *answer, mine bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	reach := weak.Make(r)
	for _, w := range a.lately {
		if w.volume == v && w.reach == reach {
			return w, false
		}
	}
	w = &answer{volume: v, reach: reach, done: make(chan struct{})}
	a.lately = append(a.lately, w)
	a.lately = a.lately[max(0, len(a.lately)-askedMost):]
	return w, true
}

func (a *asked) forget(w *answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var kept []*answer
	for _, o := range a.lately {
		if o != w {
			kept = append(kept, o)
		}
	}
	a.lately = kept
}

// meet returns, per segment, which of the wanted traces it holds; nil when that are
// too many.
func (v *volume) meet(ctx context.Context, wanted []uint64) ([][]uint32, error) {
	met := make([][]uint32, len(v.bound))
	var scratch []byte
	total := 0
	err := eachPage(ctx, v.traces, wanted, func(p, i int) (int, error) {
		buf, err := v.page(v.traces, p, v.tracEnd, &scratch)
		if err != nil {
			return i, err
		}
		next, ok := meetSets(buf, wanted, i, func(k int, set []byte) bool {
			in := input{p: set}
			places := readSet(&in, len(met))
			for _, n := range places {
				met[n] = append(met[n], uint32(k))
			}
			total += len(places)
			return !in.bad
		})
		if !ok {
			return next, badVolume(v.file.Name(), "a page does not decode")
		}
		if total > metMost {
			return len(wanted), nil
		}
		return next, nil
	})
	if err != nil || total > metMost {
		return nil, err
	}
	return met, nil
}

// meetSets calls fn with each wanted trace, from the i-th on, that a page holds, and
// the set behind it; it returns the first beyond the page. False says that the page is
// malformed. It is where a look back through volumes spends its time.
func meetSets(page []byte, wanted []uint64, i int, fn func(k int, set []byte) bool) (int, bool) {
	at := uint64(0)
	for len(page) > 0 && i < len(wanted) {
		step, n := uint64(page[0]), 1
		switch {
		case step < 0x80:
		case len(page) >= 3 && page[1] < 0x80: // nearly all are of two bytes, or of three
			step, n = step&0x7f|uint64(page[1])<<7, 2
		case len(page) >= 4 && page[2] < 0x80:
			step, n = step&0x7f|uint64(page[1]&0x7f)<<7|uint64(page[2])<<14, 3
		default:
			if step, n = binary.Uvarint(page); n <= 0 {
				return i, false
			}
		}
		page = page[n:]
		at += step
		size := setSize(page)
		if size == 0 || size > len(page) {
			return i, false
		}
		for i < len(wanted) && wanted[i] < at {
			i++
		}
		for ; i < len(wanted) && wanted[i] == at; i++ {
			if !fn(i, page[:size]) {
				return i, false
			}
		}
		page = page[size:]
	}
	return i, true
}

// setSize is how many bytes the set of segments at the beginning of p has, 0 when that
// cannot be. The distances in it are below 64: of one byte.
func setSize(p []byte) int {
	switch {
	case len(p) == 0:
		return 0
	case p[0] < 0x80 && p[0]&1 == 0:
		return 1
	case p[0] < 0x80:
		return 1 + int(p[0]>>1)
	}
	head, n := binary.Uvarint(p)
	if n <= 0 || head > boundMost<<1|1 || head&1 == 0 {
		return max(n, 0)
	}
	return n + int(head>>1)
}
