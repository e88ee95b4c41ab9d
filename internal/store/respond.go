package store

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/respond"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

type respondStore struct{ db *sqldb.DB }

var _ respond.Store = respondStore{}

// Responses returns the part of the store that keeps blocks and lists.
func (s *Store) Responses() respond.Store { return respondStore{s.db} }

func (s respondStore) SaveAction(ctx context.Context, a respond.Action, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error { return saveAction(ctx, tx, a, act) })
}

func saveAction(ctx context.Context, tx *sqldb.Tx, a respond.Action, act ref.Act) error {
	_, err := tx.Exec(ctx, `INSERT INTO respond_action (id, state, incident, created, expires, data) VALUES (?,?,?,?,?,?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, incident = excluded.incident, expires = excluded.expires, data = excluded.data`,
		a.ID, string(a.State), a.Incident, sqldb.Micros(a.Created), sqldb.Micros(a.Expires), sqldb.JSON[respond.Action]{V: a})
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE respond_list SET serial = serial + 1"); err != nil {
		return err
	}
	if err := record(ctx, tx, act); err != nil {
		return err
	}
	return announce(ctx, tx, "respond.changed", act.Target)
}

func (s respondStore) Action(ctx context.Context, id string) (respond.Action, error) {
	var a respond.Action
	ok, err := s.db.Read().Row(ctx, "SELECT data FROM respond_action WHERE id = ?", []any{id}, sqldb.JSONColumn[respond.Action]{V: &a})
	if err == nil && !ok {
		err = errs.New(errs.NotFound, "action_unknown", "There is no action %q.", id)
	}
	return a, err
}

func (s respondStore) Actions(ctx context.Context, state respond.ActionState, incident string, limit int) ([]respond.Action, error) {
	var w sqldb.Where
	if state != "" {
		w.And("state = ?", string(state))
	}
	if incident != "" {
		w.And("incident = ?", incident)
	}
	query, args := "SELECT data FROM respond_action"+w.SQL()+" ORDER BY created DESC, id", w.Args()
	if limit > 0 {
		query, args = query+" LIMIT ?", w.Args(limit)
	}
	return rows[respond.Action](ctx, s.db.Read(), query, args...)
}

func (s respondStore) Expire(ctx context.Context, now time.Time) ([]respond.Action, error) {
	var ended []respond.Action
	err := s.db.Write(ctx, func(tx *sqldb.Tx) error {
		var err error
		ended, err = rows[respond.Action](ctx, tx.Queries, "SELECT data FROM respond_action WHERE state = 'active' AND expires <= ? ORDER BY created", sqldb.Micros(now))
		if err != nil {
			return err
		}
		for i := range ended {
			a := &ended[i]
			a.State, a.Ended, a.EndedBy = respond.Expired, now, ref.SystemActor.Name
			act := ref.Act{
				Actor: ref.SystemActor, Verb: "respond.expire", Target: ref.Ref{Kind: ref.Action, ID: a.ID}, Time: now,
				Detail: map[string]any{"type": a.Type, "value": a.Value},
			}
			if err := saveAction(ctx, tx, *a, act); err != nil {
				return err
			}
		}
		return nil
	})
	return ended, err
}

func (s respondStore) SaveList(ctx context.Context, l respond.List, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO respond_list (id, serial, fetched, fetched_by, data) VALUES (?,?,?,?,?)
			ON CONFLICT (id) DO UPDATE SET data = excluded.data`, l.ID, l.Serial, 0, "", sqldb.JSON[respond.List]{V: l})
		if err != nil {
			return err
		}
		return record(ctx, tx, act)
	})
}

func (s respondStore) DeleteList(ctx context.Context, id string, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, "DELETE FROM respond_list WHERE id = ?", id)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.New(errs.NotFound, "list_unknown", "There is no list %q.", id)
		}
		return record(ctx, tx, act)
	})
}

func (s respondStore) Lists(ctx context.Context) ([]respond.List, error) {
	var out []respond.List
	err := s.db.Read().Query(ctx, "SELECT data, serial, fetched, fetched_by FROM respond_list ORDER BY id", nil, func(scan sqldb.Scan) error {
		var l respond.List
		var serial int64
		var fetched time.Time
		var by string
		err := scan(sqldb.JSONColumn[respond.List]{V: &l}, &serial, sqldb.TimeColumn{T: &fetched}, &by)
		l.Serial, l.Fetched, l.FetchedBy = serial, fetched, by
		out = append(out, l)
		return err
	})
	return out, err
}

func (s respondStore) Fetched(ctx context.Context, list string, at time.Time, by string) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE respond_list SET fetched = ?, fetched_by = ? WHERE id = ?", sqldb.Micros(at), by, list)
		return err
	})
}
