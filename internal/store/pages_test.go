package store_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
)

// TestPages reads more than two pages while rows are written beside it.
func TestPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const n = 4500
		st := s.Intel()
		var rows []intel.Row
		var said []intel.AssertionRow
		for i := range n {
			r := intel.Row{Claimed: true}
			r.Type, r.Value, r.LastSeen = indicator.Domain, fmt.Sprintf("h%d.evil.com", i), time.Unix(int64(i), 0)
			r.Key, r.Confidence = intel.KeyOf(r.Type, r.Value), i%100
			a := intel.AssertionRow{Key: r.Key}
			a.Source = "one"
			if i%3 == 0 {
				a.Source, r.Names = "two", []string{"Cobalt Strike"}
			}
			rows, said = append(rows, r), append(said, a)
		}
		if err := st.Save(t.Context(), intel.Batch{Rows: rows, Assertions: said}); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			q    intel.Query
			want int
		}{
			{intel.Query{}, n},
			{intel.Query{Limit: 5, Cursor: "nonsense"}, n},
			{intel.Query{Source: "two"}, n / 3},
			{intel.Query{Name: "cobalt-strike", MinConf: 50}, n / 6},
			{intel.Query{Type: indicator.URL}, 0},
			{intel.Query{State: "expired"}, 0},
			{intel.Query{Text: "h44"}, 111},
		} {
			got, last := 0, intel.Key(-1<<63)
			err := st.Pages(t.Context(), tt.q, func(page []intel.Row) error {
				for _, r := range page {
					if r.Key <= last {
						t.Errorf("%+v: key %d comes after %d", tt.q, r.Key, last)
					}
					last = r.Key
				}
				got += len(page)
				return st.Save(t.Context(), intel.Batch{Rows: page[:1]})
			})
			if err != nil || got != tt.want {
				t.Errorf("%+v: %d rows, want %d: %v", tt.q, got, tt.want, err)
			}
		}
		// What was saved past the service bears no tally of its two sets of sources.
		if wrong, err := s.Ledger().Recount(t.Context()); wrong != 2 || err != nil {
			t.Errorf("%d counts were wrong, want 2: %v", wrong, err)
		}
	})
}

func TestConditionAndCopy(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		have, want, err := s.Version(t.Context())
		if err != nil || have != want || want < 7 {
			t.Errorf("version %d of %d: %v", have, want, err)
		}
		if found, err := s.Check(t.Context()); err != nil || len(found) > 0 {
			t.Errorf("a new database is damaged: %v, %v", found, err)
		}
		if err := s.Intel().Save(t.Context(), intel.Batch{Announce: true}); err != nil {
			t.Fatal(err)
		}
		if n, oldest, err := s.Outbox().Waiting(t.Context()); err != nil || n != 1 || oldest.IsZero() {
			t.Errorf("%d facts wait since %v: %v", n, oldest, err)
		}
		path := filepath.Join(t.TempDir(), "copy.db")
		err = s.Copy(t.Context(), path)
		if s.Engine() != sqldb.SQLite {
			if err == nil {
				t.Error("a PostgreSQL database was copied to a file")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		c, err := store.OpenAsIs(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if n, _, err := c.Outbox().Waiting(t.Context()); err != nil || n != 1 {
			t.Errorf("the copy has %d facts: %v", n, err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
