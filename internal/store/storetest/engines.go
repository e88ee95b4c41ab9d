// Package storetest runs tests of the relational store against every engine it
// supports.
//
// [Each] runs a test once for SQLite and once for PostgreSQL, each on a fresh
// database, and checks the invariants of the store afterwards; [SQLite] is a fresh
// database for what needs one engine. Both copy a database that was migrated once:
// to migrate takes longer than most tests. PostgreSQL is
// taken from VEDETTE_TEST_POSTGRES_DSN, or a private server is started from the
// installed binaries; where there is none the test is skipped, or failed when
// VEDETTE_CI is set.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vedette-soc/vedette/internal/audit"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/internal/store"
)

// Each runs fn on a fresh store of every engine, in subtests named after them.
func Each(t *testing.T, fn func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, SQLite(t), fn) })
	t.Run("postgres", func(t *testing.T) { run(t, create(t, " STRATEGY file_copy TEMPLATE "+migrated(t)), fn) })
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

// SQLite returns the path of a new database that has the schema.
func SQLite(t testing.TB) string {
	t.Helper()
	text, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "vedette.db")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// schema is the file of a migrated SQLite database.
var schema = sync.OnceValues(func() (text []byte, err error) {
	dir, err := os.MkdirTemp("", "vedette-schema-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "vedette.db")
	if err := migrate(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrate(dsn string) error {
	s, err := store.Open(context.Background(), dsn)
	if err != nil {
		return err
	}
	return s.Close()
}

// Postgres returns the DSN of a new, empty database of PostgreSQL. A package that uses it
// calls Main or Stop from TestMain.
func Postgres(t testing.TB) string {
	t.Helper()
	return create(t, "")
}

// template is the migrated database of the server that others are copied from.
var template struct {
	once sync.Once
	name string
	err  error
}

// migrated returns its name.
func migrated(t testing.TB) string {
	t.Helper()
	_ = postgres(t) // where there is none, the test ends here
	template.once.Do(func() {
		dsn := Postgres(t)
		u, err := url.Parse(dsn)
		if err != nil {
			template.err = err
			return
		}
		template.name, template.err = strings.TrimPrefix(u.Path, "/"), migrate(dsn)
	})
	if template.err != nil {
		t.Fatal(template.err)
	}
	return template.name
}

var databases atomic.Int64

// create makes a database, as the end of the statement says, and returns its DSN.
func create(t testing.TB, as string) string {
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
	if _, err := db.Writer().ExecContext(t.Context(), "CREATE DATABASE "+name+as); err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
