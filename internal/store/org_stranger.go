package store

import (
	"context"
	"net/netip"

	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

type strangerStore struct{ db *sqldb.DB }

var _ org.StrangerStore = strangerStore{}

// Strangers returns the part of the store that keeps unknown hosts.
func (s *Store) Strangers() org.StrangerStore { return strangerStore{s.db} }

func (s strangerStore) Strangers(ctx context.Context) ([]org.Stranger, error) {
	return rows[org.Stranger](ctx, s.db.Read(), "SELECT data FROM org_stranger ORDER BY address")
}

func (s strangerStore) KeepStrangers(ctx context.Context, kept []org.Stranger, gone []netip.Addr) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := keepStrangers(ctx, tx, kept); err != nil {
			return err
		}
		for _, a := range gone {
			if _, err := tx.Exec(ctx, "DELETE FROM org_stranger WHERE address = ?", a.String()); err != nil {
				return err
			}
		}
		return nil
	})
}

func keepStrangers(ctx context.Context, tx *sqldb.Tx, list []org.Stranger) error {
	data, err := texts(list)
	if err != nil {
		return err
	}
	var args []any
	for i, h := range list {
		args = append(args, h.Address.String(), data[i])
	}
	_, err = tx.Bulk(ctx, "INSERT INTO org_stranger (address, data)", 2, args, "ON CONFLICT (address) DO UPDATE SET data = excluded.data")
	return err
}

func (s strangerStore) AnswerStranger(ctx context.Context, h org.Stranger, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := keepStrangers(ctx, tx, []org.Stranger{h}); err != nil {
			return err
		}
		return record(ctx, tx, act)
	})
}
