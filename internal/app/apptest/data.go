// Package apptest lets tests run many systems without waiting for each to begin.
//
// [Data] returns a fresh data directory in which a system was opened before.
package apptest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/config"
)

const database = "vedette.db"

// Data returns a data directory of its own for a test, with the database as the first
// start leaves it: schema and ATT&CK catalogue, which take longer to write than most
// tests to run. A test of the first start takes an empty directory instead.
func Data(t testing.TB) string {
	t.Helper()
	text, err := begun()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, database), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// begun is the database of a system that was opened and closed.
var begun = sync.OnceValues(func() (text []byte, err error) {
	dir, err := os.MkdirTemp("", "vedette-begun-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	c := config.Default()
	c.Data = dir
	sys, err := app.Open(context.Background(), app.Options{Config: c, Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	if err := sys.Close(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, database+"-wal")); err == nil {
		return nil, errors.New("a closed database has a log beside it")
	}
	return os.ReadFile(filepath.Join(dir, database))
})
