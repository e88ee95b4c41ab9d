package store

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

type ledger struct{ db *sqldb.DB }

var _ intel.Ledger = ledger{}

// Ledger returns the counts of the audit of feeds.
func (s *Store) Ledger() intel.Ledger { return ledger{s.db} }

// saveTally adds what a write changed. Rows are written in one order, so that two
// writers never wait for each other.
func saveTally(ctx context.Context, tx *sqldb.Tx, t *intel.Tally) error {
	if t == nil {
		return nil
	}
	var sets, days, spreads []any
	for _, k := range slices.Sorted(maps.Keys(t.Sets)) {
		if n := t.Sets[k]; n != 0 {
			sets = append(sets, k, n)
		}
	}
	for d, f := range t.Days {
		days = append(days, d.Source, d.Day, f.Adds, f.Removes)
	}
	for s, n := range t.Spreads {
		spreads = append(spreads, s.Source, string(s.Kind), s.Value, n)
	}
	if _, err := tx.Bulk(ctx, "INSERT INTO intel_combination (sources, n)", 2, sets, "ON CONFLICT (sources) DO UPDATE SET n = intel_combination.n + excluded.n"); err != nil {
		return err
	}
	if len(sets) > 0 {
		if _, err := tx.Exec(ctx, "DELETE FROM intel_combination WHERE n <= 0"); err != nil {
			return err
		}
	}
	if _, err := tx.Bulk(ctx, "INSERT INTO intel_feed_day (source, day, adds, removes)", 4, days,
		"ON CONFLICT (source, day) DO UPDATE SET adds = intel_feed_day.adds + excluded.adds, removes = intel_feed_day.removes + excluded.removes"); err != nil {
		return err
	}
	_, err := tx.Bulk(ctx, "INSERT INTO intel_feed_spread (source, kind, value, n)", 4, spreads,
		"ON CONFLICT (source, kind, value) DO UPDATE SET n = intel_feed_spread.n + excluded.n")
	return err
}

// Tallies implements intel.Ledger.
func (l ledger) Tallies(ctx context.Context, since time.Time) (intel.Tally, map[string]intel.FeedFacts, error) {
	t := intel.Tally{Sets: map[string]int{}, Days: map[intel.SourceDay]intel.Flow{}, Spreads: map[intel.Spread]int{}}
	facts := map[string]intel.FeedFacts{}
	q := l.db.Read()
	err := q.Query(ctx, "SELECT sources, n FROM intel_combination", nil, func(scan sqldb.Scan) error {
		var k string
		var n int
		err := scan(&k, &n)
		t.Sets[k] = n
		return err
	})
	if err != nil {
		return t, nil, err
	}
	err = q.Query(ctx, "SELECT source, day, adds, removes FROM intel_feed_day WHERE day >= ?", []any{intel.DayOf(since)}, func(scan sqldb.Scan) error {
		var d intel.SourceDay
		var f intel.Flow
		err := scan(&d.Source, &d.Day, &f.Adds, &f.Removes)
		t.Days[d] = f
		return err
	})
	if err != nil {
		return t, nil, err
	}
	err = q.Query(ctx, "SELECT source, kind, value, n FROM intel_feed_spread", nil, func(scan sqldb.Scan) error {
		var s intel.Spread
		var n int
		err := scan(&s.Source, &s.Kind, &s.Value, &n)
		t.Spreads[s] = n
		return err
	})
	if err != nil {
		return t, nil, err
	}
	err = q.Query(ctx, "SELECT source, settled, listed FROM intel_feed", nil, func(scan sqldb.Scan) error {
		var source string
		var f intel.FeedFacts
		err := scan(&source, sqldb.TimeColumn{T: &f.Settled}, sqldb.JSONColumn[intel.Listed]{V: &f.Listed})
		facts[source] = f
		return err
	})
	return t, facts, err
}

// Settle implements intel.Ledger.
func (l ledger) Settle(ctx context.Context, source string, at time.Time) error {
	return l.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO intel_feed (source, settled, listed) VALUES (?,?,'') ON CONFLICT (source) DO NOTHING", source, sqldb.Micros(at))
		return err
	})
}

// Lives implements intel.Ledger.
func (l ledger) Lives(ctx context.Context, source string, now time.Time) (map[indicator.Type][]indicator.Lived, error) {
	out := map[indicator.Type][]indicator.Lived{}
	const day = 24 * 60 * 60 * 1_000_000
	err := l.db.Read().Query(ctx, `SELECT i.type, (CASE WHEN s.withdrawn THEN s.last_seen ELSE ? END - s.first_added) / ?, s.withdrawn, COUNT(*)
		FROM intel_source s JOIN intel_indicator i ON i.key = s.key JOIN intel_feed f ON f.source = s.source
		WHERE s.source = ? AND s.first_added > f.settled GROUP BY 1, 2, 3`, []any{sqldb.Micros(now), int64(day), source}, func(scan sqldb.Scan) error {
		var typ indicator.Type
		var lived indicator.Lived
		err := scan(&typ, &lived.Days, &lived.Gone, &lived.N)
		out[typ] = append(out[typ], lived)
		return err
	})
	return out, err
}

// SaveListed implements intel.Ledger.
func (l ledger) SaveListed(ctx context.Context, source string, listed intel.Listed) error {
	b, err := json.Marshal(listed)
	if err != nil {
		return err
	}
	return l.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE intel_feed SET listed = ? WHERE source = ?", string(b), source)
		return err
	})
}

// Recount implements intel.Ledger. It reads the claims in the order of their keys
// and holds one set at a time.
func (l ledger) Recount(ctx context.Context) (int, error) {
	wrong := 0
	err := l.db.Write(ctx, func(tx *sqldb.Tx) error {
		var err error
		if wrong, err = recountLots(ctx, tx); err != nil {
			return err
		}
		now, err := countSets(ctx, tx)
		if err != nil {
			return err
		}
		have := map[string]int{}
		err = tx.Query(ctx, "SELECT sources, n FROM intel_combination", nil, func(scan sqldb.Scan) error {
			var k string
			var n int
			err := scan(&k, &n)
			have[k] = n
			return err
		})
		if err != nil || maps.Equal(now, have) {
			return err
		}
		var args []any
		for _, k := range slices.Sorted(maps.Keys(now)) {
			args = append(args, k, now[k])
			if have[k] != now[k] {
				wrong++
			}
		}
		for k := range have {
			if now[k] == 0 {
				wrong++
			}
		}
		if _, err := tx.Exec(ctx, "DELETE FROM intel_combination"); err != nil {
			return err
		}
		_, err = tx.Bulk(ctx, "INSERT INTO intel_combination (sources, n)", 2, args, "")
		return err
	})
	return wrong, err
}

func countSets(ctx context.Context, tx *sqldb.Tx) (map[string]int, error) {
	sets := map[string]int{}
	var at int64
	var sources []string
	end := func() {
		if len(sources) > 0 {
			sets[intel.SetKey(sources)]++
		}
		sources = sources[:0]
	}
	err := tx.Query(ctx, "SELECT key, source FROM intel_source WHERE NOT withdrawn ORDER BY key, source", nil, func(scan sqldb.Scan) error {
		var key int64
		var source string
		if err := scan(&key, &source); err != nil {
			return err
		}
		if key != at {
			end()
			at = key
		}
		sources = append(sources, source)
		return nil
	})
	end()
	return sets, err
}

// Outcomes implements intel.Ledger: a view over alerts and their incidents.
func (l ledger) Outcomes(ctx context.Context, since time.Time) ([]intel.Outcome, error) {
	var out []intel.Outcome
	err := l.db.Read().Query(ctx, `SELECT a.fingerprint, a.first, a.count, a.data, COALESCE(i.verdict, '') FROM alert_alert a LEFT JOIN alert_incident i ON i.id = a.incident
		WHERE a.last >= ? AND NOT a.suppressed ORDER BY a.fingerprint`, []any{sqldb.Micros(since)}, func(scan sqldb.Scan) error {
		var o intel.Outcome
		var a alert.Alert
		if err := scan(&o.Alert, sqldb.TimeColumn{T: &o.First}, &o.Count, sqldb.JSONColumn[alert.Alert]{V: &a}, &o.Verdict); err != nil {
			return err
		}
		r := a.Detection.Reason
		if r.Kind != alert.ByIndicator {
			return nil
		}
		o.ID, o.Value, o.Title, o.Sources, o.Entity = r.Key, r.Value, a.Title, r.Sources, a.Detection.Entity.Name
		out = append(out, o)
		return nil
	})
	return out, err
}
