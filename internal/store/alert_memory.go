package store

import (
	"context"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/risk/triage"
)

func (t alertTx) Remembered(ctx context.Context) ([]triage.Habit, []*triage.Session, error) {
	var kept []triage.Habit
	err := t.tx.Query(ctx, "SELECT entity, rule, data FROM alert_habit", nil, func(scan sqldb.Scan) error {
		var entity, rule string
		var h triage.Habit
		err := scan(&entity, &rule, sqldb.JSONColumn[triage.Habit]{V: &h})
		h.Entity, h.Rule = entity, rule
		kept = append(kept, h)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	open, err := rows[*triage.Session](ctx, t.tx.Queries, "SELECT data FROM alert_session")
	return kept, open, err
}

func (t alertTx) Remember(ctx context.Context, r alert.Remembered) error {
	for _, entity := range r.Gone {
		if _, err := t.tx.Exec(ctx, "DELETE FROM alert_session WHERE entity = ?", entity); err != nil {
			return err
		}
	}
	var args []any
	for _, h := range r.Kept {
		args = append(args, h.Entity, h.Rule, h.At, sqldb.JSON[triage.Habit]{V: h})
	}
	if _, err := t.tx.Bulk(ctx, "INSERT INTO alert_habit (entity, rule, at, data)", 4, args,
		"ON CONFLICT (entity, rule) DO UPDATE SET at = excluded.at, data = excluded.data"); err != nil {
		return err
	}
	args = nil
	for _, s := range r.Open {
		args = append(args, s.Entity, sqldb.JSON[*triage.Session]{V: s})
	}
	if _, err := t.tx.Bulk(ctx, "INSERT INTO alert_session (entity, data)", 2, args, "ON CONFLICT (entity) DO UPDATE SET data = excluded.data"); err != nil || r.Before == 0 {
		return err
	}
	_, err := t.tx.Exec(ctx, "DELETE FROM alert_habit WHERE entity <> '' AND rule <> '' AND at < ?", r.Before)
	return err
}

func (t alertTx) Cuts(ctx context.Context, how, value string) ([]alert.Cut, error) {
	var out []alert.Cut
	err := t.tx.Query(ctx, "SELECT a, b, person, at FROM alert_cut WHERE how = ? AND value = ?", []any{how, value}, func(scan sqldb.Scan) error {
		c := alert.Cut{How: how, Value: value}
		err := scan(&c.A, &c.B, &c.By, sqldb.TimeColumn{T: &c.Time})
		out = append(out, c)
		return err
	})
	return out, err
}

func (t alertTx) SaveCut(ctx context.Context, c alert.Cut) error {
	_, err := t.tx.Exec(ctx, "INSERT INTO alert_cut (how, value, a, b, person, at) VALUES (?,?,?,?,?,?) ON CONFLICT (how, value, a, b) DO NOTHING",
		c.How, c.Value, c.A, c.B, c.By, sqldb.Micros(c.Time))
	return err
}
