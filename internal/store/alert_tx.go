package store

import (
	"context"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

// keptPerAlert is how many detections of one fingerprint are kept in full; the
// rest is counted.
const keptPerAlert = 1000

type alertTx struct{ tx *sqldb.Tx }

var _ alert.Tx = alertTx{}

func (t alertTx) Insert(ctx context.Context, ds []alert.Detection) ([]alert.Detection, error) {
	var fresh []alert.Detection
	seen := map[string]bool{}
	for _, d := range ds {
		if seen[d.ID] {
			continue
		}
		seen[d.ID] = true
		var kept int64
		fp := alert.Fingerprint(d)
		if _, err := t.tx.Row(ctx, "SELECT count FROM alert_alert WHERE fingerprint = ?", []any{fp}, &kept); err != nil {
			return nil, err
		}
		if kept >= keptPerAlert {
			if d.Past { // it cannot be told whether it was counted already
				continue
			}
			fresh = append(fresh, d)
			continue
		}
		n, err := t.tx.Exec(ctx, "INSERT INTO alert_detection (id, alert, time, reason, entity, value, data) VALUES (?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING",
			d.ID, fp, sqldb.Micros(d.Time), d.Reason.Key, d.Entity.Name, d.Observable.Value, sqldb.JSON[alert.Detection]{V: d})
		if err != nil {
			return nil, err
		}
		if n > 0 {
			fresh = append(fresh, d)
		}
	}
	return fresh, nil
}

func (t alertTx) AlertBy(ctx context.Context, fingerprint string) (alert.Alert, bool, error) {
	var a alert.Alert
	ok, err := t.tx.Row(ctx, "SELECT data FROM alert_alert WHERE fingerprint = ?", []any{fingerprint}, sqldb.JSONColumn[alert.Alert]{V: &a})
	return a, ok, err
}

func (t alertTx) SaveAlert(ctx context.Context, a alert.Alert) error {
	_, err := t.tx.Exec(ctx, `INSERT INTO alert_alert (fingerprint, incident, reason, entity, first, last, count, suppressed, data) VALUES (?,?,?,?,?,?,?,?,?)
		ON CONFLICT (fingerprint) DO UPDATE SET incident = excluded.incident, first = excluded.first, last = excluded.last,
		count = excluded.count, suppressed = excluded.suppressed, data = excluded.data`,
		a.Fingerprint, a.Incident, a.Detection.Reason.Key, a.Detection.Entity.Name, sqldb.Micros(a.First), sqldb.Micros(a.Last),
		a.Count, a.Suppressed, sqldb.JSON[alert.Alert]{V: a})
	return err
}

func (t alertTx) Candidates(ctx context.Context, entity, reasonKey string, names []string, since time.Time) ([]alert.Candidate, error) {
	query := `SELECT i.data, x.how, x.name FROM (
		SELECT incident, 'reason' AS how, '' AS name FROM alert_alert WHERE reason = ? AND incident <> ''`
	args := []any{reasonKey}
	if entity != "" {
		query += " UNION SELECT incident, 'entity', '' FROM alert_alert WHERE entity = ? AND incident <> ''"
		args = append(args, entity)
	}
	if len(names) > 0 {
		query += " UNION SELECT incident, 'name', name FROM alert_incident_name WHERE name IN (" + sqldb.List(len(names)) + ")"
		for _, n := range names {
			args = append(args, intel.FoldName(n))
		}
	}
	query += ") x JOIN alert_incident i ON i.id = x.incident WHERE i.state = 'open' AND i.last >= ? ORDER BY i.number"
	var out []alert.Candidate
	err := t.tx.Query(ctx, query, append(args, sqldb.Micros(since)), func(scan sqldb.Scan) error {
		var in alert.Incident
		var how, name string
		if err := scan(sqldb.JSONColumn[alert.Incident]{V: &in}, &how, &name); err != nil {
			return err
		}
		if n := len(out); n == 0 || out[n-1].Incident.ID != in.ID {
			out = append(out, alert.Candidate{Incident: in})
		}
		c := &out[len(out)-1]
		switch how {
		case "entity":
			c.Entity = true
		case "reason":
			c.Reason = true
		default:
			c.Names = append(c.Names, name)
		}
		return nil
	})
	return out, err
}

func (t alertTx) Track(ctx context.Context, reasonKey, entity string) (alert.Record, error) {
	var r alert.Record
	if _, err := t.tx.Row(ctx, "SELECT count(DISTINCT entity) FROM alert_alert WHERE reason = ?", []any{reasonKey}, &r.Entities); err != nil {
		return r, err
	}
	err := t.tx.Query(ctx, `SELECT i.verdict, count(DISTINCT i.id), count(DISTINCT CASE WHEN a.entity = ? THEN i.id END)
		FROM alert_alert a JOIN alert_incident i ON i.id = a.incident WHERE a.reason = ? AND i.verdict <> '' GROUP BY i.verdict`, []any{entity, reasonKey},
		func(scan sqldb.Scan) error {
			var verdict string
			var n, here int
			err := scan(&verdict, &n, &here)
			switch alert.VerdictKind(verdict) {
			case alert.TruePositive:
				r.True += n
			case alert.FalsePositive:
				r.False += n
			case alert.BenignTruePositive:
				r.BenignHere += here
			}
			return err
		})
	return r, err
}

func (t alertTx) SaveIncident(ctx context.Context, in *alert.Incident) error {
	if in.Number == 0 {
		if _, err := t.tx.Row(ctx, "SELECT coalesce(max(number), 0) + 1 FROM alert_incident", nil, &in.Number); err != nil {
			return err
		}
	}
	verdict := ""
	if in.Verdict != nil {
		verdict = string(in.Verdict.Kind)
	}
	_, err := t.tx.Exec(ctx, `INSERT INTO alert_incident (id, number, state, verdict, owner, priority, level, first, last, text, data) VALUES (?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, verdict = excluded.verdict, owner = excluded.owner, priority = excluded.priority,
		level = excluded.level, first = excluded.first, last = excluded.last, text = excluded.text, data = excluded.data`,
		in.ID, in.Number, string(in.State), verdict, in.Owner, in.Assessment.Priority, string(in.Assessment.Level),
		sqldb.Micros(in.First), sqldb.Micros(in.Last), searchText(in), sqldb.JSON[alert.Incident]{V: *in})
	if err != nil {
		return err
	}
	if _, err := t.tx.Exec(ctx, "DELETE FROM alert_incident_name WHERE incident = ?", in.ID); err != nil || len(in.Names) == 0 {
		return err
	}
	var args []any
	for _, n := range in.Names {
		args = append(args, in.ID, intel.FoldName(n))
	}
	_, err = t.tx.Bulk(ctx, "INSERT INTO alert_incident_name (incident, name)", 2, args, "ON CONFLICT (incident, name) DO NOTHING")
	return err
}

func searchText(in *alert.Incident) string {
	parts := append([]string{in.Title}, in.Names...)
	for _, e := range in.Entities {
		parts = append(parts, e.Name, e.Label)
	}
	return strings.ToLower(strings.Join(append(parts, in.Techniques...), " "))
}

func (t alertTx) AddEntry(ctx context.Context, incident string, e alert.Entry) error {
	var seq int64
	if _, err := t.tx.Row(ctx, "SELECT coalesce(max(seq), 0) + 1 FROM alert_timeline WHERE incident = ?", []any{incident}, &seq); err != nil {
		return err
	}
	_, err := t.tx.Exec(ctx, "INSERT INTO alert_timeline (incident, seq, time, data) VALUES (?,?,?,?)",
		incident, seq, sqldb.Micros(e.Time), sqldb.JSON[alert.Entry]{V: e})
	return err
}

func (t alertTx) Content(ctx context.Context, id string) (alert.Incident, []alert.Alert, error) {
	in, err := incidentByID(ctx, t.tx.Queries, id)
	if err != nil {
		return in, nil, err
	}
	alerts, err := alertsOf(ctx, t.tx.Queries, id)
	return in, alerts, err
}

func (t alertTx) Record(ctx context.Context, c alert.Change) error {
	if c.Act != nil {
		if err := record(ctx, t.tx, *c.Act); err != nil {
			return err
		}
		if c.Topic != "" {
			if err := announce(ctx, t.tx, c.Topic, c.Act.Target); err != nil {
				return err
			}
		}
	}
	if c.Consumer == "" {
		return nil
	}
	return saveCheckpoint(ctx, t.tx, c.Consumer, c.Seq)
}
