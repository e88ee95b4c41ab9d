package pipeline_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/pipeline"
)

// TestMemoryMergesAsAMap holds what a Memory makes of many claims, some of the same value
// and some longer than a page, against a map that does the same.
func TestMemoryMergesAsAMap(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine merges a hundred thousand claims")
	}
	type known struct {
		names, sources []string
		confidence     int
	}
	rnd := rand.New(rand.NewPCG(41, 1))
	want, order := map[string]*known{}, []string{}
	add := func(list []string, w string) []string {
		if w == "" || slices.Contains(list, w) {
			return list
		}
		return append(list, w)
	}
	m := pipeline.NewMemory()
	stored, merged := 0, 0
	for range 1500 {
		var claims []indicator.Claim
		for range rnd.IntN(200) {
			c := indicator.Claim{Type: indicator.Domain, Raw: fmt.Sprintf("h%d.example.org", rnd.IntN(100_000)), File: fmt.Sprintf("feeds/f%d.csv", rnd.IntN(5)), Confidence: rnd.IntN(101)}
			switch rnd.IntN(300) {
			case 0:
				c.Raw = strings.Repeat("a", 1+rnd.IntN(2<<20)) + ".example.org"
			case 1:
				c.Type = indicator.Mutex
			}
			for range rnd.IntN(4) {
				c.Names = append(c.Names, []string{"", "Grey Heron", "Night Jar", fmt.Sprint("n", rnd.IntN(500))}[rnd.IntN(4)])
			}
			claims = append(claims, c)
			key := string(c.Type) + " " + c.Raw
			if want[key] == nil {
				want[key], order = &known{names: []string{}}, append(order, key)
			}
			k := want[key]
			if k.confidence = max(k.confidence, c.Confidence); c.Confidence == 0 {
				k.confidence = max(k.confidence, 50)
			}
			k.sources = add(k.sources, c.File[len("feeds/"):])
			for _, n := range c.Names {
				k.names = add(k.names, n)
			}
		}
		s, d, _, err := m.Merge(t.Context(), "intel", "", claims)
		if err != nil {
			t.Fatal(err)
		}
		stored, merged = stored+s, merged+d
	}
	x := m.Compile()
	if x.Len() != len(want) || stored != len(want) || x.Len() < 70_000 {
		t.Fatalf("%d values, %d stored, %d merged; want %d", x.Len(), stored, merged, len(want))
	}
	i := 0
	err := x.Each(func(h pipeline.Hit) error {
		key := string(h.Type) + " " + h.Value
		if key != order[i] {
			return fmt.Errorf("value %d is %.80s, want %.80s", i, key, order[i])
		}
		i++
		k := want[key]
		got := known{h.Names, h.Sources, h.Confidence}
		if diff := cmp.Diff(*k, got, cmp.AllowUnexported(known{})); diff != "" {
			return fmt.Errorf("%.80s: -want +got\n%s", key, diff)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
