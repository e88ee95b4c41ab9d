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

const rowColumns = "key, type, value, names, tags, confidence, tlp, layer, kill_chain, valid_from, valid_until, first_seen, last_seen, revoked, claimed, pinned_by, since"

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
		sqldb.TimeColumn{T: &r.Since},
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

func (s intelStore) Pin(ctx context.Context, row intel.Row, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := saveRows(ctx, tx, []intel.Row{row}, false); err != nil {
			return err
		}
		if err := savePast(ctx, tx, []intel.Row{row}, nil); err != nil {
			return err
		}
		if err := record(ctx, tx, act); err != nil {
			return err
		}
		return announce(ctx, tx, "intel.changed", act.Target)
	})
}
