package store

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/internal/sqldb"
)

// Version returns the migration that the schema has, and the one it should have.
func (s *Store) Version(ctx context.Context) (have, want int64, err error) {
	return s.db.Version(ctx, schema())
}

// Check looks for damage in the database's file and returns what it found.
func (s *Store) Check(ctx context.Context) ([]string, error) { return s.db.Check(ctx) }

// Copy writes the database as it is now to a new file; SQLite only.
func (s *Store) Copy(ctx context.Context, path string) error { return s.db.Copy(ctx, path) }

// Waiting returns how many facts nobody has acted on yet, and the time of the
// oldest.
func (o Outbox) Waiting(ctx context.Context) (n int, oldest time.Time, err error) {
	_, err = o.db.Read().Row(ctx, "SELECT count(*), COALESCE(min(time), 0) FROM outbox", nil, &n, sqldb.TimeColumn{T: &oldest})
	return n, oldest, err
}
