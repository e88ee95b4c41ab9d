package match

import (
	"sync"
	"sync/atomic"

	"github.com/vedette-soc/vedette/indicator"
)

// Entry is one indicator to be added to a [Live] index.
type Entry struct {
	Type  indicator.Type
	Value string // canonical
	ID    uint32
}

// Live holds the index in use and a small one of what was added since. Readers
// never wait; writers wait for each other. The zero value is empty and ready for
// use.
type Live struct {
	state atomic.Pointer[liveState]

	mu     sync.Mutex
	recent []Entry // what delta is made of
	first  uint64  // sequence number of recent[0]
}

type liveState struct{ main, delta *Index }

// Mark is a moment in the life of a [Live], see [Live.Store].
type Mark uint64

// Lookup appends every indicator the observable touches, as [Index.Lookup]. One
// that was added and is in the main index too comes up twice.
func (l *Live) Lookup(t indicator.Type, value string, dst []Hit) []Hit {
	s := l.state.Load()
	if s == nil {
		return dst
	}
	dst = s.main.Lookup(t, value, dst)
	if s.delta != nil {
		dst = s.delta.Lookup(t, value, dst)
	}
	return dst
}

// Load returns the main index in use; never nil.
func (l *Live) Load() *Index {
	if s := l.state.Load(); s != nil {
		return s.main
	}
	return &Index{}
}

// Len returns the indicators in the main index and those added since.
func (l *Live) Len() (main, added int) {
	s := l.state.Load()
	if s == nil {
		return 0, 0
	}
	if s.delta != nil {
		added = s.delta.Len()
	}
	return s.main.Len(), added
}

// Add makes entries match at once. Each call costs time in proportion to all
// that was added since the last Store: meant for thousands, not millions. An
// entry that Builder.Add refuses is returned with the error in its place; the
// others are in.
func (l *Live) Add(entries ...Entry) []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var refused []error
	for _, e := range entries {
		var probe Builder
		if err := probe.Add(e.Type, e.Value, e.ID); err != nil {
			refused = append(refused, err)
			continue
		}
		l.recent = append(l.recent, e)
	}
	l.publish(l.Load())
	return refused
}

// Mark returns the moment to give to Store. Take it before reading the set of
// indicators that the new index is built from: what is added later is then kept.
func (l *Live) Mark() Mark {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Mark(l.first + uint64(len(l.recent)))
}

// Store puts a new main index in use. What was added before since is taken to be
// in it and leaves the delta.
func (l *Live) Store(x *Index, since Mark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if gone := uint64(since) - l.first; uint64(since) > l.first {
		gone = min(gone, uint64(len(l.recent)))
		l.recent = append([]Entry(nil), l.recent[gone:]...)
		l.first += gone
	}
	l.publish(x)
}

// publish builds the delta and swaps both in. The caller holds mu.
func (l *Live) publish(x *Index) {
	s := &liveState{main: x}
	if len(l.recent) > 0 {
		var b Builder
		for _, e := range l.recent {
			_ = b.Add(e.Type, e.Value, e.ID) // accepted once already
		}
		s.delta = b.Build()
	}
	l.state.Store(s)
}
