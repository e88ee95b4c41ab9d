package store

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

type suppressionStore struct{ db *sqldb.DB }

var _ alert.SuppressionStore = suppressionStore{}

// Suppressions returns the part of the store that keeps what was decided about
// proposals to suppress rules.
func (s *Store) Suppressions() alert.SuppressionStore { return suppressionStore{s.db} }

func (s suppressionStore) JudgedHarmless(ctx context.Context, since time.Time, limit int) ([]string, error) {
	var out []string
	err := s.db.Read().Query(ctx, `SELECT a.reason, count(DISTINCT i.id) AS n FROM alert_alert a JOIN alert_incident i ON i.id = a.incident
		WHERE i.verdict IN ('false-positive', 'benign-true-positive') AND i.last >= ? GROUP BY a.reason ORDER BY n DESC, a.reason LIMIT ?`,
		[]any{sqldb.Micros(since), limit}, func(scan sqldb.Scan) error {
			var reason string
			var n int
			err := scan(&reason, &n)
			out = append(out, reason)
			return err
		})
	return out, err
}

func (s suppressionStore) Reviewed(ctx context.Context, reason string, since time.Time, limit int) (alert.Reviewed, error) {
	q := s.db.Read()
	out := alert.Reviewed{Incidents: map[string]alert.Incident{}}
	err := q.Query(ctx, `SELECT d.data, i.id FROM alert_alert a JOIN alert_detection d ON d.alert = a.fingerprint JOIN alert_incident i ON i.id = a.incident
		WHERE a.reason = ? AND (d.time >= ? OR i.verdict = 'true-positive')
		ORDER BY CASE WHEN i.verdict = 'true-positive' THEN 0 ELSE 1 END, d.time DESC, d.id LIMIT ?`,
		[]any{reason, sqldb.Micros(since), limit}, func(scan sqldb.Scan) error {
			var h alert.Held
			err := scan(sqldb.JSONColumn[alert.Detection]{V: &h.Detection}, &h.Incident)
			out.Held = append(out.Held, h)
			out.Incidents[h.Incident] = alert.Incident{}
			return err
		})
	if err != nil {
		return out, err
	}
	for id := range out.Incidents {
		if out.Incidents[id], err = incidentByID(ctx, q, id); err != nil {
			return out, err
		}
	}
	_, err = q.Row(ctx, "SELECT CAST(coalesce(sum(count), 0) AS BIGINT) FROM alert_alert WHERE reason = ? AND last >= ? AND NOT suppressed",
		[]any{reason, sqldb.Micros(since)}, &out.Counted)
	return out, err
}

func (s suppressionStore) RealWith(ctx context.Context) (map[string][]alert.Incident, error) {
	q := s.db.Read()
	all, err := lessons(ctx, q)
	if err != nil {
		return nil, err
	}
	out := map[string][]alert.Incident{}
	for _, l := range all {
		if !l.Real {
			continue
		}
		in, err := incidentByID(ctx, q, l.Incident)
		if errs.KindOf(err) == errs.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		seen := map[string]bool{}
		for _, t := range in.Told {
			if !seen[t.Rule] && t.Entity != "" {
				seen[t.Rule] = true
				out[t.Rule] = append(out[t.Rule], in)
			}
		}
	}
	return out, nil
}

// maxDecisions is how many decisions are shown.
const maxDecisions = 1000

func (s suppressionStore) Decisions(ctx context.Context) ([]alert.Decision, error) {
	return rows[alert.Decision](ctx, s.db.Read(), "SELECT data FROM alert_suppression ORDER BY at DESC, id LIMIT ?", maxDecisions)
}

func (s suppressionStore) SaveDecision(ctx context.Context, d alert.Decision, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO alert_suppression (id, at, data) VALUES (?,?,?) ON CONFLICT (id) DO UPDATE SET at = excluded.at, data = excluded.data",
			d.ID, sqldb.Micros(d.Time), sqldb.JSON[alert.Decision]{V: d})
		if err != nil {
			return err
		}
		return record(ctx, tx, act)
	})
}

func (s suppressionStore) Passed(ctx context.Context, d alert.Decision) (n int, err error) {
	_, err = s.db.Read().Row(ctx, `SELECT count(*) FROM alert_alert a JOIN alert_detection d ON d.alert = a.fingerprint
		WHERE a.reason = ? AND d.data LIKE '%"list":"let pass by %' AND d.data LIKE ?`, []any{d.Rule, `%"decision":"` + d.ID + `"%`}, &n)
	return n, err
}
