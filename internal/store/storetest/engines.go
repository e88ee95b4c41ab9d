// Package storetest runs tests of the relational store against every engine it
// supports.
//
// [Each] runs a test once for SQLite and once for PostgreSQL, each on a fresh
// database, and checks the invariants of the store afterwards. PostgreSQL is
// taken from VEDETTE_TEST_POSTGRES_DSN, or a private server is started from the
// installed binaries; where there is none the test is skipped, or failed when
// VEDETTE_CI is set.
package storetest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/vedette-soc/vedette/internal/audit"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/internal/store"
)

// Each runs fn on a fresh store of every engine, in subtests named after them.
func Each(t *testing.T, fn func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, filepath.Join(t.TempDir(), "vedette.db"), fn) })
	t.Run("postgres", func(t *testing.T) { run(t, freshPostgres(t), fn) })
}

func run(t *testing.T, dsn string, fn func(t *testing.T, s *store.Store)) {
	t.Helper()
	s, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		CheckStore(t, s)
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	fn(t, s)
}

// CheckStore verifies what must always hold: the audit chain is whole, and what is
// counted at every write is what there is.
func CheckStore(t *testing.T, s *store.Store) {
	t.Helper()
	if _, _, err := audit.Verify(context.Background(), s.Audit()); err != nil {
		t.Errorf("%s: %v", s.Engine(), err)
	}
	if wrong, err := s.Ledger().Recount(context.Background()); err != nil || wrong > 0 {
		t.Errorf("%s: %d counts of indicators are wrong, %v", s.Engine(), wrong, err)
	}
}

var databases atomic.Int64

// Postgres returns the DSN of a new, empty database of PostgreSQL. A package that uses it
// calls Main or Stop from TestMain.
func Postgres(t testing.TB) string {
	t.Helper()
	return freshPostgres(t)
}

// freshPostgres returns the DSN of a new, empty database.
func freshPostgres(t testing.TB) string {
	t.Helper()
	dsn := postgres(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatalf("VEDETTE_TEST_POSTGRES_DSN: %v", err)
	}
	db, err := sqldb.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	name := fmt.Sprintf("vedette_test_%d_%d", os.Getpid(), databases.Add(1))
	if _, err := db.Writer().ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
