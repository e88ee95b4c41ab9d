package store

import (
	"context"
	"fmt"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

// PastIncidents returns the part of the store that incidents are compared by.
func (s *Store) PastIncidents() alert.Past { return alertStore{s.db} }

func (s alertStore) Revisions(ctx context.Context, limit int) (map[string]string, error) {
	out := map[string]string{}
	err := s.db.Read().Query(ctx, `SELECT i.id, i.state, i.verdict, i.last, count(a.fingerprint)
		FROM (SELECT id, state, verdict, last FROM alert_incident ORDER BY last DESC, id LIMIT ?) i
		JOIN alert_alert a ON a.incident = i.id GROUP BY i.id, i.state, i.verdict, i.last`, []any{limit},
		func(scan sqldb.Scan) error {
			var id, state, verdict string
			var last, alerts int64
			err := scan(&id, &state, &verdict, &last, &alerts)
			out[id] = fmt.Sprintf("%s %s %d %d", state, verdict, last, alerts)
			return err
		})
	return out, err
}

func (s alertStore) Compared(ctx context.Context, ids []string) ([]*alert.Incident, map[string][]*alert.Alert, error) {
	return alertTx{&sqldb.Tx{Queries: s.db.Read()}}.Contents(ctx, ids) // it only reads
}
