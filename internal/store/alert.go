package store

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

type alertStore struct{ db *sqldb.DB }

var _ alert.Store = alertStore{}

// Alerts returns the part of the store that keeps detections and incidents.
func (s *Store) Alerts() alert.Store { return alertStore{s.db} }

func (s alertStore) Incident(ctx context.Context, id string) (alert.Incident, error) {
	return incidentByID(ctx, s.db.Read(), id)
}

func incidentByID(ctx context.Context, q sqldb.Queries, id string) (alert.Incident, error) {
	var in alert.Incident
	ok, err := q.Row(ctx, "SELECT data FROM alert_incident WHERE id = ?", []any{id}, sqldb.JSONColumn[alert.Incident]{V: &in})
	if err == nil && !ok {
		err = errs.New(errs.NotFound, "incident_unknown", "There is no incident %q.", id)
	}
	return in, err
}

func (s alertStore) Alerts(ctx context.Context, incident string) ([]alert.Alert, error) {
	return alertsOf(ctx, s.db.Read(), incident)
}

func alertsOf(ctx context.Context, q sqldb.Queries, incident string) ([]alert.Alert, error) {
	return rows[alert.Alert](ctx, q, "SELECT data FROM alert_alert WHERE incident = ? ORDER BY first, fingerprint", incident)
}

// rows reads a query of one JSON column.
func rows[T any](ctx context.Context, q sqldb.Queries, query string, args ...any) ([]T, error) {
	var out []T
	err := q.Query(ctx, query, args, func(scan sqldb.Scan) error {
		var v T
		err := scan(sqldb.JSONColumn[T]{V: &v})
		out = append(out, v)
		return err
	})
	return out, err
}

func (s alertStore) Detections(ctx context.Context, incident string, limit int) ([]alert.Detection, error) {
	return rows[alert.Detection](ctx, s.db.Read(), `SELECT d.data FROM alert_detection d JOIN alert_alert a ON a.fingerprint = d.alert
		WHERE a.incident = ? ORDER BY d.time DESC, d.id LIMIT ?`, incident, limit)
}

func (s alertStore) Timeline(ctx context.Context, incident string, limit int) ([]alert.Entry, error) {
	return rows[alert.Entry](ctx, s.db.Read(), "SELECT data FROM alert_timeline WHERE incident = ? ORDER BY time, seq LIMIT ?", incident, limit)
}

func (s alertStore) Queue(ctx context.Context, q alert.QueueQuery) ([]alert.Incident, string, error) {
	var w sqldb.Where
	if q.State != "" {
		w.And("state = ?", string(q.State))
	}
	if q.Owner != "" {
		w.And("owner = ?", q.Owner)
	}
	if q.Level != "" {
		w.And("level = ?", q.Level)
	}
	for _, word := range strings.Fields(strings.ToLower(q.Text)) {
		w.And(`text LIKE ? ESCAPE '\'`, sqldb.Like(true, word, true))
	}
	if q.Cursor != "" {
		var priority, last int64
		var id string
		b, err := base64.RawURLEncoding.DecodeString(q.Cursor)
		if err == nil {
			_, err = fmt.Sscanf(string(b), "%d %d %s", &priority, &last, &id)
		}
		if err != nil {
			return nil, "", errs.New(errs.Invalid, "cursor_invalid", "The cursor is not one this list gave out; start again without it.")
		}
		w.And("(priority, last, id) < (?, ?, ?)", priority, last, id)
	}
	list, err := rows[alert.Incident](ctx, s.db.Read(),
		"SELECT data FROM alert_incident"+w.SQL()+" ORDER BY priority DESC, last DESC, id DESC LIMIT ?", w.Args(q.Limit)...)
	next := ""
	if n := len(list); n > 0 && n == q.Limit {
		l := list[n-1]
		next = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d %s", l.Assessment.Priority, sqldb.Micros(l.Last), l.ID))
	}
	return list, next, err
}

func (s alertStore) Sightings(ctx context.Context, value string, limit int) ([]alert.Detection, int, error) {
	var n int
	if _, err := s.db.Read().Row(ctx, "SELECT count(*) FROM alert_detection WHERE value = ? AND value <> ''", []any{value}, &n); err != nil {
		return nil, 0, err
	}
	list, err := rows[alert.Detection](ctx, s.db.Read(), "SELECT data FROM alert_detection WHERE value = ? AND value <> '' ORDER BY time DESC, id LIMIT ?", value, limit)
	return list, n, err
}

func (s alertStore) Sharing(ctx context.Context, incident string, values []string, limit int) ([]alert.Shared, error) {
	if len(values) == 0 {
		return nil, nil
	}
	var args []any
	for _, v := range values {
		args = append(args, v)
	}
	in := sqldb.List(len(values))
	for _, v := range values {
		args = append(args, intel.FoldName(v))
	}
	query := `SELECT i.data, x.value FROM (
			SELECT DISTINCT a.incident AS incident, d.value AS value FROM alert_detection d JOIN alert_alert a ON a.fingerprint = d.alert WHERE d.value IN (` + in + `) AND d.value <> ''
			UNION SELECT incident, name FROM alert_incident_name WHERE name IN (` + in + `)
		) x JOIN alert_incident i ON i.id = x.incident WHERE i.id <> ? ORDER BY i.last DESC, i.id, x.value LIMIT ?`
	var out []alert.Shared
	err := s.db.Read().Query(ctx, query, append(args, incident, limit*8), func(scan sqldb.Scan) error {
		var i alert.Incident
		var value string
		if err := scan(sqldb.JSONColumn[alert.Incident]{V: &i}, &value); err != nil {
			return err
		}
		if n := len(out); n > 0 && out[n-1].Incident.ID == i.ID {
			out[n-1].Values = append(out[n-1].Values, value)
		} else if n < limit {
			out = append(out, alert.Shared{Incident: i, Values: []string{value}})
		}
		return nil
	})
	return out, err
}

func (s alertStore) Totals(ctx context.Context) (alert.Totals, error) {
	t := alert.Totals{Open: map[string]int{}}
	err := s.db.Read().Query(ctx, "SELECT state, level, count(*) FROM alert_incident GROUP BY state, level", nil, func(scan sqldb.Scan) error {
		var state, level string
		var n int
		if err := scan(&state, &level, &n); err != nil {
			return err
		}
		if alert.State(state) == alert.Open {
			t.Open[level] += n
		} else {
			t.Closed += n
		}
		return nil
	})
	if err != nil {
		return t, err
	}
	_, err = s.db.Read().Row(ctx, `SELECT count(*), CAST(coalesce(sum(count), 0) AS BIGINT), CAST(coalesce(sum(CASE WHEN suppressed THEN count ELSE 0 END), 0) AS BIGINT)
		FROM alert_alert`, nil, &t.Alerts, &t.Detections, &t.Suppressed)
	return t, err
}
