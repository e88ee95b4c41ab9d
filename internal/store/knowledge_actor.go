package store

import (
	"context"

	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

var _ intel.ActorStore = knowledgeStore{}

// Actors returns the part of the store that reads all actors at once.
func (s *Store) Actors() intel.ActorStore { return knowledgeStore{s.db} }

// Surroundings implements intel.ActorStore.
func (s knowledgeStore) Surroundings(ctx context.Context, types []string) (of []intel.Entity, relations []intel.Relation, around []intel.Entity, err error) {
	var args []any
	for _, t := range types {
		args = append(args, t)
	}
	which := "type IN (" + sqldb.List(len(args)) + ") AND revoked = ?"
	args = append(args, false)
	if of, err = rows[intel.Entity](ctx, s.db.Read(), "SELECT data FROM intel_entity WHERE "+which+" ORDER BY type, name, id", args...); err != nil {
		return nil, nil, nil, err
	}
	known := map[string]bool{}
	for _, e := range of {
		known[e.ID] = true
	}
	var ids []any
	ends := "SELECT id FROM intel_entity WHERE " + which
	err = s.db.Read().Query(ctx, `SELECT from_kind, from_id, type, to_kind, to_id, source FROM intel_relation WHERE from_id IN (`+ends+`)
		UNION SELECT from_kind, from_id, type, to_kind, to_id, source FROM intel_relation WHERE to_id IN (`+ends+`)
		ORDER BY from_id, type, to_id, source`, append(args[:len(args):len(args)], args...), func(scan sqldb.Scan) error {
		var v intel.Relation
		err := scan(&v.From.Kind, &v.From.ID, &v.Type, &v.To.Kind, &v.To.ID, &v.Source)
		relations = append(relations, v)
		for _, id := range []string{v.From.ID, v.To.ID} {
			if !known[id] {
				known[id] = true
				ids = append(ids, id)
			}
		}
		return err
	})
	if err != nil {
		return nil, nil, nil, err
	}
	around, err = s.entities(ctx, ids)
	return of, relations, around, err
}

// entities returns those that are there, some thousand ids at a time.
func (s knowledgeStore) entities(ctx context.Context, ids []any) ([]intel.Entity, error) {
	var out []intel.Entity
	for len(ids) > 0 {
		n := min(len(ids), 1000)
		found, err := rows[intel.Entity](ctx, s.db.Read(), "SELECT data FROM intel_entity WHERE id IN ("+sqldb.List(n)+") ORDER BY type, name, id", ids[:n]...)
		if err != nil {
			return nil, err
		}
		out, ids = append(out, found...), ids[n:]
	}
	return out, nil
}

// Targeting implements intel.ActorStore.
func (s knowledgeStore) Targeting(ctx context.Context) ([]intel.Targeting, error) {
	var out []intel.Targeting
	err := s.db.Read().Query(ctx, "SELECT entity, targets, by_, why, at FROM intel_targeting ORDER BY entity", nil, func(scan sqldb.Scan) error {
		var t intel.Targeting
		err := scan(&t.Entity, &t.Targets, &t.By, &t.Why, sqldb.TimeColumn{T: &t.Time})
		out = append(out, t)
		return err
	})
	return out, err
}

// SaveTargeting implements intel.ActorStore.
func (s knowledgeStore) SaveTargeting(ctx context.Context, t intel.Targeting, takeBack bool, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM intel_targeting WHERE entity = ?", t.Entity); err != nil {
			return err
		}
		if !takeBack {
			if _, err := tx.Exec(ctx, "INSERT INTO intel_targeting (entity, targets, by_, why, at) VALUES (?,?,?,?,?)", t.Entity, t.Targets, t.By, t.Why, sqldb.Micros(t.Time)); err != nil {
				return err
			}
		}
		return record(ctx, tx, act)
	})
}
