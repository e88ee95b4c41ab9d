// Package store keeps what people and the pipeline decide, on SQLite or
// PostgreSQL, behind the Store interfaces of the capabilities.
//
// [Open] migrates and returns a [Store]; its methods ([Store.Audit] ...) give
// each capability its own part. One capability = one table prefix = one writer.
// A change, its line in the audit log and its announcement in the outbox are one
// transaction: all are there or none.
package store

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/vedette-soc/vedette/internal/audit"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is the open relational store. Safe for concurrent use.
type Store struct {
	db *sqldb.DB
}

// Open opens dsn (see sqldb.Open) and brings its schema up to date.
func Open(ctx context.Context, dsn string) (*Store, error) {
	s, err := OpenAsIs(ctx, dsn)
	if err != nil {
		return nil, err
	}
	if err := s.db.Migrate(ctx, schema()); err != nil {
		_ = s.db.Close()
		return nil, err
	}
	return s, nil
}

// OpenAsIs opens dsn without bringing its schema up to date: to look, not to use.
func OpenAsIs(ctx context.Context, dsn string) (*Store, error) {
	db, err := sqldb.Open(ctx, dsn)
	if err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

func schema() fs.FS {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("the embedded migrations are not where they were put: " + err.Error())
	}
	return dir
}

// Engine says which database serves the store.
func (s *Store) Engine() sqldb.Engine { return s.db.Engine() }

// Relax gives back the memory that much writing took.
func (s *Store) Relax(ctx context.Context) error { return s.db.Relax(ctx) }

// Close closes the database. Call it last.
func (s *Store) Close() error { return s.db.Close() }

// record adds act to the audit chain inside tx.
func record(ctx context.Context, tx *sqldb.Tx, act ref.Act) error {
	if act.Time.IsZero() {
		act.Time = time.Now()
	}
	if tx.Engine() == sqldb.Postgres { // one chain, one writer at a time
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(1094862932)"); err != nil {
			return err
		}
	}
	var seq int64
	var prev string
	if _, err := tx.Row(ctx, "SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1", nil, &seq, &prev); err != nil {
		return err
	}
	e, err := audit.Chain(seq, prev, act)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO audit_log (seq, time, actor, name, verb, target, reason, detail, prev, hash)
		VALUES (?,?,?,?,?,?,?,?,?,?)`, e.Seq, sqldb.Micros(e.Time), e.Actor, e.Name, e.Verb, e.Target, e.Reason, string(e.Detail), e.Prev, e.Hash)
	return err
}

// announce puts a fact into the outbox inside tx.
func announce(ctx context.Context, tx *sqldb.Tx, topic string, about ref.Ref) error {
	// The update locks the counter, so facts become visible in the order of seq.
	var next int64
	if _, err := tx.Row(ctx, "UPDATE outbox_seq SET next = next + 1 RETURNING next", nil, &next); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO outbox (seq, topic, kind, id, time) VALUES (?,?,?,?,?)",
		next-1, topic, string(about.Kind), about.ID, sqldb.Micros(time.Now()))
	return err
}
