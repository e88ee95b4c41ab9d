package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
)

// TestThen: what was known at a time is what was known then, whatever came later.
func TestThen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		day := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		now := day
		s := newIntel(st).WithClock(func() time.Time { return now })
		ctx := system(t)
		at := func(days int) time.Time { return day.AddDate(0, 0, days) }
		now = at(1)
		merge(t, s, "a", "1", domain("evil.example", 60, "Quack"))
		now = at(3)
		merge(t, s, "a", "2", domain("evil.example", 60, "Quack")) // a confirmation, no change
		now = at(5)
		merge(t, s, "a", "3", domain("evil.example", 80, "Quack", "Honk"))
		now = at(7)
		merge(t, s, "b", "1", domain("evil.example", 50))
		now = at(9)
		merge(t, s, "a", "4", domain("other.example", 80))
		if _, err := s.Withdraw(ctx, "a", "4"); err != nil {
			t.Fatal(err)
		}
		now = at(11)
		if err := s.Pin(ctx, indicator.ID(indicator.Domain, "evil.example"), 5, time.Time{}, true, "our own test"); err != nil {
			t.Fatal(err)
		}
		now = at(13)
		type brief struct {
			State      string
			Confidence int
			Names      []string
			Sources    []string
		}
		for _, tt := range []struct {
			days int
			want brief
		}{
			{0, brief{"unknown", -1, nil, nil}},
			{2, brief{"live", 60, []string{"Quack"}, []string{"a"}}},
			{4, brief{"live", 60, []string{"Quack"}, []string{"a"}}},
			{6, brief{"live", 80, []string{"Quack", "Honk"}, []string{"a"}}},
			{8, brief{"live", 90, []string{"Quack", "Honk"}, []string{"a", "b"}}},
			{10, brief{"live", 50, nil, []string{"b"}}},
			{12, brief{"revoked", 5, nil, []string{"b"}}},
		} {
			got, err := s.Then(ctx, indicator.Domain, "evil.example", at(tt.days))
			if err != nil {
				t.Fatal(err)
			}
			b := brief{got.State, -1, got.Names, nil}
			if got.Confidence != nil {
				b.Confidence = *got.Confidence
			}
			for _, a := range got.Sources {
				b.Sources = append(b.Sources, a.Source)
				if a.LastSeen.After(got.At) {
					t.Errorf("day %d knows that %s confirmed it on %s", tt.days, a.Source, a.LastSeen)
				}
			}
			if d := cmp.Diff(tt.want, b); d != "" || len(got.Unrecorded) > 0 {
				t.Errorf("day %d: %s, unrecorded %v", tt.days, d, got.Unrecorded)
			}
		}
		if _, err := s.Then(ctx, indicator.Domain, "evil.example", at(20)); errs.KindOf(err) != errs.Invalid {
			t.Errorf("the future: %v", err)
		}
		rows, said, err := st.Intel().Past(ctx, intel.KeyOf(indicator.Domain, "evil.example"))
		if err != nil || len(said) != 2 || len(rows) != 4 {
			t.Errorf("%d past states, %d past claims, %v; want one for each change", len(rows), len(said), err)
		}
	})
}

// TestHeldParts: a run that names a value in two batches, as the run before did,
// changes nothing; one that names it in part only, changes it in the end.
func TestHeldParts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		ctx := system(t)
		k := intel.KeyOf(indicator.Domain, "twice.example")
		run := func(id string, parts ...indicator.Claim) {
			t.Helper()
			for _, p := range parts {
				merge(t, s, "a", id, p)
			}
			if _, err := s.Withdraw(ctx, "a", id); err != nil {
				t.Fatal(err)
			}
			if err := s.Settle(ctx, "a"); err != nil {
				t.Fatal(err)
			}
		}
		said := func() (intel.AssertionRow, int) {
			t.Helper()
			_, all, err := st.Intel().Load(ctx, []intel.Key{k})
			if err != nil || len(all[k]) != 1 {
				t.Fatalf("%+v, %v", all, err)
			}
			_, past, err := st.Intel().Past(ctx, k)
			if err != nil {
				t.Fatal(err)
			}
			return all[k][0], len(past)
		}
		quack, honk := domain("twice.example", 80, "Quack"), domain("twice.example", 70, "Honk")
		run("1", quack, honk)
		for _, tt := range []struct {
			run   string
			parts []indicator.Claim
			names []string
			by    string // the run that wrote it
			past  int
		}{
			{"2", []indicator.Claim{quack, honk}, []string{"Quack", "Honk"}, "1", 0},
			{"3", []indicator.Claim{quack}, []string{"Quack"}, "3", 1},
			{"4", []indicator.Claim{quack, quack}, []string{"Quack"}, "3", 1},
			{"5", []indicator.Claim{quack, honk}, []string{"Quack", "Honk"}, "5", 2},
		} {
			run(tt.run, tt.parts...)
			a, past := said()
			if a.Withdrawn || past != tt.past || a.Run != intel.RunKeyOf(tt.by) || !cmp.Equal(a.Names, tt.names) {
				t.Errorf("run %s: %+v, %d past; want names %v by run %s, %d past", tt.run, a, past, tt.names, tt.by, tt.past)
			}
		}
	})
}
