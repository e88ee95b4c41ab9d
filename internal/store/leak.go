package store

import (
	"context"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

type leakStore struct{ db *sqldb.DB }

var _ leak.Store = leakStore{}

// Leaks returns the part of the store that keeps leaked accounts.
func (s *Store) Leaks() leak.Store { return leakStore{s.db} }

func (s leakStore) Save(ctx context.Context, list []leak.Record, breaches []credential.Breach, act ref.Act) (stored, changed int, err error) {
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if stored, changed, err = saveLeaks(ctx, tx, list); err != nil {
			return err
		}
		learnt, err := saveBreaches(ctx, tx, breaches)
		if err != nil {
			return err
		}
		if err := record(ctx, tx, act); err != nil || stored+changed+learnt == 0 {
			return err
		}
		return announce(ctx, tx, "leak.changed", act.Target)
	})
	return stored, changed, err
}

func saveLeaks(ctx context.Context, tx *sqldb.Tx, list []leak.Record) (stored, changed int, err error) {
	ids := make([]string, len(list))
	for i, r := range list {
		ids[i] = r.ID
	}
	was := map[string]leak.Record{}
	err = pick(ctx, tx, "SELECT data FROM leak_record WHERE id", ids, "", func(scan sqldb.Scan) error {
		var r leak.Record
		err := scan(sqldb.JSONColumn[leak.Record]{V: &r})
		was[r.ID] = r
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	var keep []leak.Record
	for _, r := range list {
		old, known := was[r.ID]
		switch {
		case !known:
			stored++
		case old.Merge(r) != old:
			r = old.Merge(r)
			changed++
		default:
			continue
		}
		keep = append(keep, r)
	}
	data, err := texts(keep)
	if err != nil {
		return 0, 0, err
	}
	var args []any
	for i, r := range keep {
		args = append(args, r.ID, r.Account, sqldb.Micros(r.First), data[i])
	}
	_, err = tx.Bulk(ctx, "INSERT INTO leak_record (id, account, first, data)", 4, args, "ON CONFLICT (id) DO UPDATE SET data = excluded.data")
	return stored, changed, err
}

// saveBreaches returns how many say something else than before.
func saveBreaches(ctx context.Context, tx *sqldb.Tx, list []credential.Breach) (int, error) {
	by := map[string]credential.Breach{}
	var names []string
	for _, b := range list {
		if _, twice := by[b.Name]; !twice {
			names = append(names, b.Name)
		}
		by[b.Name] = b
	}
	was := map[string]credential.Breach{}
	err := pick(ctx, tx, "SELECT data FROM leak_breach WHERE name", names, "", func(scan sqldb.Scan) error {
		var b credential.Breach
		err := scan(sqldb.JSONColumn[credential.Breach]{V: &b})
		was[b.Name] = b
		return err
	})
	if err != nil {
		return 0, err
	}
	var args []any
	for _, n := range names {
		if was[n] != by[n] {
			data, err := sqldb.JSON[credential.Breach]{V: by[n]}.Value()
			if err != nil {
				return 0, err
			}
			args = append(args, n, data)
		}
	}
	_, err = tx.Bulk(ctx, "INSERT INTO leak_breach (name, data)", 2, args, "ON CONFLICT (name) DO UPDATE SET data = excluded.data")
	return len(args) / 2, err
}

func (s leakStore) Records(ctx context.Context, limit int) ([]leak.Record, error) {
	return rows[leak.Record](ctx, s.db.Read(), "SELECT data FROM leak_record ORDER BY first DESC, id LIMIT ?", limit)
}

func (s leakStore) Breaches(ctx context.Context) ([]credential.Breach, error) {
	return rows[credential.Breach](ctx, s.db.Read(), "SELECT data FROM leak_breach ORDER BY name LIMIT 100000")
}

func (s leakStore) Remove(ctx context.Context, r leak.Removal, act ref.Act) (n int, err error) {
	var w sqldb.Where
	if r.ID != "" {
		w.And("id = ?", r.ID)
	}
	if r.Account != "" {
		w.And("account = ?", r.Account)
	}
	if !r.Before.IsZero() {
		w.And("first < ?", sqldb.Micros(r.Before))
	}
	if w.SQL() == "" {
		return 0, nil // nothing is asked for, not everything
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		gone, err := tx.Exec(ctx, "DELETE FROM leak_record"+w.SQL(), w.Args()...)
		if n = int(gone); err != nil || n == 0 {
			return err
		}
		act.Detail["records"] = n
		if err := record(ctx, tx, act); err != nil {
			return err
		}
		return announce(ctx, tx, "leak.changed", act.Target)
	})
	return n, err
}

func (s leakStore) Note(ctx context.Context, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error { return record(ctx, tx, act) })
}
