package store

import (
	"context"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

type huntStore struct{ db *sqldb.DB }

var (
	_ hunt.JobStore  = huntStore{}
	_ hunt.HuntStore = huntStore{}
)

// HuntJobs returns the part of the store that keeps looks back.
func (s *Store) HuntJobs() hunt.JobStore { return huntStore{s.db} }

// Hunts returns the part of the store that keeps hunts and lists.
func (s *Store) Hunts() hunt.HuntStore { return huntStore{s.db} }

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

func (s huntStore) Hunts(ctx context.Context) ([]hunt.Saved, error) {
	return rows[hunt.Saved](ctx, s.db.Read(), "SELECT data FROM hunt_saved ORDER BY name, id")
}

func (s huntStore) Hunt(ctx context.Context, id string) (hunt.Saved, error) {
	var h hunt.Saved
	ok, err := s.db.Read().Row(ctx, "SELECT data FROM hunt_saved WHERE id = ?", []any{id}, sqldb.JSONColumn[hunt.Saved]{V: &h})
	if err == nil && !ok {
		err = errs.New(errs.NotFound, "hunt_unknown", "There is no hunt %q.", id)
	}
	return h, err
}

func (s huntStore) SaveHunt(ctx context.Context, h hunt.Saved, act *ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO hunt_saved (id, name, data) VALUES (?,?,?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, data = excluded.data",
			h.ID, h.Name, sqldb.JSON[hunt.Saved]{V: h})
		if err != nil || act == nil {
			return err
		}
		return record(ctx, tx, *act)
	})
}

func (s huntStore) DeleteHunt(ctx context.Context, id string, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM hunt_saved WHERE id = ?", id); err != nil {
			return err
		}
		return record(ctx, tx, act)
	})
}

func (s huntStore) Lists(ctx context.Context) ([]string, error) {
	var names []string
	err := s.db.Read().Query(ctx, "SELECT name FROM hunt_list ORDER BY name", nil, func(scan sqldb.Scan) error {
		var n string
		err := scan(&n)
		names = append(names, n)
		return err
	})
	return names, err
}

func (s huntStore) List(ctx context.Context, name string) (hunt.List, error) {
	var l hunt.List
	ok, err := s.db.Read().Row(ctx, "SELECT data FROM hunt_list WHERE name = ?", []any{name}, sqldb.JSONColumn[hunt.List]{V: &l})
	if err == nil && !ok {
		err = errs.New(errs.NotFound, "list_unknown", "There is no list %q.", name)
	}
	return l, err
}

func (s huntStore) SaveList(ctx context.Context, l hunt.List, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO hunt_list (name, data) VALUES (?,?) ON CONFLICT (name) DO UPDATE SET data = excluded.data", l.Name, sqldb.JSON[hunt.List]{V: l})
		if err != nil {
			return err
		}
		return record(ctx, tx, act)
	})
}
