package web_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/web"
)

// TestNeighbourhood: the same relations in any order give the same picture, no label
// lies over another, and of many relations each kind keeps its place.
func TestNeighbourhood(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 60, 61, 400} {
		var around []web.Neighbour
		for i := range n {
			kind := "attack-pattern"
			if i%100 == 7 {
				kind = "campaign"
			}
			around = append(around, web.Neighbour{ID: fmt.Sprint(kind, "--", i), Type: kind, Name: fmt.Sprintf("A rather long name of a technique, the number %d", i)})
		}
		first := web.DrawHood("Heron", around)
		rand.New(rand.NewPCG(1, uint64(n))).Shuffle(n, func(i, j int) { around[i], around[j] = around[j], around[i] })
		if diff := cmp.Diff(first, web.DrawHood("Heron", around)); diff != "" {
			t.Errorf("%d: %s", n, diff)
		}
		if want := min(n, 60); len(first.Labels) != want || first.More != n-want {
			t.Errorf("%d neighbours: %d drawn, %d more", n, len(first.Labels), first.More)
		}
		campaigns := 0
		for i, a := range first.Labels {
			if a.Kind == "n-campaign" {
				campaigns++
			}
			if a.Y < 6 || a.Y > first.Height-6 || a.Left < 0 || a.Right > first.Width {
				t.Errorf("%d: label %d is cut off: %+v", n, i, a)
			}
			for _, b := range first.Labels[:i] {
				if a.Left < b.Right && b.Left < a.Right && max(a.Y-b.Y, b.Y-a.Y) < 14 {
					t.Errorf("%d: labels lie over each other: %+v %+v", n, a, b)
				}
			}
		}
		if want := (n + 92) / 100; n > 7 && campaigns != want {
			t.Errorf("%d: %d of %d campaigns drawn", n, campaigns, want)
		}
	}
}
