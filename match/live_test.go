package match_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

func came(value string, id uint64) match.Change {
	return match.Change{ID: id, Type: indicator.Domain, Value: value}
}

func TestLive(t *testing.T) {
	var l match.Live
	look := func(v string) (ids []uint64) {
		for _, h := range l.Lookup(indicator.Domain, v, nil) {
			ids = append(ids, h.ID)
		}
		return ids
	}
	want := func(v string, ids ...uint64) {
		t.Helper()
		if d := cmp.Diff(ids, look(v)); d != "" {
			t.Errorf("%s (-want +got):\n%s", v, d)
		}
	}
	want("a.example")
	if refused := l.Apply(came("a.example", 1), came("com", 2)); len(refused) != 1 {
		t.Errorf("refused: %v", refused)
	}
	mark := l.Mark()
	l.Apply(came("b.example", 3))
	want("a.example", 1)
	want("www.b.example", 3)
	l.Store(build(t, []string{"z.example", "a.example"}), mark) // ids 0 and 1
	want("a.example", 1)
	want("b.example", 3)
	l.Apply(match.Change{ID: 1, Gone: true}, came("z.example", 0))
	want("a.example")
	want("z.example", 0)
	l.Apply(came("a.example", 1), match.Change{ID: 3, Gone: true})
	want("a.example", 1)
	want("b.example")
	if n := l.View().Changed(); n != 3 {
		t.Errorf("%d changed, want 3", n)
	}
	l.Store(build(t, []string{"c.example"}), l.Mark())
	want("a.example")
	want("c.example", 0)
}

// TestLiveAgainstReference does at random what a server does (changes, rebuilds
// that take a while) and holds every look-up against a plain map.
func TestLiveAgainstReference(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var l match.Live
	live := map[uint64]bool{}
	value := func(id uint64) string { return fmt.Sprintf("n%d.example.com", id) }
	var pending *match.Index
	var mark match.Mark
	for step := range 3000 {
		switch r.IntN(10) {
		case 0: // a rebuild begins: it sees what is live now
			if pending == nil {
				mark = l.Mark()
				var b match.Builder
				for id := range live {
					if err := b.Add(indicator.Domain, value(id), id); err != nil {
						t.Fatal(err)
					}
				}
				pending = b.Build()
			}
		case 1:
			if pending != nil {
				l.Store(pending, mark)
				pending = nil
			}
		default:
			id := r.Uint64N(40)
			gone := r.IntN(2) == 0
			l.Apply(match.Change{ID: id, Type: indicator.Domain, Value: value(id), Gone: gone})
			if live[id] = true; gone {
				delete(live, id)
			}
		}
		id := r.Uint64N(40)
		hits := l.Lookup(indicator.Domain, value(id), nil)
		if v := l.View(); v.Len() != len(live) {
			t.Fatalf("step %d: %d live, want %d", step, v.Len(), len(live))
		}
		if (len(hits) == 1) != live[id] || len(hits) > 1 {
			t.Fatalf("step %d: %d hits, live %v", step, len(hits), live[id])
		}
	}
}

// TestOneGeneration changes and exchanges indices while others look up. Each
// generation g holds the names g-0 … g-9 and nothing else: a view in which two
// generations show, or one in part, would be a half-built index.
func TestOneGeneration(t *testing.T) {
	const names, generations, readers = 10, 200, 3
	var l match.Live
	index := func(g int) *match.Index {
		var b match.Builder
		for i := range names {
			if err := b.Add(indicator.Domain, fmt.Sprintf("n%d.example.com", i), uint64(g*names+i)); err != nil {
				t.Fatal(err)
			}
		}
		return b.Build()
	}
	l.Store(index(0), l.Mark())
	var stop atomic.Bool
	var looked atomic.Int64
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			for !stop.Load() {
				var got []int
				v := l.View()
				for i := range names {
					for _, h := range v.Lookup(indicator.Domain, fmt.Sprintf("n%d.example.com", i), nil) {
						got = append(got, int(h.ID)/names)
					}
				}
				if len(got) != names || slices.Min(got) != slices.Max(got) {
					t.Errorf("one view shows the generations %v", got)
					return
				}
				looked.Add(names)
			}
		})
	}
	for g := 1; g < generations || looked.Load() == 0 && !t.Failed(); g++ {
		mark := l.Mark()
		x := index(g)
		l.Apply(match.Change{ID: 1 << 40, Type: indicator.Domain, Value: "other.example.com"})
		l.Store(x, mark)
	}
	stop.Store(true)
	wg.Wait()
}
