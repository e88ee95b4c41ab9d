package store

import (
	"context"
	"slices"

	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

// Decisions implements intel.Names.
func (s knowledgeStore) Decisions(ctx context.Context, ids []string) ([]intel.Decision, error) {
	var out []intel.Decision
	for chunk := range slices.Chunk(ids, 500) {
		args := make([]any, 0, 2*len(chunk))
		for _, id := range chunk {
			args = append(args, id)
		}
		err := s.db.Read().Query(ctx, "SELECT a, b, same, by_, why FROM intel_same WHERE a IN ("+sqldb.List(len(chunk))+") OR b IN ("+sqldb.List(len(chunk))+") ORDER BY a, b",
			append(args, args...), func(scan sqldb.Scan) error {
				var d intel.Decision
				err := scan(&d.A, &d.B, &d.Same, &d.By, &d.Why)
				if !slices.Contains(out, d) {
					out = append(out, d)
				}
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Decide implements intel.KnowledgeStore.
func (s knowledgeStore) Decide(ctx context.Context, d intel.Decision, takeBack bool, act ref.Act) error {
	a, b := min(d.A, d.B), max(d.A, d.B)
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM intel_same WHERE a = ? AND b = ?", a, b); err != nil {
			return err
		}
		if !takeBack {
			if _, err := tx.Exec(ctx, "INSERT INTO intel_same (a, b, same, by_, why, at) VALUES (?,?,?,?,?,?)", a, b, d.Same, d.By, d.Why, sqldb.Micros(act.Time)); err != nil {
				return err
			}
		}
		return record(ctx, tx, act)
	})
}
