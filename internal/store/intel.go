package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

type intelStore struct{ db *sqldb.DB }

var _ intel.Store = intelStore{}

// Intel returns the part of the store that keeps indicators.
func (s *Store) Intel() intel.Store { return intelStore{s.db} }

const rowColumns = "key, type, value, names, tags, confidence, tlp, layer, kill_chain, valid_from, valid_until, first_seen, last_seen, revoked, claimed, pinned_by"

// list stores a list of words: ” when empty, which most are.
func list(words []string) string {
	if len(words) == 0 {
		return ""
	}
	b, _ := json.Marshal(words) // strings always marshal
	return string(b)
}

type listColumn = sqldb.JSONColumn[[]string]

func rowDst(r *intel.Row) []any {
	return []any{
		&r.Key, &r.Type, &r.Value,
		listColumn{V: &r.Names},
		listColumn{V: &r.Tags},
		&r.Confidence, &r.TLP, &r.Layer, &r.KillChain,
		sqldb.TimeColumn{T: &r.ValidFrom},
		sqldb.TimeColumn{T: &r.ValidUntil},
		sqldb.TimeColumn{T: &r.FirstSeen},
		sqldb.TimeColumn{T: &r.LastSeen},
		&r.Revoked, &r.Claimed, &r.PinnedBy,
	}
}

func scanRow(scan sqldb.Scan) (intel.Row, error) {
	var r intel.Row
	err := scan(rowDst(&r)...)
	r.ID = indicator.ID(r.Type, r.Value)
	return r, err
}

// said is what intel_source.note holds beside its columns.
type said struct {
	TLP        indicator.TLP   `json:"tlp,omitempty"`
	Layer      indicator.Layer `json:"layer,omitempty"`
	KillChain  string          `json:"kill_chain,omitempty"`
	Comment    string          `json:"comment,omitempty"`
	Reference  string          `json:"reference,omitempty"`
	ExternalID string          `json:"external_id,omitempty"`
	ValidFrom  int64           `json:"valid_from,omitempty"`
}

func (s intelStore) Load(ctx context.Context, keys []intel.Key) (map[intel.Key]intel.Row, map[intel.Key][]intel.AssertionRow, error) {
	rows := make(map[intel.Key]intel.Row, len(keys))
	all := make(map[intel.Key][]intel.AssertionRow, len(keys))
	if len(keys) == 0 {
		return rows, all, nil
	}
	args := make([]any, len(keys))
	for i, k := range keys {
		args[i] = int64(k)
	}
	q := s.db.Read()
	in := sqldb.List(len(keys))
	err := q.Query(ctx, "SELECT "+rowColumns+" FROM intel_indicator WHERE key IN ("+in+")", args, func(scan sqldb.Scan) error {
		r, err := scanRow(scan)
		rows[r.Key] = r
		return err
	})
	if err != nil || len(rows) == 0 {
		return rows, all, err
	}
	err = q.Query(ctx, "SELECT key, confirmed, refuted, last FROM intel_sighting WHERE key IN ("+in+")", args, func(scan sqldb.Scan) error {
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
	err = q.Query(ctx, `SELECT key, source, run, first_added, last_seen, confidence, until, names, tags, note, withdrawn FROM intel_source WHERE key IN (`+in+`)`,
		args, func(scan sqldb.Scan) error {
			a, err := scanAssertion(scan)
			all[a.Key] = append(all[a.Key], a)
			return err
		})
	return rows, all, err
}

func scanAssertion(scan sqldb.Scan) (intel.AssertionRow, error) {
	var a intel.AssertionRow
	var n said
	err := scan(&a.Key, &a.Source, &a.Run, sqldb.TimeColumn{T: &a.FirstAdded}, sqldb.TimeColumn{T: &a.LastSeen}, &a.Confidence,
		sqldb.TimeColumn{T: &a.Until}, listColumn{V: &a.Names}, listColumn{V: &a.Tags}, sqldb.JSONColumn[said]{V: &n}, &a.Withdrawn)
	a.TLP, a.Layer, a.KillChain = n.TLP, n.Layer, n.KillChain
	a.Comment, a.Reference, a.ExternalID, a.ValidFrom = n.Comment, n.Reference, n.ExternalID, sqldb.Time(n.ValidFrom)
	return a, err
}

func (s intelStore) Save(ctx context.Context, b intel.Batch) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := saveRows(ctx, tx, b.Rows); err != nil {
			return err
		}
		if err := saveAssertions(ctx, tx, b.Assertions); err != nil {
			return err
		}
		if err := saveTally(ctx, tx, b.Tally); err != nil {
			return err
		}
		if !b.Announce {
			return nil
		}
		return announce(ctx, tx, "intel.changed", ref.Ref{Kind: ref.System, ID: "intel"})
	})
}

func saveRows(ctx context.Context, tx *sqldb.Tx, rows []intel.Row) error {
	args := make([]any, 0, len(rows)*16)
	var names []any
	for _, r := range rows {
		args = append(args, int64(r.Key), string(r.Type), r.Value, list(r.Names), list(r.Tags), r.Confidence, int(r.TLP), string(r.Layer), r.KillChain,
			sqldb.Micros(r.ValidFrom), sqldb.Micros(r.ValidUntil), sqldb.Micros(r.FirstSeen), sqldb.Micros(r.LastSeen), r.Revoked, r.Claimed, r.PinnedBy)
		for _, n := range r.Names {
			names = append(names, intel.FoldName(n), int64(r.Key))
		}
	}
	_, err := tx.Bulk(ctx, "INSERT INTO intel_indicator ("+rowColumns+")", 16, args, `ON CONFLICT (key) DO UPDATE SET
		names = excluded.names, tags = excluded.tags, confidence = excluded.confidence, tlp = excluded.tlp, layer = excluded.layer,
		kill_chain = excluded.kill_chain, valid_from = excluded.valid_from, valid_until = excluded.valid_until,
		last_seen = excluded.last_seen, revoked = excluded.revoked, claimed = excluded.claimed, pinned_by = excluded.pinned_by`)
	if err != nil {
		return err
	}
	if _, err = tx.Bulk(ctx, "INSERT INTO intel_name (name, key)", 2, names, "ON CONFLICT (name, key) DO NOTHING"); err != nil {
		return err
	}
	return noteTurned(ctx, tx, rows)
}

func saveAssertions(ctx context.Context, tx *sqldb.Tx, assertions []intel.AssertionRow) error {
	args := make([]any, 0, len(assertions)*11)
	for _, a := range assertions {
		note := ""
		if n := (said{a.TLP, a.Layer, a.KillChain, a.Comment, a.Reference, a.ExternalID, sqldb.Micros(a.ValidFrom)}); n != (said{}) {
			b, err := json.Marshal(n)
			if err != nil {
				return err
			}
			note = string(b)
		}
		args = append(args, int64(a.Key), a.Source, a.Run, sqldb.Micros(a.FirstAdded), sqldb.Micros(a.LastSeen), a.Confidence,
			sqldb.Micros(a.Until), list(a.Names), list(a.Tags), note, a.Withdrawn)
	}
	_, err := tx.Bulk(ctx, "INSERT INTO intel_source (key, source, run, first_added, last_seen, confidence, until, names, tags, note, withdrawn)", 11, args,
		`ON CONFLICT (key, source) DO UPDATE SET run = excluded.run, last_seen = excluded.last_seen, confidence = excluded.confidence,
		until = excluded.until, names = excluded.names, tags = excluded.tags, note = excluded.note, withdrawn = excluded.withdrawn`)
	return err
}

func (s intelStore) Stale(ctx context.Context, source, run string, after intel.Key, limit int) ([]intel.Key, error) {
	var keys []intel.Key
	err := s.db.Read().Query(ctx, "SELECT key FROM intel_source WHERE source = ? AND run <> ? AND NOT withdrawn AND key > ? ORDER BY key LIMIT ?", []any{source, run, int64(after), limit},
		func(scan sqldb.Scan) error {
			var k intel.Key
			err := scan(&k)
			keys = append(keys, k)
			return err
		})
	return keys, err
}

// live is the condition under which an indicator is matched.
const live = "NOT revoked AND claimed AND (valid_until = 0 OR valid_until > ?)"

func (s intelStore) Live(ctx context.Context, now time.Time, fn func(k intel.Key, t indicator.Type, value string) error) error {
	return s.db.Read().Query(ctx, "SELECT key, type, value FROM intel_indicator WHERE "+live, []any{sqldb.Micros(now)},
		func(scan sqldb.Scan) error {
			var k intel.Key
			var t indicator.Type
			var v string
			if err := scan(&k, &t, &v); err != nil {
				return err
			}
			return fn(k, t, v)
		})
}

// meeting returns the conditions of q but for its cursor.
func meeting(q intel.Query) (sqldb.Where, error) {
	var w sqldb.Where
	now := sqldb.Micros(time.Now())
	switch q.State {
	case "", "live":
		w.And(live, now)
	case "expired":
		w.And("NOT ("+live+")", now)
	case "all":
	default:
		return w, errs.New(errs.Invalid, "state_unknown", "The state %q is not one of live, expired, all.", q.State)
	}
	if q.Type != "" {
		w.And("type = ?", string(q.Type))
	}
	if q.MinConf > 0 {
		w.And("confidence >= ?", q.MinConf)
	}
	if q.MaxTLP > 0 {
		w.And("tlp <= ?", int(q.MaxTLP))
	}
	if !q.AddedAfter.IsZero() {
		w.And("first_seen > ?", sqldb.Micros(q.AddedAfter))
	}
	for _, word := range strings.Fields(strings.ToLower(q.Text)) {
		like := sqldb.Like(true, word, true)
		w.And(`value LIKE ? ESCAPE '\' OR lower(names) LIKE ? ESCAPE '\'`, like, like)
	}
	return w, nil
}

// exportPage is how many indicators Pages reads at once.
const exportPage = 2000

func (s intelStore) Pages(ctx context.Context, q intel.Query, fn func([]intel.Row) error) error {
	w, err := meeting(q)
	if err != nil {
		return err
	}
	// Asked of each row in turn: as a list of keys they would be gathered anew
	// for every page.
	if q.Name != "" {
		w.And("EXISTS (SELECT 1 FROM intel_name n WHERE n.name = ? AND n.key = i.key)", intel.FoldName(q.Name))
	}
	if q.Source != "" {
		w.And("EXISTS (SELECT 1 FROM intel_source s WHERE s.key = i.key AND s.source = ? AND NOT s.withdrawn)", q.Source)
	}
	w.And("key > ?")
	query := "SELECT " + rowColumns + " FROM intel_indicator i" + w.SQL() + " ORDER BY key LIMIT ?"
	page := make([]intel.Row, 0, exportPage)
	for after := int64(math.MinInt64); ; {
		page = page[:0]
		err := s.db.Read().Query(ctx, query, w.Args(after, exportPage), func(scan sqldb.Scan) error {
			r, err := scanRow(scan)
			page = append(page, r)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		if err := fn(page); err != nil || len(page) < exportPage {
			return err
		}
		after = int64(page[len(page)-1].Key)
	}
}

func (s intelStore) Search(ctx context.Context, q intel.Query) ([]intel.Row, string, error) {
	w, err := meeting(q)
	if err != nil {
		return nil, "", err
	}
	if q.Name != "" {
		w.And("key IN (SELECT key FROM intel_name WHERE name = ?)", intel.FoldName(q.Name))
	}
	if q.Source != "" {
		w.And("key IN (SELECT key FROM intel_source WHERE source = ? AND NOT withdrawn)", q.Source)
	}
	column, order, beyond := "last_seen", "DESC", "<"
	if q.Arrival {
		column, order, beyond = "first_seen", "ASC", ">"
	}
	if q.Cursor != "" {
		var at, key int64
		b, err := base64.RawURLEncoding.DecodeString(q.Cursor)
		if err == nil {
			_, err = fmt.Sscanf(string(b), "%d %d", &at, &key)
		}
		if err != nil {
			return nil, "", errs.New(errs.Invalid, "cursor_invalid", "The cursor is not one this list gave out; start again without it.")
		}
		w.And("("+column+", key) "+beyond+" (?, ?)", at, key)
	}
	var out []intel.Row
	err = s.db.Read().Query(ctx, "SELECT "+rowColumns+" FROM intel_indicator"+w.SQL()+" ORDER BY "+column+" "+order+", key "+order+" LIMIT ?", w.Args(q.Limit),
		func(scan sqldb.Scan) error {
			r, err := scanRow(scan)
			out = append(out, r)
			return err
		})
	next := ""
	if n := len(out); n > 0 && n == q.Limit {
		at := out[n-1].LastSeen
		if q.Arrival {
			at = out[n-1].FirstSeen
		}
		next = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d", sqldb.Micros(at), out[n-1].Key))
	}
	return out, next, err
}

func (s intelStore) Counts(ctx context.Context, now time.Time) (intel.Counts, error) {
	c := intel.Counts{ByType: map[indicator.Type]int{}, BySource: map[string]int{}}
	q := s.db.Read()
	if _, err := q.Row(ctx, "SELECT count(*) FROM intel_indicator", nil, &c.Total); err != nil {
		return c, err
	}
	err := q.Query(ctx, "SELECT type, count(*) FROM intel_indicator WHERE "+live+" GROUP BY type", []any{sqldb.Micros(now)}, func(scan sqldb.Scan) error {
		var t indicator.Type
		var n int
		err := scan(&t, &n)
		c.ByType[t] = n
		c.Live += n
		return err
	})
	if err != nil {
		return c, err
	}
	err = q.Query(ctx, "SELECT source, count(*) FROM intel_source WHERE NOT withdrawn GROUP BY source", nil, func(scan sqldb.Scan) error {
		var source string
		var n int
		err := scan(&source, &n)
		c.BySource[source] = n
		return err
	})
	return c, err
}

func (s intelStore) Pin(ctx context.Context, row intel.Row, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := saveRows(ctx, tx, []intel.Row{row}); err != nil {
			return err
		}
		if err := record(ctx, tx, act); err != nil {
			return err
		}
		return announce(ctx, tx, "intel.changed", act.Target)
	})
}
