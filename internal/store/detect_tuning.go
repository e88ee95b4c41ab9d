package store

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

type tuningStore struct{ db *sqldb.DB }

var _ detect.TuningStore = tuningStore{}

// RuleTuning returns the part of the store that keeps what is said about rules.
func (s *Store) RuleTuning() detect.TuningStore { return tuningStore{s.db} }

func (s tuningStore) SourceSwitches(ctx context.Context) ([]detect.SourceSwitch, error) {
	return rows[detect.SourceSwitch](ctx, s.db.Read(), "SELECT data FROM detect_source_switch ORDER BY source")
}

func (s tuningStore) SaveSourceSwitch(ctx context.Context, sw detect.SourceSwitch, on bool, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		var err error
		if on {
			_, err = tx.Exec(ctx, "DELETE FROM detect_source_switch WHERE source = ?", sw.Source.String())
		} else {
			_, err = tx.Exec(ctx, "INSERT INTO detect_source_switch (source, data) VALUES (?,?) ON CONFLICT (source) DO UPDATE SET data = excluded.data",
				sw.Source.String(), sqldb.JSON[detect.SourceSwitch]{V: sw})
		}
		if err != nil {
			return err
		}
		return changeRules(ctx, tx, act)
	})
}

// changeRules records act and tells that other rules are to run.
func changeRules(ctx context.Context, tx *sqldb.Tx, act ref.Act) error {
	if err := record(ctx, tx, act); err != nil {
		return err
	}
	return announce(ctx, tx, "rules.changed", act.Target)
}

func (s tuningStore) Exceptions(ctx context.Context, rule string) ([]detect.Exception, error) {
	var w sqldb.Where
	if rule != "" {
		w.And("rule = ?", rule)
	}
	var out []detect.Exception
	err := s.db.Read().Query(ctx, "SELECT data, hits, last_hit FROM detect_exception"+w.SQL()+" ORDER BY created DESC, id", w.Args(), func(scan sqldb.Scan) error {
		var e detect.Exception
		var hits int
		var last time.Time
		err := scan(sqldb.JSONColumn[detect.Exception]{V: &e}, &hits, sqldb.TimeColumn{T: &last})
		e.Hits, e.LastHit = hits, last
		out = append(out, e)
		return err
	})
	return out, err
}

func (s tuningStore) SaveException(ctx context.Context, e detect.Exception, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO detect_exception (id, rule, created, hits, last_hit, data) VALUES (?,?,?,0,0,?)
			ON CONFLICT (id) DO UPDATE SET data = excluded.data`, e.ID, e.Rule, sqldb.Micros(e.Created), sqldb.JSON[detect.Exception]{V: e})
		if err != nil {
			return err
		}
		return changeRules(ctx, tx, act)
	})
}

func (s tuningStore) Excepted(ctx context.Context, hits map[string]int, at time.Time) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		for id, n := range hits {
			if _, err := tx.Exec(ctx, "UPDATE detect_exception SET hits = hits + ?, last_hit = ? WHERE id = ?", n, sqldb.Micros(at), id); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s tuningStore) Backtests(ctx context.Context, rule string, limit int) ([]detect.Backtest, error) {
	var w sqldb.Where
	if rule != "" {
		w.And("rule = ?", rule)
	}
	return rows[detect.Backtest](ctx, s.db.Read(), "SELECT data FROM detect_backtest"+w.SQL()+" ORDER BY started DESC, id LIMIT ?", w.Args(limit)...)
}

func (s tuningStore) SaveBacktest(ctx context.Context, b detect.Backtest, act *ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO detect_backtest (id, rule, started, data) VALUES (?,?,?,?)
			ON CONFLICT (id) DO UPDATE SET data = excluded.data`, b.ID, b.Rule, sqldb.Micros(b.Started), sqldb.JSON[detect.Backtest]{V: b})
		if err != nil || act == nil {
			return err
		}
		return record(ctx, tx, *act)
	})
}

func (s tuningStore) AddSeen(ctx context.Context, seen []detect.Seen) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		var args []any
		for _, e := range seen {
			args = append(args, e.Source.Product, e.Source.Category, e.Source.Service, e.Day, e.Events)
		}
		_, err := tx.Bulk(ctx, "INSERT INTO detect_seen (product, category, service, day, events)", 5, args,
			"ON CONFLICT (product, category, service, day) DO UPDATE SET events = detect_seen.events + excluded.events")
		return err
	})
}

func (s tuningStore) Seen(ctx context.Context, from string) ([]detect.Seen, error) {
	var out []detect.Seen
	err := s.db.Read().Query(ctx, "SELECT product, category, service, day, events FROM detect_seen WHERE day >= ? ORDER BY product, category, service, day",
		[]any{from}, func(scan sqldb.Scan) error {
			var e detect.Seen
			err := scan(&e.Source.Product, &e.Source.Category, &e.Source.Service, &e.Day, &e.Events)
			out = append(out, e)
			return err
		})
	return out, err
}
