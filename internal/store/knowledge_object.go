package store

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

// objectVersion names one version of an object.
type objectVersion struct {
	id, source string
	modified   int64
}

func versionOf(r intel.ObjectRow) objectVersion {
	return objectVersion{r.ID, r.Source, sqldb.Micros(r.Modified)}
}

// putObjects keeps objects as they came. A version that is there already is
// replaced only when it says something else.
func putObjects(ctx context.Context, tx *sqldb.Tx, rows []intel.ObjectRow, now time.Time, st *intel.Stored) error {
	last := map[objectVersion]int{} // within one call the last one counts
	for i, r := range rows {
		last[versionOf(r)] = i
	}
	have, err := keptVersions(ctx, tx, rows)
	if err != nil {
		return err
	}
	var seq int64
	if _, err := tx.Row(ctx, "SELECT COALESCE(MAX(seq), 0) FROM intel_object", nil, &seq); err != nil {
		return err
	}
	var args []any
	for i, r := range rows {
		v := versionOf(r)
		old, known := have[v]
		switch {
		case last[v] != i || known && bytes.Equal(old, r.Raw):
			st.Same++
			continue
		case known:
			st.Changed++
		default:
			st.New++
		}
		seq++
		args = append(args, seq, r.ID, r.Source, r.Type, v.modified, sqldb.Micros(now), int(r.TLP), string(r.Raw))
	}
	_, err = tx.Bulk(ctx, "INSERT INTO intel_object (seq, id, source, type, modified, added, tlp, raw)", 8, args,
		"ON CONFLICT (id, source, modified) DO UPDATE SET seq = excluded.seq, added = excluded.added, tlp = excluded.tlp, type = excluded.type, raw = excluded.raw")
	return err
}

func keptVersions(ctx context.Context, tx *sqldb.Tx, rows []intel.ObjectRow) (map[objectVersion][]byte, error) {
	have := map[objectVersion][]byte{}
	var ids []any
	asked := map[string]bool{}
	for _, r := range rows {
		if !asked[r.ID] {
			asked[r.ID] = true
			ids = append(ids, r.ID)
		}
	}
	for chunk := range slices.Chunk(ids, 1000) {
		err := tx.Query(ctx, "SELECT id, source, modified, raw FROM intel_object WHERE id IN ("+sqldb.List(len(chunk))+")", chunk, func(scan sqldb.Scan) error {
			var v objectVersion
			var raw string
			err := scan(&v.id, &v.source, &v.modified, &raw)
			have[v] = []byte(raw)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return have, nil
}

// Objects implements intel.KnowledgeStore.
func (s knowledgeStore) Objects(ctx context.Context, q intel.ObjectQuery) ([]intel.ObjectRow, error) {
	w, err := objectWhere(q)
	if err != nil {
		return nil, err
	}
	var out []intel.ObjectRow
	err = s.db.Read().Query(ctx, "SELECT o.seq, o.id, o.type, o.source, o.modified, o.added, o.tlp, o.raw FROM intel_object o"+w.SQL()+" ORDER BY o.seq LIMIT ?", w.Args(q.Limit),
		func(scan sqldb.Scan) error {
			var r intel.ObjectRow
			var raw string
			err := scan(&r.Seq, &r.ID, &r.Type, &r.Source, sqldb.TimeColumn{T: &r.Modified}, sqldb.TimeColumn{T: &r.Added}, &r.TLP, &raw)
			r.Raw = []byte(raw)
			out = append(out, r)
			return err
		})
	return out, err
}

func objectWhere(q intel.ObjectQuery) (sqldb.Where, error) {
	var w sqldb.Where
	for _, in := range []struct {
		column string
		values []string
	}{{"o.id", q.IDs}, {"o.type", q.Types}} {
		if len(in.values) > 0 {
			args := make([]any, len(in.values))
			for i, v := range in.values {
				args[i] = v
			}
			w.And(in.column+" IN ("+sqldb.List(len(args))+")", args...)
		}
	}
	if q.Source != "" {
		w.And("o.source = ?", q.Source)
	}
	if q.After > 0 {
		w.And("o.seq > ?", q.After)
	}
	if !q.AddedAfter.IsZero() {
		w.And("o.added > ?", sqldb.Micros(q.AddedAfter))
	}
	if q.MaxTLP > 0 {
		w.And("o.tlp <= ?", int(q.MaxTLP))
	}
	then, known := "", []any(nil)
	if !q.AsOf.IsZero() {
		w.And("o.added <= ?", sqldb.Micros(q.AsOf))
		then, known = " AND n.added <= ?", []any{sqldb.Micros(q.AsOf)}
	}
	switch q.Versions {
	case "", "last":
		w.And("NOT EXISTS (SELECT 1 FROM intel_object n WHERE n.id = o.id"+then+" AND (n.modified > o.modified OR n.modified = o.modified AND n.seq > o.seq))", known...)
	case "first":
		w.And("NOT EXISTS (SELECT 1 FROM intel_object n WHERE n.id = o.id"+then+" AND (n.modified < o.modified OR n.modified = o.modified AND n.seq > o.seq))", known...)
	case "all":
	default:
		at, err := time.Parse(time.RFC3339Nano, q.Versions)
		if err != nil {
			return w, intel.BadVersion(q.Versions)
		}
		w.And("o.modified = ?", sqldb.Micros(at))
	}
	return w, nil
}
