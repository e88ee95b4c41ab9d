package store

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// Queue is what the processes that share the work have in common beside the stream.
type Queue struct{ db *sqldb.DB }

var _ telemetry.LotFindings = Queue{}

// Queue returns the store's part for processes that share the work.
func (s *Store) Queue() Queue { return Queue{s.db} }

// Record makes a line of the audit log durable, for what is done outside the store.
func (q Queue) Record(ctx context.Context, act ref.Act) error {
	return q.db.Write(ctx, func(tx *sqldb.Tx) error { return record(ctx, tx, act) })
}

// floorName is the counter of the lots that cannot come again.
const floorName = "floor"

// PutFound implements telemetry.LotFindings. What is at or below the floor is refused:
// it was taken, and who comes with it had been given up long ago.
func (q Queue) PutFound(ctx context.Context, list []telemetry.LotFound) error {
	return q.db.Write(ctx, func(tx *sqldb.Tx) error {
		now := sqldb.Micros(time.Now())
		for _, f := range list {
			n := int64(f.Number)
			if _, err := tx.Exec(ctx, `INSERT INTO queue_lot (lot, matcher, at, records, taken, data)
				SELECT CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), false, CAST(? AS TEXT)
				WHERE NOT EXISTS (SELECT 1 FROM queue_counter WHERE name = ? AND value >= ?)
				ON CONFLICT (lot) DO NOTHING`, n, f.Matcher, now, int64(f.Records), string(f.Data), floorName, n); err != nil {
				return err
			}
		}
		return nil
	})
}

// Found implements telemetry.LotFindings.
func (q Queue) Found(ctx context.Context, limit int) ([]telemetry.LotFound, error) {
	var out []telemetry.LotFound
	err := q.db.Read().Query(ctx, "SELECT lot, matcher, records, data FROM queue_lot WHERE NOT taken ORDER BY lot LIMIT ?", []any{limit},
		func(scan sqldb.Scan) error {
			var n int64
			var f telemetry.LotFound
			var data string
			err := scan(&n, &f.Matcher, &f.Records, &data)
			f.Number, f.Data = telemetry.LotNumber(n), []byte(data)
			out = append(out, f)
			return err
		})
	return out, err
}

// Attempt implements telemetry.LotFindings.
func (q Queue) Attempt(ctx context.Context, n telemetry.LotNumber) (attempts int, err error) {
	err = q.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Row(ctx, `INSERT INTO queue_attempt (lot, attempts) VALUES (?, 1)
			ON CONFLICT (lot) DO UPDATE SET attempts = queue_attempt.attempts + 1 RETURNING attempts`, []any{int64(n)}, &attempts)
		return err
	})
	return attempts, err
}

// takeLots notes, with the alerts that came of them, that lots were taken.
func takeLots(ctx context.Context, tx *sqldb.Tx, lots []uint64) error {
	if len(lots) == 0 {
		return nil
	}
	args := make([]any, len(lots))
	for i, n := range lots {
		args[i] = int64(n)
	}
	n, err := tx.Exec(ctx, "UPDATE queue_lot SET taken = true, data = '' WHERE NOT taken AND lot IN ("+sqldb.List(len(lots))+")", args...)
	if err == nil && n != int64(len(lots)) {
		err = errs.New(errs.Conflict, "lots_taken", "Somebody else has taken these events.")
	}
	return err
}

// Backlog is how many lots wait for the keeper, and since when the oldest does.
func (q Queue) Backlog(ctx context.Context) (n int, oldest time.Time, err error) {
	_, err = q.db.Read().Row(ctx, "SELECT count(*), coalesce(min(at), 0) FROM queue_lot WHERE NOT taken", nil, &n, sqldb.TimeColumn{T: &oldest})
	if n == 0 {
		oldest = time.Time{}
	}
	return n, oldest, err
}

// Sweep removes what is known of lots that cannot come again: those up to done, which
// the stream says are acknowledged. It first raises the floor, and removes what is
// below it the next time, so that nobody is between the two.
func (q Queue) Sweep(ctx context.Context, done telemetry.LotNumber) error {
	return q.db.Write(ctx, func(tx *sqldb.Tx) error {
		var floor int64
		if _, err := tx.Row(ctx, "SELECT value FROM queue_counter WHERE name = ?", []any{floorName}, &floor); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM queue_lot WHERE taken AND lot <= ?", floor); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM queue_attempt WHERE lot <= ?", floor); err != nil {
			return err
		}
		if int64(done) <= floor {
			return nil
		}
		_, err := tx.Exec(ctx, "INSERT INTO queue_counter (name, value) VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", floorName, int64(done))
		return err
	})
}

// Base returns where the numbers of the lots of a stream begin. The first to ask for a
// new stream decides: behind proposed.
func (q Queue) Base(ctx context.Context, created time.Time, proposed telemetry.LotNumber) (telemetry.LotNumber, error) {
	var base int64
	err := q.db.Write(ctx, func(tx *sqldb.Tx) error {
		var highest int64 // of streams before
		if _, err := tx.Row(ctx, "SELECT coalesce(max(base), 0) FROM queue_stream", nil, &highest); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO queue_stream (created, base) VALUES (?,?) ON CONFLICT (created) DO NOTHING",
			sqldb.Micros(created), max(highest, int64(proposed))); err != nil {
			return err
		}
		_, err := tx.Row(ctx, "SELECT base FROM queue_stream WHERE created = ?", []any{sqldb.Micros(created)}, &base)
		return err
	})
	return telemetry.LotNumber(base), err
}

// KnownBase is Base of a stream that somebody has asked for.
func (q Queue) KnownBase(ctx context.Context, created time.Time) (base telemetry.LotNumber, ok bool, err error) {
	var n int64
	ok, err = q.db.Read().Row(ctx, "SELECT base FROM queue_stream WHERE created = ?", []any{sqldb.Micros(created)}, &n)
	return telemetry.LotNumber(n), ok, err
}

// House returns a value that all processes share: the first that was proposed.
func (q Queue) House(ctx context.Context, name, proposed string) (value string, err error) {
	err = q.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO queue_house (name, value) VALUES (?,?) ON CONFLICT (name) DO NOTHING", name, proposed); err != nil {
			return err
		}
		_, err := tx.Row(ctx, "SELECT value FROM queue_house WHERE name = ?", []any{name}, &value)
		return err
	})
	return value, err
}

// topicPrefix is what the counters of topics begin with.
const topicPrefix = "topic "

// Tell lets the other processes know that a topic has news.
func (q Queue) Tell(ctx context.Context, topic string) error {
	return q.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO queue_counter (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = queue_counter.value + 1", topicPrefix+topic)
		return err
	})
}

// News is how often each topic was told of.
func (q Queue) News(ctx context.Context) (map[string]int64, error) {
	out := map[string]int64{}
	err := q.db.Read().Query(ctx, "SELECT name, value FROM queue_counter WHERE name LIKE 'topic %'", nil, func(scan sqldb.Scan) error {
		var name string
		var n int64
		err := scan(&name, &n)
		out[name[min(len(topicPrefix), len(name)):]] = n
		return err
	})
	return out, err
}
