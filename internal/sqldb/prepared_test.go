package sqldb_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/vedette-soc/vedette/internal/sqldb"
)

// TestBulkSideBySide lets writers ask for ever new statements at once: none waits
// for another for ever, and a statement that is wrong harms its own write only.
func TestBulkSideBySide(t *testing.T) {
	db, err := sqldb.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), "CREATE TABLE x (a INTEGER, b INTEGER)")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := range 40 {
				args := make([]any, 2*(1+(w*40+i)%300))
				for k := range args {
					args[k] = k
				}
				err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
					_, err := tx.Bulk(t.Context(), fmt.Sprintf("INSERT /* %d */ INTO x (a, b)", i%20), 2, args, "")
					return err
				})
				if err != nil {
					t.Error(err)
				}
				err = db.Write(t.Context(), func(tx *sqldb.Tx) error {
					_, err := tx.Bulk(t.Context(), "INSERT INTO nothing (a, b)", 2, args, "")
					return err
				})
				if err == nil {
					t.Error("a write into a table that there is not went well")
				}
			}
		})
	}
	all.Go(func() {
		for range 20 {
			if err := db.Relax(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
}
