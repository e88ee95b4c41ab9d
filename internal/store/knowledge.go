package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

type knowledgeStore struct{ db *sqldb.DB }

var _ intel.KnowledgeStore = knowledgeStore{}

// Knowledge returns the part of the store that keeps entities and relations.
func (s *Store) Knowledge() intel.KnowledgeStore { return knowledgeStore{s.db} }

func (s knowledgeStore) PutKnowledge(ctx context.Context, k intel.Knowledge) (intel.Stored, error) {
	var st intel.Stored
	err := s.db.Write(ctx, func(tx *sqldb.Tx) error {
		st = intel.Stored{}
		for _, e := range k.Entities {
			if err := putEntity(ctx, tx, e, &st); err != nil {
				return err
			}
		}
		if err := putRelations(ctx, tx, k.Relations, &st); err != nil {
			return err
		}
		if len(k.Objects) == 0 {
			return nil
		}
		st = intel.Stored{}
		return putObjects(ctx, tx, k.Objects, k.Now, &st)
	})
	return st, err
}

func putRelations(ctx context.Context, tx *sqldb.Tx, relations []intel.Relation, st *intel.Stored) error {
	var args []any
	for _, r := range dedupe(relations) {
		args = append(args, string(r.From.Kind), r.From.ID, r.Type, string(r.To.Kind), r.To.ID, r.Source)
	}
	n, err := tx.Bulk(ctx, "INSERT INTO intel_relation (from_kind, from_id, type, to_kind, to_id, source)", 6, args,
		"ON CONFLICT (from_id, type, to_id, source) DO NOTHING")
	st.New += int(n)
	st.Same += len(relations) - int(n)
	return err
}

func dedupe(relations []intel.Relation) []intel.Relation {
	out := slices.Clone(relations)
	slices.SortFunc(out, func(a, b intel.Relation) int {
		return cmp.Or(cmp.Compare(a.From.ID, b.From.ID), cmp.Compare(a.Type, b.Type), cmp.Compare(a.To.ID, b.To.ID), cmp.Compare(a.Source, b.Source))
	})
	return slices.Compact(out)
}

func putEntity(ctx context.Context, tx *sqldb.Tx, e intel.Entity, st *intel.Stored) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	var old string
	var modified int64
	known, err := tx.Row(ctx, "SELECT data, modified FROM intel_entity WHERE id = ?", []any{e.ID}, &old, &modified)
	switch {
	case err != nil:
		return err
	case known && (old == string(b) || modified > sqldb.Micros(e.Modified)):
		st.Same++
		return nil
	case known:
		st.Changed++
	default:
		st.New++
	}
	_, err = tx.Exec(ctx, `INSERT INTO intel_entity (id, type, name, attack_id, source, modified, revoked, data) VALUES (?,?,?,?,?,?,?,?)
		ON CONFLICT (id) DO UPDATE SET type = excluded.type, name = excluded.name, attack_id = excluded.attack_id, source = excluded.source,
		modified = excluded.modified, revoked = excluded.revoked, data = excluded.data`,
		e.ID, e.Type, e.Name, e.AttackID, e.Source, sqldb.Micros(e.Modified), e.Revoked, string(b))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM intel_entity_name WHERE entity = ?", e.ID); err != nil {
		return err
	}
	var args []any
	for _, n := range append([]string{e.Name, e.AttackID}, e.Aliases...) {
		if n = intel.FoldName(n); n != "" {
			args = append(args, n, e.ID)
		}
	}
	_, err = tx.Bulk(ctx, "INSERT INTO intel_entity_name (name, entity)", 2, args, "ON CONFLICT (name, entity) DO NOTHING")
	return err
}

func (s knowledgeStore) Entity(ctx context.Context, id string) (intel.Entity, error) {
	var e intel.Entity
	ok, err := s.db.Read().Row(ctx, "SELECT data FROM intel_entity WHERE id = ?", []any{id}, sqldb.JSONColumn[intel.Entity]{V: &e})
	if err == nil && !ok {
		err = errs.New(errs.NotFound, "entity_unknown", "Nothing is known under %q.", id)
	}
	return e, err
}

func (s knowledgeStore) Named(ctx context.Context, names []string) (map[string][]intel.Entity, error) {
	out := map[string][]intel.Entity{}
	if len(names) == 0 {
		return out, nil
	}
	asked := map[string][]string{} // folded -> as asked
	var folded []any
	for _, n := range names {
		f := intel.FoldName(n)
		if f != "" && len(asked[f]) == 0 {
			folded = append(folded, f)
		}
		if !slices.Contains(asked[f], n) {
			asked[f] = append(asked[f], n)
		}
	}
	for chunk := range slices.Chunk(folded, 1000) {
		err := s.db.Read().Query(ctx, `SELECT n.name, e.data FROM intel_entity_name n JOIN intel_entity e ON e.id = n.entity
			WHERE n.name IN (`+sqldb.List(len(chunk))+`) ORDER BY e.type, e.name, e.id`, chunk, func(scan sqldb.Scan) error {
			var name string
			var e intel.Entity
			if err := scan(&name, sqldb.JSONColumn[intel.Entity]{V: &e}); err != nil {
				return err
			}
			for _, as := range asked[name] {
				out[as] = append(out[as], e)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s knowledgeStore) Neighbours(ctx context.Context, r ref.Ref, limit int) ([]intel.Relation, []intel.Entity, error) {
	var rels []intel.Relation
	var entities []intel.Entity
	known := map[string]bool{r.ID: true}
	err := s.db.Read().Query(ctx, `SELECT from_kind, from_id, type, to_kind, to_id, source FROM intel_relation
		WHERE from_id = ? OR to_id = ? ORDER BY type, from_id, to_id, source LIMIT ?`, []any{r.ID, r.ID, limit}, func(scan sqldb.Scan) error {
		var v intel.Relation
		err := scan(&v.From.Kind, &v.From.ID, &v.Type, &v.To.Kind, &v.To.ID, &v.Source)
		rels = append(rels, v)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	var ids []any
	for _, v := range rels {
		for _, id := range []string{v.From.ID, v.To.ID} {
			if !known[id] {
				known[id] = true
				ids = append(ids, id)
			}
		}
	}
	for chunk := range slices.Chunk(ids, 1000) {
		found, err := rows[intel.Entity](ctx, s.db.Read(), "SELECT data FROM intel_entity WHERE id IN ("+sqldb.List(len(chunk))+") ORDER BY type, name, id", chunk...)
		if err != nil {
			return nil, nil, err
		}
		entities = append(entities, found...)
	}
	return rels, entities, nil
}

func (s knowledgeStore) FindEntities(ctx context.Context, words, entityType string, limit int) ([]intel.Entity, error) {
	var w sqldb.Where
	if entityType != "" {
		w.And("e.type = ?", entityType)
	}
	for _, word := range strings.Fields(intel.FoldName(words)) {
		w.And(`n.name LIKE ? ESCAPE '\'`, sqldb.Like(true, word, true))
	}
	return rows[intel.Entity](ctx, s.db.Read(), `SELECT data FROM intel_entity WHERE id IN (
		SELECT n.entity FROM intel_entity_name n JOIN intel_entity e ON e.id = n.entity`+w.SQL()+`) ORDER BY revoked, type, name, id LIMIT ?`, w.Args(limit)...)
}
