package store

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

type orgStore struct{ db *sqldb.DB }

var _ org.Store = orgStore{}

// Org returns the part of the store that keeps the organisation profile.
func (s *Store) Org() org.Store { return orgStore{s.db} }

func (s orgStore) Current(ctx context.Context) (org.Saved, error) {
	return currentProfile(ctx, s.db.Read())
}

func currentProfile(ctx context.Context, q sqldb.Queries) (org.Saved, error) {
	return profile(ctx, q, "ORDER BY version DESC LIMIT 1")
}

func (s orgStore) Version(ctx context.Context, n int) (org.Saved, error) {
	return profile(ctx, s.db.Read(), "WHERE version = ?", n)
}

func profile(ctx context.Context, q sqldb.Queries, which string, args ...any) (org.Saved, error) {
	var v org.Saved
	var file string
	_, err := q.Row(ctx, "SELECT version, file, time, by_name FROM org_profile "+which, args,
		&v.Version, &file, sqldb.TimeColumn{T: &v.Time}, &v.By)
	v.File = []byte(file)
	return v, err
}

func (s orgStore) Save(ctx context.Context, file []byte, act ref.Act) (org.Saved, error) {
	var v org.Saved
	err := s.db.Write(ctx, func(tx *sqldb.Tx) error {
		old, err := currentProfile(ctx, tx.Queries)
		if err != nil {
			return err
		}
		v = org.Saved{Version: old.Version + 1, File: file, Time: time.Now().UTC(), By: act.Actor.Name}
		if _, err := tx.Exec(ctx, "INSERT INTO org_profile (version, file, time, by_name) VALUES (?,?,?,?)",
			v.Version, string(file), sqldb.Micros(v.Time), v.By); err != nil {
			return err
		}
		if err := record(ctx, tx, act); err != nil {
			return err
		}
		return announce(ctx, tx, "org.changed", act.Target)
	})
	return v, err
}
