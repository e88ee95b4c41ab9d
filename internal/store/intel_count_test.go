package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
)

// TestCountsAreExact: to the second at which something expires, and through pins,
// withdrawals and what is claimed again. That they are what a count over all gives,
// CheckStore holds after every test of this package.
func TestCountsAreExact(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		now := time.Date(2026, 5, 1, 12, 10, 0, 0, time.UTC)
		s := newIntel(st).WithClock(func() time.Time { return now })
		ctx := system(t)
		merge(t, s, "a", "1", domain("stays.example", 80), domain("pinned.example", 80), domain("soon.example", 80), domain("later.example", 80),
			indicator.Claim{Type: indicator.IPv4, Raw: "203.0.113.9", Confidence: 80})
		merge(t, s, "b", "1", domain("stays.example", 80), domain("only-b.example", 80))
		for value, until := range map[string]time.Time{"soon.example": now.Add(time.Minute), "later.example": now.Add(2 * time.Hour), "pinned.example": {}} {
			if err := s.Pin(ctx, indicator.ID(indicator.Domain, value), 80, until, value == "pinned.example", "a test"); err != nil {
				t.Fatal(err)
			}
		}
		look := func(when string, names, addresses, a, b int) {
			t.Helper()
			got, err := s.Counts(ctx)
			if err != nil {
				t.Fatal(err)
			}
			want := intel.Counts{Total: 6, Live: names + addresses, ByType: map[indicator.Type]int{}, BySource: map[string]int{}}
			for typ, n := range map[indicator.Type]int{indicator.Domain: names, indicator.IPv4: addresses} {
				if n > 0 {
					want.ByType[typ] = n
				}
			}
			for source, n := range map[string]int{"a": a, "b": b} {
				if n > 0 {
					want.BySource[source] = n
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s: %s", when, d)
			}
		}
		look("at first", 4, 1, 5, 2)
		now = now.Add(time.Minute - time.Microsecond)
		look("just before one expires", 4, 1, 5, 2)
		now = now.Add(time.Microsecond)
		look("when one expires", 3, 1, 5, 2)
		now = now.Add(2 * time.Hour)
		look("in another hour", 2, 1, 5, 2)
		if _, err := s.Withdraw(ctx, "a", "none"); err != nil {
			t.Fatal(err)
		}
		look("after one source withdrew all", 2, 0, 0, 2)
		merge(t, s, "a", "2", indicator.Claim{Type: indicator.IPv4, Raw: "203.0.113.9", Confidence: 80})
		look("when it says one again", 2, 1, 1, 2)
	})
}

// TestCountsOfTwoWriters: two processes that write the same values at once.
func TestCountsOfTwoWriters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		var rows []intel.Row
		for i := range 300 {
			r := intel.Row{Claimed: true, Fresh: true}
			r.Type, r.Value = indicator.Domain, fmt.Sprintf("h%d.example", i)
			r.Key = intel.KeyOf(r.Type, r.Value)
			rows = append(rows, r)
		}
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				for at := 0; at < len(rows); at += 50 {
					if err := st.Intel().Save(t.Context(), intel.Batch{Rows: rows[at : at+50]}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		both.Wait()
		c, err := st.Intel().Counts(t.Context(), time.Now())
		if err != nil || c.Total != 300 || c.Live != 300 {
			t.Errorf("%+v, %v", c, err)
		}
	})
}
