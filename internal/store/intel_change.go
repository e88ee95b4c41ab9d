package store

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

const (
	// changesKept is how many changes Changes can tell of.
	changesKept = 200_000
	// forgetEvery is how often a write removes those beyond.
	forgetEvery = 64
)

// noteTurned notes which of the rows begin or cease to be live.
func noteTurned(ctx context.Context, tx *sqldb.Tx, rows []intel.Row) error {
	var keys []byte
	for i := range rows {
		if rows[i].Turned {
			keys = binary.BigEndian.AppendUint64(keys, uint64(rows[i].Key))
		}
	}
	if len(keys) == 0 {
		return nil
	}
	_, err := noteKeys(ctx, tx, keys)
	return err
}

// noteKeys adds a row to the journal and returns its moment.
func noteKeys(ctx context.Context, tx *sqldb.Tx, keys []byte) (intel.Stamp, error) {
	// The update locks the counter, so rows become visible in the order of seq.
	var seq, total int64
	if _, err := tx.Row(ctx, "UPDATE intel_change_seq SET next = next + 1 RETURNING next", nil, &seq); err != nil {
		return intel.Stamp{}, err
	}
	seq--
	if _, err := tx.Row(ctx, "SELECT total FROM intel_change ORDER BY seq DESC LIMIT 1", nil, &total); err != nil {
		return intel.Stamp{}, err
	}
	total += int64(len(keys) / 8)
	s := intel.Stamp{Seq: seq, Token: rand.Int64()}
	_, err := tx.Exec(ctx, "INSERT INTO intel_change (seq, token, total, keys) VALUES (?,?,?,?)",
		s.Seq, s.Token, total, base64.StdEncoding.EncodeToString(keys))
	if err == nil && seq%forgetEvery == 0 {
		_, err = tx.Exec(ctx, "DELETE FROM intel_change WHERE total < ?", total-changesKept)
	}
	return s, err
}

func (s intelStore) Moment(ctx context.Context, now time.Time) (intel.Stamp, error) {
	var m intel.Stamp
	const last = "SELECT seq, token FROM intel_change ORDER BY seq DESC LIMIT 1"
	ok, err := s.db.Read().Row(ctx, last, nil, &m.Seq, &m.Token)
	if err == nil && !ok {
		err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
			if ok, err := tx.Row(ctx, last, nil, &m.Seq, &m.Token); ok || err != nil {
				return err
			}
			m, err = noteKeys(ctx, tx, nil)
			return err
		})
	}
	m.At = now
	return m, err
}

func (s intelStore) Changes(ctx context.Context, since intel.Stamp, now time.Time, limit int) ([]intel.Change, intel.Stamp, bool, error) {
	var token, from, to int64
	at := intel.Stamp{At: now}
	q := s.db.Read()
	ok, err := q.Row(ctx, "SELECT token, total FROM intel_change WHERE seq = ?", []any{since.Seq}, &token, &from)
	if err != nil || !ok || token != since.Token || now.Before(since.At) {
		return nil, at, false, err
	}
	if _, err := q.Row(ctx, "SELECT seq, token, total FROM intel_change ORDER BY seq DESC LIMIT 1", nil, &at.Seq, &at.Token, &to); err != nil {
		return nil, at, false, err
	}
	if to-from > int64(limit) {
		return nil, at, false, nil
	}
	keys, err := s.turned(ctx, since, at, limit)
	if err != nil || len(keys) > limit {
		return nil, at, false, err
	}
	changed, err := s.asNow(ctx, keys, now)
	return changed, at, err == nil, err
}

// turned returns the keys noted after one moment and up to another, and those
// that expired between; one more than limit when there are too many.
func (s intelStore) turned(ctx context.Context, since, to intel.Stamp, limit int) ([]intel.Key, error) {
	seen := map[intel.Key]bool{}
	var keys []intel.Key
	add := func(k intel.Key) {
		if !seen[k] {
			seen[k] = true
			keys = append(keys, k)
		}
	}
	q := s.db.Read()
	err := q.Query(ctx, "SELECT keys FROM intel_change WHERE seq > ? AND seq <= ? ORDER BY seq", []any{since.Seq, to.Seq}, func(scan sqldb.Scan) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(b)%8 != 0 {
			return fmt.Errorf("the journal of indicators is damaged: %w", err)
		}
		for ; len(b) > 0; b = b[8:] {
			add(intel.Key(binary.BigEndian.Uint64(b)))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = q.Query(ctx, "SELECT key FROM intel_indicator WHERE valid_until > ? AND valid_until <= ? LIMIT ?",
		[]any{sqldb.Micros(since.At), sqldb.Micros(to.At), limit + 1}, func(scan sqldb.Scan) error {
			var k intel.Key
			if err := scan(&k); err != nil {
				return err
			}
			add(k)
			return nil
		})
	return keys, err
}

// asNow reads what indicators are.
func (s intelStore) asNow(ctx context.Context, keys []intel.Key, now time.Time) ([]intel.Change, error) {
	changed := make([]intel.Change, 0, len(keys))
	const most = 500
	for len(keys) > 0 {
		n := min(len(keys), most)
		args := make([]any, 0, n+1)
		args = append(args, sqldb.Micros(now))
		for _, k := range keys[:n] {
			args = append(args, int64(k))
		}
		keys = keys[n:]
		err := s.db.Read().Query(ctx, "SELECT key, type, value, CASE WHEN "+live+" THEN 1 ELSE 0 END FROM intel_indicator WHERE key IN ("+sqldb.List(n)+")", args,
			func(scan sqldb.Scan) error {
				var c intel.Change
				var is int
				err := scan(&c.Key, &c.Type, &c.Value, &is)
				c.Live = is == 1
				changed = append(changed, c)
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	return changed, nil
}
