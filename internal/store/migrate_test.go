package store_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
)

// before opens a database with the schema that there was before a migration.
func before(t *testing.T, dsn, migration string) *sqldb.DB {
	t.Helper()
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range files {
		if filepath.Base(f) >= migration {
			continue
		}
		text, err := os.ReadFile(f)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(f)), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	db, err := sqldb.Open(t.Context(), dsn)
	if err == nil {
		err = db.Migrate(t.Context(), os.DirFS(dir))
	}
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// Detections that were kept by their id are still known when they are kept by event: they
// count once.
func TestDetectionsOfBefore(t *testing.T) {
	for engine, dsn := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "v.db"), "postgres": storetest.Postgres(t)} {
		t.Run(engine, func(t *testing.T) {
			d := met(1, 0, "a", "evil.example")
			text, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			db := before(t, dsn, "00054")
			if err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), "INSERT INTO alert_detection (id, alert, time, reason, entity, value, data) VALUES (?,?,?,?,?,?,?)",
					d.ID, alert.Fingerprint(&d), sqldb.Micros(d.Time), d.Reason.Key, d.Entity.Name, d.Observable.Value, string(text))
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			st, err := store.Open(t.Context(), dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = st.Close() }()
			s := alert.New(st.Alerts())
			if seen, n, err := s.Sightings(system(t), d.Observable.Value, 5); err != nil || n != 1 || len(seen) != 1 || seen[0].ID != d.ID {
				t.Errorf("it is seen %d times, %+v, %v", n, seen, err)
			}
			if done, err := s.Take(system(t), []alert.Detection{d}, nil); err != nil || done.New != 0 {
				t.Errorf("what is known counts as %d new, %v", done.New, err)
			}
		})
	}
}
