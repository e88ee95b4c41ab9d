package store

import (
	"context"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

type huntStore struct{ db *sqldb.DB }

var _ hunt.JobStore = huntStore{}

// HuntJobs returns the part of the store that keeps looks back.
func (s *Store) HuntJobs() hunt.JobStore { return huntStore{s.db} }

func (s huntStore) Place(ctx context.Context) ([]byte, error) {
	var data string
	_, err := s.db.Read().Row(ctx, "SELECT data FROM hunt_place WHERE id = 1", nil, &data)
	if err != nil || data == "" {
		return nil, err
	}
	return []byte(data), nil
}

func (s huntStore) Begin(ctx context.Context, jobs []hunt.Job, place []byte) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, j := range jobs {
			if err := saveJob(ctx, tx, j); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "INSERT INTO hunt_place (id, data) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data", string(place))
		return err
	})
}

func (s huntStore) SaveJob(ctx context.Context, j hunt.Job, act *ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := saveJob(ctx, tx, j); err != nil || act == nil {
			return err
		}
		return record(ctx, tx, *act)
	})
}

func saveJob(ctx context.Context, tx *sqldb.Tx, j hunt.Job) error {
	_, err := tx.Exec(ctx, "INSERT INTO hunt_job (id, open, created, data) VALUES (?,?,?,?) ON CONFLICT (id) DO UPDATE SET open = excluded.open, data = excluded.data",
		j.ID, j.State == hunt.Waiting || j.State == hunt.Running, sqldb.Micros(j.Created), sqldb.JSON[hunt.Job]{V: j})
	return err
}

func (s huntStore) Jobs(ctx context.Context, unfinished bool, limit int) ([]hunt.Job, error) {
	query := "SELECT data FROM hunt_job"
	if unfinished {
		query += " WHERE open"
	}
	return rows[hunt.Job](ctx, s.db.Read(), query+" ORDER BY created DESC, id DESC LIMIT ?", limit)
}

func (s huntStore) Job(ctx context.Context, id string) (hunt.Job, error) {
	var j hunt.Job
	ok, err := s.db.Read().Row(ctx, "SELECT data FROM hunt_job WHERE id = ?", []any{id}, sqldb.JSONColumn[hunt.Job]{V: &j})
	if err == nil && !ok {
		err = errs.New(errs.NotFound, "job_unknown", "There is no job %q.", id)
	}
	return j, err
}
