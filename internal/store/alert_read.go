package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

// openCards are the incidents that Cards is about.
const openCards = "(SELECT id FROM alert_incident WHERE state = 'open' ORDER BY last DESC, id LIMIT ?)"

func (t alertTx) Cards(ctx context.Context) ([]*alert.Card, int, error) {
	var list []*alert.Card
	at := map[string]*alert.Card{}
	err := t.tx.Query(ctx, "SELECT id, number, first, last, rare FROM alert_incident WHERE id IN "+openCards+" ORDER BY number", []any{alert.MaxCards},
		func(scan sqldb.Scan) error {
			c := &alert.Card{}
			err := scan(&c.ID, &c.Number, sqldb.TimeColumn{T: &c.First}, sqldb.TimeColumn{T: &c.Last}, sqldb.TimeColumn{T: &c.Rare})
			list, at[c.ID] = append(list, c), c
			return err
		})
	if err != nil {
		return nil, 0, err
	}
	words := map[string]string{} // each once: there are few, and many that hold them
	note := func(list *[]string, s string) {
		w, ok := words[s]
		if !ok {
			w, words[s] = s, s
		}
		if w != "" && !slices.Contains(*list, w) {
			*list = append(*list, w)
		}
	}
	err = t.tx.Query(ctx, "SELECT incident, entity, reason FROM alert_alert WHERE incident IN "+openCards+" ORDER BY fingerprint", []any{alert.MaxCards},
		func(scan sqldb.Scan) error {
			var id, entity, reason string
			if err := scan(&id, &entity, &reason); err != nil {
				return err
			}
			if c := at[id]; c != nil {
				c.Alerts++
				note(&c.Entities, entity)
				note(&c.Reasons, reason)
			}
			return nil
		})
	if err != nil {
		return nil, 0, err
	}
	err = t.tx.Query(ctx, "SELECT incident, name FROM alert_incident_name WHERE incident IN "+openCards+" ORDER BY incident, name", []any{alert.MaxCards},
		func(scan sqldb.Scan) error {
			var id, name string
			err := scan(&id, &name)
			if c := at[id]; c != nil {
				note(&c.Names, name)
			}
			return err
		})
	if err != nil {
		return nil, 0, err
	}
	var number int
	_, err = t.tx.Row(ctx, "SELECT coalesce(max(number), 0) FROM alert_incident", nil, &number)
	return list, number, err
}

func (t alertTx) AlertsBy(ctx context.Context, fingerprints []string) ([]*alert.Alert, error) {
	return t.alerts(ctx, "fingerprint", fingerprints)
}

func (t alertTx) alerts(ctx context.Context, by string, values []string) ([]*alert.Alert, error) {
	var out []*alert.Alert
	err := pick(ctx, t.tx, "SELECT data FROM alert_alert WHERE "+by, values, "", func(scan sqldb.Scan) error {
		a := &alert.Alert{}
		err := scan(sqldb.JSONColumn[alert.Alert]{V: a})
		out = append(out, a)
		return err
	})
	return out, err
}

func (t alertTx) Contents(ctx context.Context, ids []string) ([]*alert.Incident, map[string][]*alert.Alert, error) {
	var list []*alert.Incident
	err := pick(ctx, t.tx, "SELECT data FROM alert_incident WHERE id", ids, "", func(scan sqldb.Scan) error {
		in := &alert.Incident{}
		err := scan(sqldb.JSONColumn[alert.Incident]{V: in})
		list = append(list, in)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	all, err := t.alerts(ctx, "incident", ids)
	alerts := map[string][]*alert.Alert{}
	for _, a := range all {
		alerts[a.Incident] = append(alerts[a.Incident], a)
	}
	for _, as := range alerts { // as alertsOf has them
		slices.SortFunc(as, func(a, b *alert.Alert) int {
			return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Fingerprint, b.Fingerprint))
		})
	}
	return list, alerts, err
}

func (t alertTx) Track(ctx context.Context, reason string) (alert.Record, error) {
	var r alert.Record
	if _, err := t.tx.Row(ctx, "SELECT count(DISTINCT entity) FROM alert_alert WHERE reason = ?", []any{reason}, &r.Entities); err != nil {
		return r, err
	}
	err := t.tx.Query(ctx, `SELECT i.verdict, count(DISTINCT i.id) FROM alert_alert a JOIN alert_incident i ON i.id = a.incident
		WHERE a.reason = ? AND i.verdict <> '' GROUP BY i.verdict`, []any{reason},
		func(scan sqldb.Scan) error {
			var verdict string
			var n int
			err := scan(&verdict, &n)
			switch alert.VerdictKind(verdict) {
			case alert.TruePositive:
				r.True += n
			case alert.FalsePositive:
				r.False += n
			}
			return err
		})
	return r, err
}
