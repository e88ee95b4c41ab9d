// Package sqldb opens the relational database, SQLite or PostgreSQL, behind one
// small set of calls, so that one SQL text serves both.
//
// Statements are written with ? placeholders; times are stored as microseconds
// since 1970 ([Micros], [Time]); lists and small structures as JSON text
// ([JSON]). [DB.Write] runs a function in a transaction, one at a time on SQLite;
// reads run beside it. What [DB.Write] returned nil for survives a crash of the
// process and of the machine.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	_ "modernc.org/sqlite"             // registers the driver "sqlite"

	"github.com/vedette-soc/vedette/internal/errs"
)

// Engine is the database behind a DB.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// DB is an open database. Safe for concurrent use.
type DB struct {
	engine  Engine
	writer  *sql.DB
	readers *sql.DB
	// prepared belongs to SQLite; nil = the driver keeps its own.
	prepared *prepared
	guard    func(context.Context, *Tx) error
}

// Open opens dsn: a path or "sqlite:PATH" for SQLite, "postgres://..." for
// PostgreSQL. The database file is created when absent.
func Open(ctx context.Context, dsn string) (*DB, error) {
	var db *DB
	var err error
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		db, err = openPostgres(dsn)
	} else {
		db, err = openSQLite(strings.TrimPrefix(dsn, "sqlite:"))
	}
	if err != nil {
		return nil, err
	}
	if err := db.writer.PingContext(ctx); err != nil {
		_ = db.Close()
		return nil, errs.New(errs.Unavailable, "database_unreachable",
			"The %s database cannot be opened; check that it is running and that the address and the rights are right.", db.engine).Because(err)
	}
	return db, nil
}

func openSQLite(path string) (*DB, error) {
	// A log of 256 MiB before it goes into the file: bulk imports touch the same
	// pages again and again, and write them once. What is mapped is the system's
	// page cache, not memory of our own.
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"cache_size(-32000)", "temp_store(MEMORY)", "mmap_size(2147418112)", "journal_size_limit(67108864)", "wal_autocheckpoint(65536)",
	}}
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	w, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("open sqlite %q: %w", path, err)
	}
	r, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open sqlite %q: %w", path, err), w.Close())
	}
	w.SetMaxOpenConns(1)
	r.SetMaxOpenConns(4)
	return &DB{engine: SQLite, writer: w, readers: r, prepared: &prepared{ready: map[string]*sql.Stmt{}}}, nil
}

func openPostgres(dsn string) (*DB, error) {
	p, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	p.SetMaxOpenConns(8)
	p.SetConnMaxIdleTime(5 * time.Minute)
	return &DB{engine: Postgres, writer: p, readers: p}, nil
}

// Engine says which database this is.
func (db *DB) Engine() Engine { return db.engine }

// Writer is the connection pool that writes; for migrations only.
func (db *DB) Writer() *sql.DB { return db.writer }

// Guard lets fn begin every transaction of Write from now on; its error ends it. Call it
// before anybody writes.
func (db *DB) Guard(fn func(context.Context, *Tx) error) { db.guard = fn }

// Close closes all connections.
func (db *DB) Close() error {
	if db.readers == db.writer {
		return db.writer.Close()
	}
	return errors.Join(db.readers.Close(), db.writer.Close())
}

// Write runs fn in a transaction and commits it when fn returns nil. On SQLite
// writers queue up; fn must not call Write again.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	if db.prepared != nil {
		db.prepared.prepare(ctx, db.writer)
	}
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = conn.Close() }()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	t := &Tx{Queries{db.engine, tx, db.prepared}, conn, tx}
	if db.guard != nil {
		if err := db.guard(ctx, t); err != nil {
			return because(ctx, err)
		}
	}
	if err := fn(t); err != nil {
		return because(ctx, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", because(ctx, err))
	}
	return nil
}

// because says of a transaction that was rolled back when ctx ended that this is why:
// what comes after it only knows that the transaction is over.
func because(ctx context.Context, err error) error {
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}

// Relax gives back the memory that much writing took, as a start or an import does.
func (db *DB) Relax(ctx context.Context) error {
	if db.prepared == nil {
		return nil
	}
	if err := db.Write(ctx, func(*Tx) error {
		db.prepared.forget()
		return nil
	}); err != nil {
		return err
	}
	if _, err := db.writer.ExecContext(ctx, "PRAGMA shrink_memory"); err != nil {
		return fmt.Errorf("shrink the memory of the database: %w", err)
	}
	return nil
}

// Read returns a handle for reading outside any transaction.
func (db *DB) Read() Queries { return Queries{db.engine, db.readers, nil} }

// Tx is a running write transaction.
type Tx struct {
	Queries
	conn *sql.Conn // on which it runs
	tx   *sql.Tx
}

// runner is what *sql.DB and *sql.Tx share.
type runner interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// Queries runs statements written with ? placeholders.
type Queries struct {
	engine   Engine
	run      runner
	prepared *prepared
}

// Engine says which database the statements go to.
func (q Queries) Engine() Engine { return q.engine }

// Exec runs a statement and returns the number of rows it changed.
func (q Queries) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := q.run.ExecContext(ctx, q.rebind(query), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Query runs a query; scan is called once a row. An error from scan ends it.
func (q Queries) Query(ctx context.Context, query string, args []any, scan func(Scan) error) error {
	rows, err := q.run.QueryContext(ctx, q.rebind(query), args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Row runs a query that yields at most one row and reports whether there was one.
func (q Queries) Row(ctx context.Context, query string, args []any, dst ...any) (bool, error) {
	err := q.run.QueryRowContext(ctx, q.rebind(query), args...).Scan(dst...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Scan copies the columns of the current row into dst.
type Scan func(dst ...any) error

// rebind rewrites ? to $1, $2 ... for PostgreSQL. A ? inside a quoted literal is
// left alone.
func (q Queries) rebind(query string) string {
	if q.engine != Postgres || !strings.Contains(query, "?") {
		return query
	}
	var b strings.Builder
	b.Grow(len(query) + 16)
	n, quoted := 0, false
	for i := range len(query) {
		switch c := query[i]; {
		case c == '\'':
			quoted = !quoted
			b.WriteByte(c)
		case c == '?' && !quoted:
			n++
			fmt.Fprintf(&b, "$%d", n)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
