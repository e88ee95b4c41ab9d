package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/vedette-soc/vedette/internal/sqldb"
)

// TestWriteSaysWhyItEnded: a transaction that was rolled back because its context ended
// says so, to what it is used for and at the commit, so that a stop is told from a fault.
func TestWriteSaysWhyItEnded(t *testing.T) {
	db, err := sqldb.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for name, pass := range map[string]bool{"use": true, "commit": false} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				cancel()
				for {
					_, err := tx.Exec(t.Context(), "SELECT 1")
					if !errors.Is(err, sql.ErrTxDone) {
						continue // the rollback is on its way
					}
					if pass {
						return err
					}
					return nil
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the transaction ended with %v, want %v", err, context.Canceled)
			}
		})
	}
}
