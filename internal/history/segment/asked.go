package segment

import (
	"context"
	"sync"
	"weak"

	"github.com/vedette-soc/vedette/match"
)

// asked remembers what volumes answered lately. A look back goes through segments one
// by one; the first of a volume asks for all of them.
type asked struct {
	mu     sync.Mutex
	lately []*answer            // guarded by mu; the newest last
	wanted weak.Pointer[wanted] // guarded by mu; of the reach asked about last
	reach  weak.Pointer[match.Reach]
}

const (
	// askedMost bounds the answers kept: a look back needs one or two at a time.
	askedMost = 8
	// metMost bounds an answer, 8 MiB: with more met, each segment is asked by itself.
	metMost = 1 << 20
)

// answer is what a volume holds of what is in reach.
type answer struct {
	volume *volume
	reach  weak.Pointer[match.Reach] // that of a look back which is over may go
	done   chan struct{}             // closed when met and err are there
	met    [][]met                   // per segment the wanted traces that it holds; nil = too many
	err    error
}

// of returns, per segment of a volume, which of the wanted traces it holds, ascending;
// nil when that are too many. It asks once for all who ask the same.
func (a *asked) of(ctx context.Context, v *volume, r *match.Reach) ([][]met, error) {
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

// wantedOf returns the traces of a reach, to be met in one segment after the other.
func (a *asked) wantedOf(r *match.Reach) *wanted {
	a.mu.Lock()
	defer a.mu.Unlock()
	reach := weak.Make(r)
	if w := a.wanted.Value(); w != nil && a.reach == reach {
		return w
	}
	w := wantedOf(r.Traces())
	a.wanted, a.reach = weak.Make(w), reach
	return w
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
