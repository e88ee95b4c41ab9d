package store

import (
	"context"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

// keptPerAlert is how many detections of one fingerprint are kept in full; the
// rest is counted.
const keptPerAlert = 1000

func (t alertTx) Insert(ctx context.Context, list []alert.Arrival) ([]alert.Arrival, error) {
	known, err := t.Known(ctx, list)
	if err != nil {
		return nil, err
	}
	fresh := make([]alert.Arrival, 0, len(list))
	var kept []*alert.Detection
	var fps []string
	for _, d := range list {
		if known[d.ID] {
			continue
		}
		known[d.ID] = true
		if d.Before >= keptPerAlert {
			if !d.Past { // else it cannot be told whether it was counted already
				fresh = append(fresh, d)
			}
			continue
		}
		fresh = append(fresh, d)
		kept, fps = append(kept, &fresh[len(fresh)-1].Detection), append(fps, d.Fingerprint)
	}
	return fresh, t.insert(ctx, kept, fps)
}

func (t alertTx) Known(ctx context.Context, list []alert.Arrival) (map[string]bool, error) {
	events := make([]string, len(list))
	for i := range list {
		events[i] = list[i].Event.ID
	}
	known := map[string]bool{}
	err := pick(ctx, t.tx, "SELECT id FROM alert_detection WHERE event", slices.Compact(events), "", func(scan sqldb.Scan) error {
		var id string
		err := scan(&id)
		known[id] = true
		return err
	})
	return known, err
}

func (t alertTx) Retire(ctx context.Context, from, to string) error {
	if _, err := t.tx.Exec(ctx, "UPDATE alert_detection SET alert = ? WHERE alert = ?", to, from); err != nil {
		return err
	}
	if _, err := t.tx.Exec(ctx, "UPDATE alert_account SET fingerprint = ? WHERE fingerprint = ?", to, from); err != nil {
		return err
	}
	_, err := t.tx.Exec(ctx, "DELETE FROM alert_alert WHERE fingerprint = ?", from)
	return err
}

func (t alertTx) insert(ctx context.Context, list []*alert.Detection, fps []string) error {
	data, err := texts(withoutLeaks(list))
	if err != nil {
		return err
	}
	args := make([]any, 0, 6*len(list))
	for i, d := range list {
		args = append(args, d.Event.ID, d.ID, fps[i], sqldb.Micros(d.Time), d.Observable.Value, data[i])
	}
	if _, err = t.tx.Bulk(ctx, "INSERT INTO alert_detection (event, id, alert, time, value, data)", 6, args, ""); err != nil {
		return err
	}
	return t.keepAccounts(ctx, list, fps)
}

func (t alertTx) SaveAlerts(ctx context.Context, list []*alert.Alert) error {
	data, err := texts(list)
	if err != nil {
		return err
	}
	args := make([]any, 0, 11*len(list))
	for i, a := range list {
		e := &a.Detection.Entity
		args = append(args, a.Fingerprint, a.Incident, a.Detection.Reason.Key, e.Kind, e.Name, sqldb.Micros(a.First), sqldb.Micros(a.Last),
			a.Count, a.Suppressed, a.Detection.Target != nil, data[i])
	}
	_, err = t.tx.Bulk(ctx, "INSERT INTO alert_alert (fingerprint, incident, reason, kind, entity, first, last, count, suppressed, targeted, data)", 11, args,
		`ON CONFLICT (fingerprint) DO UPDATE SET incident = excluded.incident, first = excluded.first, last = excluded.last,
		count = excluded.count, suppressed = excluded.suppressed, targeted = excluded.targeted, data = excluded.data`)
	return err
}

func (t alertTx) SaveIncidents(ctx context.Context, list []*alert.Incident) error {
	data, err := texts(list)
	if err != nil {
		return err
	}
	args := make([]any, 0, 12*len(list))
	for i, in := range list {
		verdict := ""
		if in.Verdict != nil {
			verdict = string(in.Verdict.Kind)
		}
		args = append(args, in.ID, in.Number, string(in.State), verdict, in.Owner, in.Assessment.Priority, string(in.Assessment.Level),
			sqldb.Micros(in.First), sqldb.Micros(in.Last), sqldb.Micros(in.Rare), searchText(in), data[i])
	}
	_, err = t.tx.Bulk(ctx, "INSERT INTO alert_incident (id, number, state, verdict, owner, priority, level, first, last, rare, text, data)", 12, args,
		`ON CONFLICT (id) DO UPDATE SET state = excluded.state, verdict = excluded.verdict, owner = excluded.owner, priority = excluded.priority,
		level = excluded.level, first = excluded.first, last = excluded.last, rare = excluded.rare, text = excluded.text, data = excluded.data`)
	return err
}

func (t alertTx) SaveNames(ctx context.Context, list []*alert.Incident) error {
	var ids []string
	var names []any
	for _, in := range list {
		ids = append(ids, in.ID)
		for _, n := range in.Names {
			names = append(names, in.ID, intel.FoldName(n))
		}
	}
	if err := t.remove(ctx, "DELETE FROM alert_incident_name WHERE incident", ids); err != nil {
		return err
	}
	_, err := t.tx.Bulk(ctx, "INSERT INTO alert_incident_name (incident, name)", 2, names, "ON CONFLICT (incident, name) DO NOTHING")
	return err
}

// remove runs a statement for values, some at a time: "DELETE ... IN (" + list + ")".
func (t alertTx) remove(ctx context.Context, statement string, values []string) error {
	for part := range slices.Chunk(values, some) {
		args := make([]any, len(part))
		for i, v := range part {
			args[i] = v
		}
		if _, err := t.tx.Exec(ctx, statement+" IN ("+sqldb.List(len(part))+")", args...); err != nil {
			return err
		}
	}
	return nil
}

func searchText(in *alert.Incident) string {
	parts := append([]string{in.Title}, in.Names...)
	for _, e := range in.Entities {
		parts = append(parts, e.Name, e.Label)
	}
	return strings.ToLower(strings.Join(append(parts, in.Techniques...), " "))
}

func (t alertTx) AddEntries(ctx context.Context, lines []alert.Line) error {
	last := map[string]int64{}
	var ids []string
	var entries []alert.Entry
	for _, l := range lines {
		if _, ok := last[l.Incident]; !ok {
			last[l.Incident] = 0
			ids = append(ids, l.Incident)
		}
		entries = append(entries, l.Entry)
	}
	err := pick(ctx, t.tx, "SELECT incident, max(seq) FROM alert_timeline WHERE incident", ids, " GROUP BY incident", func(scan sqldb.Scan) error {
		var id string
		var seq int64
		err := scan(&id, &seq)
		last[id] = seq
		return err
	})
	if err != nil {
		return err
	}
	data, err := texts(entries)
	if err != nil {
		return err
	}
	var args []any
	for i, l := range lines {
		last[l.Incident]++
		args = append(args, l.Incident, last[l.Incident], sqldb.Micros(l.Time), data[i])
	}
	_, err = t.tx.Bulk(ctx, "INSERT INTO alert_timeline (incident, seq, time, data)", 4, args, "")
	return err
}
