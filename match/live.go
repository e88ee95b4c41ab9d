package match

import (
	"sync"
	"sync/atomic"

	"github.com/vedette-soc/vedette/indicator"
)

// Change is what became of one indicator after the main index of a [Live] was
// built. IDs must be one to one with type and value.
type Change struct {
	ID    uint64
	Type  indicator.Type
	Value string // canonical
	Gone  bool   // it must not match any more
}

// Live holds the index in use and what changed since. Readers never wait;
// writers wait for each other. The zero value is empty and ready for use.
type Live struct {
	state atomic.Pointer[View]

	mu     sync.Mutex
	recent []Change // in order, the last word about each id counts
	first  uint64   // sequence number of recent[0]
}

// View is a Live at one moment; it never changes.
type View struct {
	main    *Index
	delta   *Index
	decided map[uint64]struct{} // ids of which main has nothing to say any more
	hidden  int                 // how many of these main holds
}

// Mark is a moment in the life of a [Live], see [Live.Store].
type Mark uint64

var emptyView = &View{main: &Index{}, delta: &Index{}}

// View returns the present moment, for several look-ups in one and the same set.
func (l *Live) View() *View {
	if v := l.state.Load(); v != nil {
		return v
	}
	return emptyView
}

// Lookup appends every indicator the observable touches, as [Index.Lookup].
func (l *Live) Lookup(t indicator.Type, value string, dst []Hit) []Hit {
	return l.View().Lookup(t, value, dst)
}

// Lookup appends every indicator the observable touches, as [Index.Lookup].
func (v *View) Lookup(t indicator.Type, value string, dst []Hit) []Hit {
	from := len(dst)
	dst = v.main.Lookup(t, value, dst)
	if len(v.decided) > 0 {
		kept := dst[:from]
		for _, h := range dst[from:] {
			if _, ok := v.decided[h.ID]; !ok {
				kept = append(kept, h)
			}
		}
		dst = kept
	}
	return v.delta.Lookup(t, value, dst)
}

// Main returns the main index; never nil.
func (v *View) Main() *Index { return v.main }

// Len returns the number of indicators that can match.
func (v *View) Len() int { return v.main.Len() - v.hidden + v.delta.Len() }

// Changed returns how many indicators changed since the main index was built.
func (v *View) Changed() int { return len(v.decided) }

// Size returns the bytes the indices hold.
func (v *View) Size() int { return v.main.Size() + v.delta.Size() }

// Apply puts changes into effect at once: an indicator that came or came back,
// or one that is gone. Each call costs time in proportion to all changes since
// the last Store: meant for thousands, not millions. What Builder.Add refuses
// is returned as errors; it does not match then.
func (l *Live) Apply(changes ...Change) []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recent = append(l.recent, changes...)
	return l.publish(l.View().main)
}

// Mark returns the moment to give to Store. Take it before reading the set of
// indicators that the new index is built from: what changes later is then kept.
func (l *Live) Mark() Mark {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Mark(l.first + uint64(len(l.recent)))
}

// Store puts a new main index in use. What was applied before since is taken to
// be in it.
func (l *Live) Store(x *Index, since Mark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if uint64(since) > l.first {
		gone := min(uint64(since)-l.first, uint64(len(l.recent)))
		l.recent = append([]Change(nil), l.recent[gone:]...)
		l.first += gone
	}
	l.publish(x)
}

// publish builds the delta and swaps both in. The caller holds mu.
func (l *Live) publish(x *Index) (refused []error) {
	v := &View{main: x, delta: emptyView.delta}
	if len(l.recent) > 0 {
		v.decided = make(map[uint64]struct{}, len(l.recent))
		var b Builder
		for i := len(l.recent) - 1; i >= 0; i-- { // the last word first
			c := l.recent[i]
			if _, ok := v.decided[c.ID]; ok {
				continue
			}
			v.decided[c.ID] = struct{}{}
			if x.holds(c) {
				v.hidden++
			}
			if c.Gone {
				continue
			}
			if err := b.Add(c.Type, c.Value, c.ID); err != nil {
				refused = append(refused, err)
			}
		}
		v.delta = b.Build()
	}
	l.state.Store(v)
	return refused
}

func (x *Index) holds(c Change) bool {
	value := c.Value
	if c.Type == indicator.URL {
		value, _ = today(value)
	}
	for _, h := range x.Lookup(c.Type, value, nil) {
		if h.ID == c.ID {
			return true
		}
	}
	return false
}
