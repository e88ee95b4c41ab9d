package store

import (
	"context"
	"maps"
	"slices"

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
	if err := t.remove(ctx, "DELETE FROM alert_session WHERE entity", r.Gone); err != nil {
		return err
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

// maxLessons is how many lessons are learnt from.
const maxLessons = 4000

func (t alertTx) Lessons(ctx context.Context) ([]triage.Lesson, error) {
	return lessons(ctx, t.tx.Queries)
}

func (s alertStore) Lessons(ctx context.Context) ([]triage.Lesson, error) {
	return lessons(ctx, s.db.Read())
}

func lessons(ctx context.Context, q sqldb.Queries) ([]triage.Lesson, error) {
	return rows[triage.Lesson](ctx, q, "SELECT data FROM alert_lesson ORDER BY at DESC, incident LIMIT ?", maxLessons)
}

func (s alertStore) Numbers(ctx context.Context, ids []string) (map[string]int, error) {
	numbers := map[string]int{}
	err := pick(ctx, &sqldb.Tx{Queries: s.db.Read()}, "SELECT id, number FROM alert_incident WHERE id", ids, "", func(scan sqldb.Scan) error {
		var id string
		var n int
		err := scan(&id, &n)
		numbers[id] = n
		return err
	})
	return numbers, err
}

func (s alertStore) Entities(ctx context.Context) (list []alert.Who, err error) {
	err = s.db.Read().Query(ctx, "SELECT DISTINCT "+whoColumns+" FROM "+withAccounts+" WHERE a.entity <> ''", nil, func(scan sqldb.Scan) error {
		var w alert.Who
		err := scan(&w.Kind, &w.Name, &w.Account)
		list = append(list, w)
		return err
	})
	return list, err
}

func (s alertStore) Indicators(ctx context.Context) (map[string]alert.Reason, error) {
	found := map[string]alert.Reason{}
	err := s.db.Read().Query(ctx, "SELECT data FROM alert_alert WHERE incident <> '' AND fingerprint IN (SELECT min(fingerprint) FROM alert_alert GROUP BY reason)", nil,
		func(scan sqldb.Scan) error {
			var a alert.Alert
			err := scan(sqldb.JSONColumn[alert.Alert]{V: &a})
			if r := a.Detection.Reason; r.Kind == alert.ByIndicator {
				found[r.Key] = r
			}
			return err
		})
	return found, err
}

// maxTargeted is how many alerts of attacks on vulnerabilities are looked at anew.
const maxTargeted = 200_000

func (s alertStore) Targeted(ctx context.Context) ([]alert.Alert, error) {
	return rows[alert.Alert](ctx, s.db.Read(), "SELECT data FROM alert_alert WHERE targeted AND incident <> '' ORDER BY last DESC, fingerprint LIMIT ?", maxTargeted)
}

func (t alertTx) SaveLesson(ctx context.Context, incident string, l *triage.Lesson) error {
	if l == nil {
		_, err := t.tx.Exec(ctx, "DELETE FROM alert_lesson WHERE incident = ?", incident)
		return err
	}
	_, err := t.tx.Exec(ctx, "INSERT INTO alert_lesson (incident, at, data) VALUES (?,?,?) ON CONFLICT (incident) DO UPDATE SET at = excluded.at, data = excluded.data",
		incident, sqldb.Micros(l.Time), sqldb.JSON[triage.Lesson]{V: *l})
	return err
}

func (t alertTx) Touching(ctx context.Context, entities []alert.Who, reasons []string, onlyOpen bool) ([]string, error) {
	query := "SELECT DISTINCT a.incident, " + whoColumns + " FROM " + withAccounts + " JOIN alert_incident i ON i.id = a.incident WHERE "
	if onlyOpen {
		query += "i.state = 'open' AND "
	}
	seen, wanted, names := map[string]bool{}, map[alert.Who]bool{}, map[string]bool{}
	for _, w := range entities {
		wanted[w], names[w.Name] = true, true
	}
	find := func(column string, values []string, all bool) error {
		return pick(ctx, t.tx, query+"a."+column, values, "", func(scan sqldb.Scan) error {
			var id string
			var w alert.Who
			err := scan(&id, &w.Kind, &w.Name, &w.Account)
			if all || wanted[w] {
				seen[id] = true
			}
			return err
		})
	}
	if err := find("entity", slices.Sorted(maps.Keys(names)), false); err != nil {
		return nil, err
	}
	if err := find("reason", reasons, true); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

// maxCuts is how many pairs that were taken apart are remembered.
const maxCuts = 100_000

func (t alertTx) Cuts(ctx context.Context) ([]alert.Cut, error) {
	var out []alert.Cut
	err := t.tx.Query(ctx, "SELECT how, value, a, b, person, at FROM alert_cut ORDER BY at DESC, how, value, a, b LIMIT ?", []any{maxCuts}, func(scan sqldb.Scan) error {
		var c alert.Cut
		err := scan(&c.How, &c.Value, &c.A, &c.B, &c.By, sqldb.TimeColumn{T: &c.Time})
		out = append(out, c)
		return err
	})
	return out, err
}

func (t alertTx) SaveCuts(ctx context.Context, list []alert.Cut) error {
	var args []any
	for _, c := range list {
		args = append(args, c.How, c.Value, c.A, c.B, c.By, sqldb.Micros(c.Time))
	}
	_, err := t.tx.Bulk(ctx, "INSERT INTO alert_cut (how, value, a, b, person, at)", 6, args, "ON CONFLICT (how, value, a, b) DO NOTHING")
	return err
}
