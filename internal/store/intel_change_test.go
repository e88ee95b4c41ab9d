package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
)

// changes returns what changed since a moment as "value" and "-value".
func changes(t *testing.T, s *intel.Service, since intel.Stamp, limit int) ([]string, intel.Stamp, bool) {
	t.Helper()
	list, to, ok, err := s.Changes(system(t), since, limit)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range list {
		if c.Key != intel.KeyOf(c.Type, c.Value) {
			t.Errorf("%s has the key %d", c.Value, c.Key)
		}
		if c.Live {
			out = append(out, c.Value)
		} else {
			out = append(out, "-"+c.Value)
		}
	}
	slices.Sort(out)
	return out, to, ok
}

// TestChanges: the journal names what begins and ceases to be live, and nothing
// for what is only confirmed.
func TestChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		moment := func() intel.Stamp {
			m, err := s.Moment(system(t))
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		since := moment()
		want := func(values ...string) {
			t.Helper()
			got, to, ok := changes(t, s, since, 100)
			if d := cmp.Diff(values, got); d != "" || !ok {
				t.Errorf("%v (-want +got):\n%s", ok, d)
			}
			since = to
		}
		want()
		merge(t, s, "a", "1", domain("one.example", 80), domain("two.example", 80))
		want("one.example", "two.example")
		merge(t, s, "b", "1", domain("two.example", 60), domain("three.example", 60))
		want("three.example")
		merge(t, s, "a", "2", domain("two.example", 80))
		if n, err := s.Withdraw(system(t), "a", "2"); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		want("-one.example")
		row, err := s.Lookup(system(t), indicator.Domain, "two.example")
		if err != nil {
			t.Fatal(err)
		}
		pin := func(until time.Time, revoked bool) {
			t.Helper()
			if err := s.Pin(system(t), row.ID, 80, until, revoked, "because"); err != nil {
				t.Fatal(err)
			}
		}
		pin(time.Time{}, true)
		want("-two.example")
		pin(time.Time{}, false)
		want("two.example")
		pin(time.Now().Add(time.Hour), false)
		want()
		expired, _, ok, err := st.Intel().Changes(system(t), since, time.Now().Add(2*time.Hour), 100)
		if err != nil || !ok || len(expired) != 1 || expired[0].Value != "two.example" || expired[0].Live {
			t.Errorf("an hour later: %+v, %v, %v", expired, ok, err)
		}
	})
}

// TestChangesCannotTell: too many, too long ago, or of another database.
func TestChangesCannotTell(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		start, err := s.Moment(system(t))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			merge(t, s, "a", "1", domain(fmt.Sprintf("n%d.example", i), 80))
		}
		if got, _, ok := changes(t, s, start, 10); len(got) != 10 || !ok {
			t.Errorf("%d changes, %v; want 10", len(got), ok)
		}
		other := start
		other.Token++
		for name, since := range map[string]intel.Stamp{"other database": other, "zero": {}, "future": {Seq: start.Seq + 1000, Token: start.Token}} {
			if got, _, ok := changes(t, s, since, 10); ok {
				t.Errorf("%s: %v", name, got)
			}
		}
		if _, _, ok := changes(t, s, start, 9); ok {
			t.Error("more than the limit are told")
		}
	})
}
