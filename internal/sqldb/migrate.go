package sqldb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Migrate applies the .sql files of dir that were not applied yet, in order,
// each in a transaction. The same files serve both engines; see [dialect] for what
// has to differ.
func (db *DB) Migrate(ctx context.Context, dir fs.FS) error {
	p, err := db.provider(dir)
	if err != nil {
		return err
	}
	unlock, err := db.alone(ctx)
	if err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	defer unlock()
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

func (db *DB) provider(dir fs.FS) (*goose.Provider, error) {
	name := goose.DialectSQLite3
	if db.engine == Postgres {
		name = goose.DialectPostgres
	}
	p, err := goose.NewProvider(name, db.writer, dialect{dir, db.engine})
	if err != nil {
		return nil, fmt.Errorf("prepare migrations: %w", err)
	}
	return p, nil
}

// Version returns the migration that the schema has, and the last one of dir.
func (db *DB) Version(ctx context.Context, dir fs.FS) (have, want int64, err error) {
	p, err := db.provider(dir)
	if err != nil {
		return 0, 0, err
	}
	if have, err = p.GetDBVersion(ctx); err != nil {
		return 0, 0, fmt.Errorf("read the version of the schema: %w", err)
	}
	for _, s := range p.ListSources() {
		want = max(want, s.Version)
	}
	return have, want, nil
}

// alone keeps others from migrating a PostgreSQL at the same time; SQLite has one user.
func (db *DB) alone(ctx context.Context) (unlock func(), err error) {
	if db.engine != Postgres {
		return func() {}, nil
	}
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(1094862933)"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(1094862933)") // ends with the connection at the latest
		_ = conn.Close()
	}, nil
}
