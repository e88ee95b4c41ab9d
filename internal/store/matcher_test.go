package store_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
)

// matched returns which of the names the matcher reports.
func matched(t *testing.T, m *pipeline.Matcher, names ...string) []string {
	t.Helper()
	var out []string
	for _, n := range names {
		_, met, err := m.Lookup(system(t), indicator.Domain, n, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range met {
			out = append(out, h.Row.Value)
		}
	}
	slices.Sort(out)
	return out
}

func matcher(s *intel.Service, file string) *pipeline.Matcher {
	return pipeline.NewMatcher(s, file, slog.New(slog.DiscardHandler))
}

// TestMatcherUpdates: a change is in effect by an update, without a new index.
func TestMatcherUpdates(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		merge(t, s, "a", "1", domain("one.example", 80), domain("two.example", 80))
		m := matcher(s, "")
		if err := m.Start(system(t)); err != nil {
			t.Fatal(err)
		}
		built := m.State().Built
		want := func(names ...string) {
			t.Helper()
			if d := cmp.Diff(names, matched(t, m, "one.example", "two.example", "three.example")); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if s := m.State(); s.Indicators != len(names) || !s.Built.Equal(built) {
				t.Errorf("%+v, want %d indicators and no new index", s, len(names))
			}
		}
		update := func() {
			t.Helper()
			if stale, err := m.Update(system(t)); stale || err != nil {
				t.Fatal(stale, err)
			}
		}
		want("one.example", "two.example")
		merge(t, s, "b", "1", domain("three.example", 80))
		update()
		want("one.example", "three.example", "two.example")
		merge(t, s, "a", "2", domain("one.example", 80))
		if _, err := s.Withdraw(system(t), "a", "2"); err != nil {
			t.Fatal(err)
		}
		update()
		want("one.example", "three.example")
		merge(t, s, "a", "3", domain("two.example", 80))
		update()
		want("one.example", "three.example", "two.example")
	})
}

// TestMatcherFile: a restart opens the file and learns what happened meanwhile;
// what cannot be used is built anew, whatever is in it.
func TestMatcherFile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		file := filepath.Join(t.TempDir(), "indicators.index")
		merge(t, s, "a", "1", domain("one.example", 80), domain("gone.example", 80))
		start := func(opened bool, names ...string) {
			t.Helper()
			before, _ := os.Stat(file)
			m := matcher(s, file)
			if err := m.Start(system(t)); err != nil {
				t.Fatal(err)
			}
			after, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if same := before != nil && os.SameFile(before, after); same != opened {
				t.Errorf("opened: %v, want %v", same, opened)
			}
			if d := cmp.Diff(names, matched(t, m, "one.example", "gone.example", "late.example")); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if n, err := pipeline.CheckIndexFile(file); err != nil {
				t.Errorf("the file with %d: %v", n, err)
			}
		}
		start(false, "gone.example", "one.example")
		start(true, "gone.example", "one.example")
		merge(t, s, "b", "1", domain("late.example", 80))
		merge(t, s, "a", "2", domain("one.example", 80))
		if _, err := s.Withdraw(system(t), "a", "2"); err != nil {
			t.Fatal(err)
		}
		start(true, "late.example", "one.example")
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for name, bad := range map[string][]byte{
			"empty": {}, "foreign": []byte("something else"), "truncated": content[:len(content)-1],
			"damaged": append(append([]byte{}, content[:len(content)-70]...), make([]byte, 70)...),
		} {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Log(name)
			start(false, "late.example", "one.example")
		}
	})
}

// TestMatcherFileOfAnotherDatabase: it is not believed, however alike.
func TestMatcherFileOfAnotherDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "indicators.index")
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		name := fmt.Sprintf("%d.example", time.Now().UnixNano())
		merge(t, s, "a", "1", domain(name, 80))
		m := matcher(s, file)
		if err := m.Start(system(t)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{name}, matched(t, m, name)); d != "" {
			t.Error(d)
		}
	})
}

// TestMatcherNeverReportsTheWithdrawn: also not by an index that is behind.
func TestMatcherNeverReportsTheWithdrawn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		merge(t, s, "a", "1", domain("one.example", 80))
		m := matcher(s, "")
		if err := m.Start(system(t)); err != nil {
			t.Fatal(err)
		}
		row, err := s.Lookup(system(t), indicator.Domain, "one.example")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Pin(system(t), row.ID, 80, time.Time{}, true, "harmless"); err != nil {
			t.Fatal(err)
		}
		if got := matched(t, m, "one.example"); got != nil {
			t.Errorf("reports %v", got)
		}
	})
}
