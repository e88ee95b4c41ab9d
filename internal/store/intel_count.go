package store

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

// lot is one row of intel_count: indicators of a type that expire within one hour.
type lot struct {
	hour int64
	typ  string
}

// lots is how many there are, or how many more.
type lots map[lot]int64

const (
	microsPerHour = int64(time.Hour / time.Microsecond)
	noHour        = int64(math.MaxInt64) // of what does not expire
)

// everything is the row that counts all indicators, live or not.
var everything = lot{}

// standing is live but for expiry, which comes without a write.
const standing = "NOT revoked AND claimed"

// put counts n indicators that stand, or nothing when they do not.
func (l lots) put(typ string, until int64, stands bool, n int64) {
	if !stands {
		return
	}
	hour := noHour
	if until != 0 {
		hour = until / microsPerHour
	}
	l[lot{hour, typ}] += n
}

func (l lots) putRow(r *intel.Row) {
	l.put(string(r.Type), sqldb.Micros(r.ValidUntil), r.Claimed && !r.Revoked, 1)
}

// save adds l to the counts. Rows are written in one order, so that two writers never
// wait for each other.
func (l lots) save(ctx context.Context, tx *sqldb.Tx) error {
	maps.DeleteFunc(l, func(_ lot, n int64) bool { return n == 0 })
	_, err := tx.Bulk(ctx, "INSERT INTO intel_count (hour, type, n)", 3, l.args(), "ON CONFLICT (hour, type) DO UPDATE SET n = intel_count.n + excluded.n")
	return err
}

func (l lots) args() []any {
	args := make([]any, 0, 3*len(l))
	for _, k := range slices.SortedFunc(maps.Keys(l), func(a, b lot) int { return cmp.Or(cmp.Compare(a.hour, b.hour), cmp.Compare(a.typ, b.typ)) }) {
		args = append(args, k.hour, k.typ, l[k])
	}
	return args
}

// takeOut subtracts what the rows are before they are written, and locks them. It
// returns how many of them there are.
func (l lots) takeOut(ctx context.Context, tx *sqldb.Tx, rows []*intel.Row) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	keys := make([]int64, len(rows))
	for i, r := range rows {
		keys[i] = int64(r.Key)
	}
	in, list := tx.OneOf("key", keys)
	found := int64(0)
	err := tx.Query(ctx, "SELECT type, valid_until, revoked, claimed FROM intel_indicator WHERE "+in+tx.Locking("key"), []any{list}, func(scan sqldb.Scan) error {
		var typ string
		var until int64
		var revoked, claimed bool
		err := scan(&typ, &until, &revoked, &claimed)
		l.put(typ, until, claimed && !revoked, -1)
		found++
		return err
	})
	return found, err
}

// firstUnclaimed writes rows that are not there as if nobody claimed them. What another
// process is writing now is waited for, so that then all of them can be read and locked,
// and whoever was first has counted them.
func firstUnclaimed(ctx context.Context, tx *sqldb.Tx, rows []*intel.Row, columns func(*intel.Row, []any) []any) error {
	args := make([]any, 0, len(rows)*len(rowNames))
	for _, r := range rows {
		first := *r
		first.Claimed = false
		args = columns(&first, args)
	}
	added, err := tx.Bulk(ctx, "INSERT INTO intel_indicator ("+rowColumns+")", len(rowNames), args, "ON CONFLICT (key) DO NOTHING")
	if err != nil {
		return err
	}
	return lots{everything: added}.save(ctx, tx)
}

// countRows returns what writing rows changes in the counts. known are those of them
// that may be there.
func countRows(ctx context.Context, tx *sqldb.Tx, rows []intel.Row, known []*intel.Row) (lots, error) {
	l := lots{}
	had, err := l.takeOut(ctx, tx, known)
	l[everything] = int64(len(rows)) - had
	for i := range rows {
		l.putRow(&rows[i])
	}
	return l, err
}

// Counts implements intel.Store. Only what expires within the running hour is looked
// at one by one.
func (s intelStore) Counts(ctx context.Context, now time.Time) (intel.Counts, error) {
	c := intel.Counts{ByType: map[indicator.Type]int{}, BySource: map[string]int{}}
	q := s.db.Read()
	at := sqldb.Micros(now)
	hour := at / microsPerHour
	// One statement, and so one moment: a write between two would be counted by halves.
	err := q.Query(ctx, `SELECT type, SUM(n) FROM (
			SELECT type, n FROM intel_count WHERE hour > ? OR (hour = 0 AND type = '')
			UNION ALL
			SELECT type, COUNT(*) FROM intel_indicator WHERE `+standing+` AND valid_until > ? AND valid_until < ? GROUP BY type
		) counted GROUP BY type`, []any{hour, at, (hour + 1) * microsPerHour}, func(scan sqldb.Scan) error {
		var t indicator.Type
		var n int
		err := scan(&t, &n)
		switch {
		case t == "":
			c.Total = n
		case n > 0:
			c.ByType[t] = n
			c.Live += n
		}
		return err
	})
	if err != nil {
		return c, err
	}
	err = q.Query(ctx, "SELECT sources, n FROM intel_combination", nil, func(scan sqldb.Scan) error {
		var sources string
		var n int
		err := scan(&sources, &n)
		for _, source := range intel.SourcesOf(sources) {
			c.BySource[source] += n
		}
		return err
	})
	return c, err
}

// recountLots holds the counts against the indicators, puts right what is wrong and
// says how much was.
func recountLots(ctx context.Context, tx *sqldb.Tx) (int, error) {
	now, have := lots{}, lots{}
	total := int64(0)
	err := tx.Query(ctx, "SELECT type, valid_until, COUNT(*), CASE WHEN "+standing+" THEN 1 ELSE 0 END FROM intel_indicator GROUP BY 1, 2, 4", nil, func(scan sqldb.Scan) error {
		var typ string
		var until, n, stands int64
		err := scan(&typ, &until, &n, &stands)
		now.put(typ, until, stands == 1, n)
		total += n
		return err
	})
	if err != nil {
		return 0, err
	}
	now[everything] = total
	err = tx.Query(ctx, "SELECT hour, type, n FROM intel_count", nil, func(scan sqldb.Scan) error {
		var k lot
		var n int64
		err := scan(&k.hour, &k.typ, &n)
		have[k] = n
		return err
	})
	if err != nil {
		return 0, err
	}
	wrong := 0
	for k := range have {
		if now[k] != have[k] {
			wrong++
		}
	}
	for k := range now {
		if _, ok := have[k]; !ok {
			wrong++
		}
	}
	if wrong == 0 {
		return 0, nil
	}
	if _, err := tx.Exec(ctx, "DELETE FROM intel_count"); err != nil {
		return 0, err
	}
	_, err = tx.Bulk(ctx, "INSERT INTO intel_count (hour, type, n)", 3, now.args(), "")
	return wrong, err
}
