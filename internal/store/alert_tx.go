package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

// keptPerAlert is how many detections of one fingerprint are kept in full; the
// rest is counted.
const keptPerAlert = 1000

type alertTx struct {
	tx   *sqldb.Tx
	read map[string]readIncident // by id: what Candidates decoded before
}

// readIncident is an incident with what it was decoded from.
type readIncident struct {
	data     string
	incident alert.Incident
}

var _ alert.Tx = alertTx{}

// some is how many values one query is asked for.
const some = 500

// pick runs a query for values, some at a time: "... IN (" + list + ")".
func pick(ctx context.Context, tx *sqldb.Tx, query string, values []string, scan func(sqldb.Scan) error) error {
	for part := range slices.Chunk(values, some) {
		args := make([]any, len(part))
		for i, v := range part {
			args[i] = v
		}
		if err := tx.Query(ctx, query+" IN ("+sqldb.List(len(part))+")", args, scan); err != nil {
			return err
		}
	}
	return nil
}

func (t alertTx) Insert(ctx context.Context, ds []alert.Detection) ([]alert.Detection, error) {
	kept, known := map[string]int64{}, map[string]bool{}
	fps, ids := make([]string, 0, len(ds)), make([]string, 0, len(ds))
	for _, d := range ds {
		fp := alert.Fingerprint(d)
		if _, ok := kept[fp]; !ok {
			kept[fp] = 0
			fps = append(fps, fp)
		}
		ids = append(ids, d.ID)
	}
	err := pick(ctx, t.tx, "SELECT fingerprint, count FROM alert_alert WHERE fingerprint", fps, func(scan sqldb.Scan) error {
		var fp string
		var n int64
		err := scan(&fp, &n)
		kept[fp] = n
		return err
	})
	if err != nil {
		return nil, err
	}
	err = pick(ctx, t.tx, "SELECT id FROM alert_detection WHERE id", ids, func(scan sqldb.Scan) error {
		var id string
		err := scan(&id)
		known[id] = true
		return err
	})
	if err != nil {
		return nil, err
	}
	var fresh []alert.Detection
	var args []any
	for _, d := range ds {
		if known[d.ID] {
			continue
		}
		known[d.ID] = true
		fp := alert.Fingerprint(d)
		if kept[fp] >= keptPerAlert {
			if !d.Past { // else it cannot be told whether it was counted already
				fresh = append(fresh, d)
			}
			continue
		}
		fresh = append(fresh, d)
		args = append(args, d.ID, fp, sqldb.Micros(d.Time), d.Reason.Key, d.Entity.Name, d.Observable.Value, sqldb.JSON[alert.Detection]{V: d})
	}
	_, err = t.tx.Bulk(ctx, "INSERT INTO alert_detection (id, alert, time, reason, entity, value, data)", 7, args, "")
	return fresh, err
}

func (t alertTx) AlertsBy(ctx context.Context, fingerprints []string) ([]alert.Alert, error) {
	var out []alert.Alert
	err := pick(ctx, t.tx, "SELECT data FROM alert_alert WHERE fingerprint", fingerprints, func(scan sqldb.Scan) error {
		var a alert.Alert
		err := scan(sqldb.JSONColumn[alert.Alert]{V: &a})
		out = append(out, a)
		return err
	})
	return out, err
}

func (t alertTx) SaveAlerts(ctx context.Context, list []alert.Alert) error {
	var args []any
	for _, a := range list {
		args = append(args, a.Fingerprint, a.Incident, a.Detection.Reason.Key, a.Detection.Entity.Name, sqldb.Micros(a.First), sqldb.Micros(a.Last),
			a.Count, a.Suppressed, sqldb.JSON[alert.Alert]{V: a})
	}
	_, err := t.tx.Bulk(ctx, "INSERT INTO alert_alert (fingerprint, incident, reason, entity, first, last, count, suppressed, data)", 9, args,
		`ON CONFLICT (fingerprint) DO UPDATE SET incident = excluded.incident, first = excluded.first, last = excluded.last,
		count = excluded.count, suppressed = excluded.suppressed, data = excluded.data`)
	return err
}

// A burst asks for the same incidents again and again: those that did not change are
// not decoded again, and share their lists.
func (t alertTx) Candidates(ctx context.Context, w alert.Wanted) ([]alert.Candidate, error) {
	query := `SELECT i.id, i.data, x.how, x.name FROM (
		SELECT incident, 'reason' AS how, '' AS name FROM alert_alert WHERE reason = ? AND reason <> '' AND incident <> ''`
	args := []any{w.Reason}
	if w.Entity != "" {
		query += " UNION SELECT incident, 'entity', '' FROM alert_alert WHERE entity = ? AND incident <> ''"
		args = append(args, w.Entity)
	}
	if !w.Rare.IsZero() {
		query += " UNION SELECT id, 'rare', '' FROM alert_incident WHERE state = 'open' AND rare >= ?"
		args = append(args, sqldb.Micros(w.Rare))
	}
	if len(w.Names) > 0 {
		query += " UNION SELECT incident, 'name', name FROM alert_incident_name WHERE name IN (" + sqldb.List(len(w.Names)) + ")"
		for _, n := range w.Names {
			args = append(args, intel.FoldName(n))
		}
	}
	query += ") x JOIN alert_incident i ON i.id = x.incident WHERE i.state = 'open' AND i.last >= ? ORDER BY i.number"
	var out []alert.Candidate
	err := t.tx.Query(ctx, query, append(args, sqldb.Micros(w.Since)), func(scan sqldb.Scan) error {
		var id, data, how, name string
		if err := scan(&id, &data, &how, &name); err != nil {
			return err
		}
		in, err := t.decode(id, data)
		if err != nil {
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
		case "rare":
			c.Rare = true
		default:
			c.Names = append(c.Names, name)
		}
		return nil
	})
	return out, err
}

func (t alertTx) decode(id, data string) (alert.Incident, error) {
	if r, ok := t.read[id]; ok && r.data == data {
		return r.incident, nil
	}
	r := readIncident{data: data}
	if err := json.Unmarshal([]byte(data), &r.incident); err != nil {
		return r.incident, fmt.Errorf("read incident %s: %w", id, err)
	}
	t.read[id] = r
	return r.incident, nil
}

func (t alertTx) Incident(ctx context.Context, id string) (alert.Incident, error) {
	return incidentByID(ctx, t.tx.Queries, id)
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
	return t.SaveIncidents(ctx, []alert.Incident{*in})
}

func (t alertTx) SaveIncidents(ctx context.Context, list []alert.Incident) error {
	var args, names []any
	var ids []string
	for i := range list {
		in := &list[i]
		verdict := ""
		if in.Verdict != nil {
			verdict = string(in.Verdict.Kind)
		}
		ids = append(ids, in.ID)
		args = append(args, in.ID, in.Number, string(in.State), verdict, in.Owner, in.Assessment.Priority, string(in.Assessment.Level),
			sqldb.Micros(in.First), sqldb.Micros(in.Last), sqldb.Micros(in.Rare), searchText(in), sqldb.JSON[alert.Incident]{V: *in})
		for _, n := range in.Names {
			names = append(names, in.ID, intel.FoldName(n))
		}
	}
	_, err := t.tx.Bulk(ctx, "INSERT INTO alert_incident (id, number, state, verdict, owner, priority, level, first, last, rare, text, data)", 12, args,
		`ON CONFLICT (id) DO UPDATE SET state = excluded.state, verdict = excluded.verdict, owner = excluded.owner, priority = excluded.priority,
		level = excluded.level, first = excluded.first, last = excluded.last, rare = excluded.rare, text = excluded.text, data = excluded.data`)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(ids, some) {
		gone := make([]any, len(part))
		for i, id := range part {
			gone[i] = id
		}
		if _, err := t.tx.Exec(ctx, "DELETE FROM alert_incident_name WHERE incident IN ("+sqldb.List(len(part))+")", gone...); err != nil {
			return err
		}
	}
	_, err = t.tx.Bulk(ctx, "INSERT INTO alert_incident_name (incident, name)", 2, names, "ON CONFLICT (incident, name) DO NOTHING")
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

func (t alertTx) Incidents(ctx context.Context, ids []string) ([]alert.Incident, error) {
	var out []alert.Incident
	err := pick(ctx, t.tx, "SELECT data FROM alert_incident WHERE id", ids, func(scan sqldb.Scan) error {
		var in alert.Incident
		err := scan(sqldb.JSONColumn[alert.Incident]{V: &in})
		out = append(out, in)
		return err
	})
	slices.SortFunc(out, func(a, b alert.Incident) int { return cmp.Compare(a.Number, b.Number) })
	return out, err
}

func (t alertTx) Contents(ctx context.Context, ids []string) ([]alert.Incident, map[string][]alert.Alert, error) {
	list, err := t.Incidents(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	alerts := map[string][]alert.Alert{}
	err = pick(ctx, t.tx, "SELECT data FROM alert_alert WHERE incident", ids, func(scan sqldb.Scan) error {
		var a alert.Alert
		err := scan(sqldb.JSONColumn[alert.Alert]{V: &a})
		alerts[a.Incident] = append(alerts[a.Incident], a)
		return err
	})
	for _, as := range alerts { // as alertsOf has them
		slices.SortFunc(as, func(a, b alert.Alert) int {
			return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Fingerprint, b.Fingerprint))
		})
	}
	return list, alerts, err
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
