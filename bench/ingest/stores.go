package main

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble"
	_ "modernc.org/sqlite"
)

// appended is the floor: a file, and a set of what it holds.
type appended struct {
	file *os.File
	out  *bufio.Writer
	held map[string]struct{}
}

func openAppended(dir string) (store, error) {
	f, err := os.OpenFile(filepath.Join(dir, "appended"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return &appended{f, bufio.NewWriterSize(f, 1<<20), map[string]struct{}{}}, err
}

func (a *appended) keep(lines []line) error {
	for _, l := range lines {
		a.held[string(l.key)] = struct{}{}
		_, _ = a.out.Write(l.text) // Flush says what failed
		_ = a.out.WriteByte('\n')
	}
	return errors.Join(a.out.Flush(), a.file.Sync())
}

func (a *appended) Close() error { return a.file.Close() }

type pebbles struct{ db *pebble.DB }

func openPebble(dir string) (store, error) {
	db, err := pebble.Open(filepath.Join(dir, "pebble"), &pebble.Options{})
	return pebbles{db}, err
}

func (p pebbles) keep(lines []line) error {
	b := p.db.NewBatch()
	for _, l := range lines {
		if err := b.Set(l.key, l.text, nil); err != nil {
			return err
		}
	}
	return b.Commit(pebble.Sync)
}

func (p pebbles) Close() error { return p.db.Close() }

type table struct{ db *sql.DB }

func openSQLite(dir string) (store, error) {
	db, err := sql.Open("sqlite", filepath.Join(dir, "db"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	for _, q := range []string{"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, text BLOB) WITHOUT ROWID"} {
		if _, err := db.Exec(q); err != nil {
			return nil, fmt.Errorf("%s: %w", q, err)
		}
	}
	return table{db}, nil
}

func (t table) keep(lines []line) error {
	tx, err := t.db.Begin()
	if err != nil {
		return err
	}
	put, err := tx.Prepare("INSERT INTO kept VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET text = excluded.text")
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	for _, l := range lines {
		if _, err := put.Exec(l.key, l.text); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return errors.Join(put.Close(), tx.Commit())
}

func (t table) Close() error { return t.db.Close() }
