package store

import (
	"context"

	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

// Outbox hands announced facts to their consumers.
type Outbox struct{ db *sqldb.DB }

// Outbox returns the store's outbox.
func (s *Store) Outbox() Outbox { return Outbox{s.db} }

// Pending returns the oldest facts that were not forgotten yet, in order.
func (o Outbox) Pending(ctx context.Context, limit int) ([]ref.Fact, error) {
	var facts []ref.Fact
	err := o.db.Read().Query(ctx, "SELECT seq, topic, kind, id, time FROM outbox ORDER BY seq LIMIT ?", []any{limit},
		func(scan sqldb.Scan) error {
			var f ref.Fact
			if err := scan(&f.Seq, &f.Topic, &f.Ref.Kind, &f.Ref.ID, sqldb.TimeColumn{T: &f.Time}); err != nil {
				return err
			}
			facts = append(facts, f)
			return nil
		})
	return facts, err
}

// Forget removes the facts up to and including seq, once they were acted on.
func (o Outbox) Forget(ctx context.Context, seq int64) error {
	return o.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM outbox WHERE seq <= ?", seq)
		return err
	})
}
