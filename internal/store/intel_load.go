package store

import (
	"context"

	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

func numbers(keys []intel.Key) []int64 {
	out := make([]int64, len(keys))
	for i, k := range keys {
		out[i] = int64(k)
	}
	return out
}

// Load implements intel.Store.
func (s intelStore) Load(ctx context.Context, keys []intel.Key) (map[intel.Key]intel.Row, map[intel.Key][]intel.AssertionRow, error) {
	rows := make(map[intel.Key]intel.Row, len(keys))
	all := make(map[intel.Key][]intel.AssertionRow, len(keys))
	if len(keys) == 0 {
		return rows, all, nil
	}
	q := s.db.Read()
	in, list := q.OneOf("key", numbers(keys))
	err := q.Query(ctx, "SELECT "+rowColumns+" FROM intel_indicator WHERE "+in, []any{list}, func(scan sqldb.Scan) error {
		r, err := scanRow(scan)
		rows[r.Key] = r
		return err
	})
	if err != nil || len(rows) == 0 {
		return rows, all, err
	}
	err = q.Query(ctx, "SELECT key, confirmed, refuted, last FROM intel_sighting WHERE "+in, []any{list}, func(scan sqldb.Scan) error {
		var k intel.Key
		var m intel.Sighting
		err := scan(&k, &m.Confirmed, &m.Refuted, sqldb.TimeColumn{T: &m.Last})
		r := rows[k]
		r.Sighting = m
		rows[k] = r
		return err
	})
	if err != nil {
		return rows, all, err
	}
	err = q.Query(ctx, "SELECT "+saidColumns+", seq FROM intel_source WHERE "+in, []any{list}, func(scan sqldb.Scan) error {
		a, err := scanAssertion(scan)
		all[a.Key] = append(all[a.Key], a)
		return err
	})
	return rows, all, err
}

func scanAssertion(scan sqldb.Scan) (intel.AssertionRow, error) {
	var a intel.AssertionRow
	var n said
	err := scan(&a.Key, &a.Source, &a.Run, &a.Mark, sqldb.TimeColumn{T: &a.FirstAdded}, sqldb.TimeColumn{T: &a.Since}, sqldb.TimeColumn{T: &a.LastSeen}, &a.Confidence,
		sqldb.TimeColumn{T: &a.Until}, listColumn{V: &a.Names}, listColumn{V: &a.Tags}, sqldb.JSONColumn[said]{V: &n}, &a.Withdrawn, &a.Seq)
	a.TLP, a.Layer, a.KillChain = n.TLP, n.Layer, n.KillChain
	a.Comment, a.Reference, a.ExternalID, a.ValidFrom = n.Comment, n.Reference, n.ExternalID, sqldb.Time(n.ValidFrom)
	return a, err
}

// Standing implements intel.Store.
func (s intelStore) Standing(ctx context.Context, source string, run intel.RunKey, keys []intel.Key) (map[intel.Key]intel.Standing, error) {
	out := map[intel.Key]intel.Standing{}
	q := s.db.Read()
	in, list := q.OneOf("key", numbers(keys))
	const columns = "key, CASE WHEN source = ? THEN 1 ELSE 0 END, withdrawn, run, seq, mark, last_seen"
	err := q.Query(ctx, "SELECT "+columns+" FROM intel_source WHERE "+in, []any{source, list}, func(scan sqldb.Scan) error {
		var k, is, by, seq, mark, last int64
		var withdrawn bool
		if err := scan(&k, &is, &withdrawn, &by, &seq, &mark, &last); err != nil {
			return err
		}
		st := out[intel.Key(k)]
		st.Key = intel.Key(k)
		if is == 0 {
			st.Others = st.Others || !withdrawn
		} else {
			st.Mine, st.ThisRun = !withdrawn, intel.RunKey(by) == run
			st.Seq, st.Mark, st.LastSeen = seq, intel.Mark(mark), sqldb.Time(last)
		}
		out[st.Key] = st
		return nil
	})
	return out, err
}

// Stale implements intel.Store.
func (s intelStore) Stale(ctx context.Context, source string, run intel.RunKey, after int64, limit int) ([]intel.Standing, error) {
	var out []intel.Standing
	err := s.db.Read().Query(ctx, "SELECT key, seq FROM intel_source WHERE source = ? AND run <> ? AND NOT withdrawn AND seq > ? ORDER BY seq LIMIT ?",
		[]any{source, int64(run), after, limit}, func(scan sqldb.Scan) error {
			var st intel.Standing
			err := scan(&st.Key, &st.Seq)
			out = append(out, st)
			return err
		})
	return out, err
}
