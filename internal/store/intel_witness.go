package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

// Witness implements intel.Ledger.
func (l ledger) Witness(ctx context.Context, incident string, keys []intel.Key, kind string, at time.Time) ([]intel.Key, error) {
	var touched []intel.Key
	err := l.db.Write(ctx, func(tx *sqldb.Tx) error {
		before, err := verdictsOf(ctx, tx, incident)
		if err != nil {
			return err
		}
		after := map[intel.Key]string{}
		if kind != "" {
			for _, k := range keys {
				after[k] = kind
			}
		}
		maps.Copy(before, after)
		touched = slices.Sorted(maps.Keys(before))
		for _, k := range touched {
			if err := witness(ctx, tx, incident, k, after[k], at); err != nil {
				return err
			}
		}
		return nil
	})
	return touched, err
}

func verdictsOf(ctx context.Context, tx *sqldb.Tx, incident string) (map[intel.Key]string, error) {
	out := map[intel.Key]string{}
	err := tx.Query(ctx, "SELECT key, kind FROM intel_verdict WHERE incident = ?", []any{incident}, func(scan sqldb.Scan) error {
		var k intel.Key
		var kind string
		err := scan(&k, &kind)
		out[k] = kind
		return err
	})
	return out, err
}

// witness writes one verdict on one indicator and counts all that it has.
func witness(ctx context.Context, tx *sqldb.Tx, incident string, k intel.Key, kind string, at time.Time) error {
	if _, err := tx.Exec(ctx, "DELETE FROM intel_verdict WHERE incident = ? AND key = ?", incident, int64(k)); err != nil {
		return err
	}
	if kind != "" {
		if _, err := tx.Exec(ctx, "INSERT INTO intel_verdict (incident, key, kind, at) VALUES (?,?,?,?)", incident, int64(k), kind, sqldb.Micros(at)); err != nil {
			return err
		}
	}
	var confirmed, refuted, last int64
	if _, err := tx.Row(ctx, `SELECT COALESCE(SUM(CASE WHEN kind = 'confirmed' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN kind = 'refuted' THEN 1 ELSE 0 END), 0),
		COALESCE(MAX(CASE WHEN kind = 'confirmed' THEN at ELSE 0 END), 0) FROM intel_verdict WHERE key = ?`, []any{int64(k)}, &confirmed, &refuted, &last); err != nil {
		return err
	}
	if confirmed+refuted == 0 {
		_, err := tx.Exec(ctx, "DELETE FROM intel_sighting WHERE key = ?", int64(k))
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO intel_sighting (key, confirmed, refuted, last) VALUES (?,?,?,?)
		ON CONFLICT (key) DO UPDATE SET confirmed = excluded.confirmed, refuted = excluded.refuted, last = excluded.last`, int64(k), confirmed, refuted, last)
	return err
}
