package store

import (
	"context"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

// runsKept is how many runs of one feed are remembered.
const runsKept = 500

type collectStore struct{ db *sqldb.DB }

var _ collect.Store = collectStore{}

// Feeds returns the part of the store that keeps feeds and their runs.
func (s *Store) Feeds() collect.Store { return collectStore{s.db} }

func (s collectStore) Feeds(ctx context.Context) ([]collect.Feed, error) {
	return rows[collect.Feed](ctx, s.db.Read(), "SELECT data FROM collect_feed ORDER BY id")
}

func (s collectStore) SaveFeed(ctx context.Context, f collect.Feed, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO collect_feed (id, data) VALUES (?,?) ON CONFLICT (id) DO UPDATE SET data = excluded.data",
			f.ID, sqldb.JSON[collect.Feed]{V: f})
		if err != nil {
			return err
		}
		return record(ctx, tx, act)
	})
}

func (s collectStore) DeleteFeed(ctx context.Context, id string, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, "DELETE FROM collect_feed WHERE id = ?", id)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.New(errs.NotFound, "feed_unknown", "There is no feed %q.", id)
		}
		if _, err := tx.Exec(ctx, "DELETE FROM collect_state WHERE feed = ?", id); err != nil {
			return err
		}
		return record(ctx, tx, act)
	})
}

func (s collectStore) States(ctx context.Context) (map[string]collect.State, error) {
	list, err := rows[collect.State](ctx, s.db.Read(), "SELECT data FROM collect_state")
	out := make(map[string]collect.State, len(list))
	for _, st := range list {
		out[st.Feed] = st
	}
	return out, err
}

func (s collectStore) SaveRun(ctx context.Context, r collect.Run, st collect.State) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO collect_run (id, feed, started, data) VALUES (?,?,?,?)",
			r.ID, r.Feed, sqldb.Micros(r.Started), sqldb.JSON[collect.Run]{V: r})
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM collect_run WHERE feed = ? AND started < (
			SELECT min(started) FROM (SELECT started FROM collect_run WHERE feed = ? ORDER BY started DESC LIMIT ?) x)`, r.Feed, r.Feed, runsKept)
		if err != nil || st.Feed == "" {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO collect_state (feed, data) VALUES (?,?) ON CONFLICT (feed) DO UPDATE SET data = excluded.data",
			st.Feed, sqldb.JSON[collect.State]{V: st})
		return err
	})
}

func (s collectStore) Runs(ctx context.Context, feed string, limit int) ([]collect.Run, error) {
	var w sqldb.Where
	if feed != "" {
		w.And("feed = ?", feed)
	}
	return rows[collect.Run](ctx, s.db.Read(), "SELECT data FROM collect_run"+w.SQL()+" ORDER BY started DESC, id DESC LIMIT ?", w.Args(limit)...)
}
