package store_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
)

// TestIndependentSources: feeds that copy each other share one vote, and a source
// is believed as far as it is reliable.
func TestIndependentSources(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st).WithReliability(func(source string) string {
			return map[string]string{"poor": "D", "good": "A"}[source]
		})
		ctx := system(t)
		many := func(kind string) (claims []indicator.Claim) {
			for i := range 80 {
				claims = append(claims, domain(fmt.Sprintf("%s%d.example", kind, i), 60))
			}
			return claims
		}
		run := func(source string, claims ...indicator.Claim) {
			merge(t, s, source, "1", claims...)
			if err := s.Settle(ctx, source); err != nil {
				t.Fatal(err)
			}
		}
		run("one", many("same")...)
		run("copy", many("same")...)
		run("other", append(many("own"), domain("same1.example", 60))...)
		run("poor", domain("poor.example", 60))
		run("good", domain("good.example", 60))
		// Written again, now that it is known what the sources have in common.
		merge(t, s, "one", "2", domain("same0.example", 60), domain("same1.example", 60))
		for value, want := range map[string]float64{
			"same0.example": .6,                                        // two that are one
			"same1.example": 1 - math.Pow(.4, 2/(2+1./80)+1/(1+2./81)), // three votes, of which two nearly agree in everything
			"poor.example":  .6 * .6,
			"good.example":  .6,
			"own3.example":  .6,
		} {
			row, err := s.Lookup(ctx, indicator.Domain, value)
			if err != nil {
				t.Fatal(err)
			}
			if got := float64(row.Confidence) / 100; math.Abs(got-want) > .006 {
				t.Errorf("%s: %.2f, want %.3f", value, got, want)
			}
			r, err := s.Reckon(ctx, row.ID)
			if err != nil || r.Confidence != row.Confidence || r.Until.Sub(row.ValidUntil).Abs() >= 24*time.Hour || // a younger confirmation rewrites no row within a day
				len(r.Why) == 0 {
				t.Errorf("%s: reckoned %+v, %v; stored %d until %s", value, r, err, row.Confidence, row.ValidUntil)
			}
			doubt := 1.0
			for _, v := range r.Votes {
				doubt *= 1 - v.Adds
			}
			if math.Abs(100*(1-doubt)-float64(r.Sources)) > .51 {
				t.Errorf("%s: votes give %.1f, said %d", value, 100*(1-doubt), r.Sources)
			}
		}
	})
}

// TestVerdictsOnIndicators: a real incident raises confidence and begins life anew,
// a false one lowers it and halves what is left, a changed mind counts once, and
// taking it back leaves no trace. A pin wins.
func TestVerdictsOnIndicators(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		s := newIntel(st).WithClock(func() time.Time { return now })
		ctx := system(t)
		merge(t, s, "a", "1", domain("bad.example", 60))
		id := indicator.ID(indicator.Domain, "bad.example")
		look := func() intel.Row {
			row, err := s.ByID(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			row.Sources = nil
			return row
		}
		before := look()
		life := before.ValidUntil.Sub(now)
		now = now.Add(24 * time.Hour)
		witness := func(incident, kind string) intel.Row {
			t.Helper()
			if err := s.Witness(ctx, incident, []string{id, "no-uuid"}, kind, now); err != nil {
				t.Fatal(err)
			}
			return look()
		}
		up := witness("i1", "confirmed")
		if up.Confidence <= before.Confidence || !up.ValidUntil.Equal(before.ValidUntil.Add(24*time.Hour)) || up.Sighting.Confirmed != 1 {
			t.Errorf("confirmed: %d until %s, before %d until %s", up.Confidence, up.ValidUntil, before.Confidence, before.ValidUntil)
		}
		if again := witness("i1", "confirmed"); !cmp.Equal(up, again) {
			t.Errorf("the same again: %s", cmp.Diff(up, again))
		}
		down := witness("i1", "refuted")
		if down.Confidence >= before.Confidence || down.Sighting.Confirmed != 0 || down.ValidUntil.Sub(before.LastSeen) > life/2+time.Second {
			t.Errorf("refuted: %+v", down)
		}
		further := witness("i2", "refuted")
		if further.Confidence >= down.Confidence || !further.ValidUntil.Before(down.ValidUntil) {
			t.Errorf("refuted twice: %+v", further)
		}
		witness("i2", "")
		back := witness("i1", "")
		if !back.Since.Equal(now) {
			t.Errorf("taken back at %v, noted as %v", now, back.Since)
		}
		back.Since = before.Since
		if !cmp.Equal(before, back) {
			t.Errorf("taken back: %s", cmp.Diff(before, back))
		}
		until := now.Add(time.Hour)
		if err := s.Pin(ctx, id, 99, until, false, "seen it myself"); err != nil {
			t.Fatal(err)
		}
		if pinned := witness("i3", "refuted"); pinned.Confidence != 99 || !pinned.ValidUntil.Equal(until) {
			t.Errorf("pinned: %+v", pinned)
		}
		storetest.CheckStore(t, st)
	})
}
