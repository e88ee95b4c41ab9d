package sqldb

import (
	"context"
	"fmt"

	"github.com/vedette-soc/vedette/internal/errs"
)

// Copy writes the database as it is now to a new file at path. Writers go on
// beside it. PostgreSQL has its own means, so there it is an errs.Invalid.
func (db *DB) Copy(ctx context.Context, path string) error {
	if db.engine != SQLite {
		return errs.New(errs.Invalid, "copy_engine", "A %s database is copied with pg_dump.", db.engine)
	}
	if _, err := db.readers.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("copy the database to %s: %w", path, err)
	}
	return nil
}

// Check looks for damage and returns what it found, at most 100 lines. PostgreSQL
// checks its own pages, so there it finds nothing.
func (db *DB) Check(ctx context.Context) ([]string, error) {
	if db.engine != SQLite {
		return nil, nil
	}
	var found []string
	err := db.Read().Query(ctx, "PRAGMA quick_check(100)", nil, func(scan Scan) error {
		var line string
		err := scan(&line)
		if line != "ok" {
			found = append(found, line)
		}
		return err
	})
	return found, err
}
