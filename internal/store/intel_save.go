package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

// saidColumns are what is kept of a claim, without seq, which the engine gives.
const saidColumns = "key, source, run, mark, first_added, since, last_seen, confidence, until, names, tags, note, withdrawn"

var (
	rowNames  = strings.Split(rowColumns, ", ")
	saidNames = strings.Split(saidColumns, ", ")
)

// Save implements intel.Store. What is fresh goes in the fastest way there is; should
// another process have written it meanwhile, all is done again the careful way.
func (s intelStore) Save(ctx context.Context, b intel.Batch) error {
	err := s.save(ctx, b, true)
	if err != nil && ctx.Err() == nil {
		return s.save(ctx, b, false)
	}
	return err
}

func (s intelStore) save(ctx context.Context, b intel.Batch, fast bool) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := saveRows(ctx, tx, b.Rows, fast); err != nil {
			return err
		}
		if err := saveAssertions(ctx, tx, b.Assertions, fast); err != nil {
			return err
		}
		if err := savePast(ctx, tx, b.Rows, b.Assertions); err != nil {
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

// sortOut parts what is fresh, and may go the fast way, from what may be there.
func sortOut[T any](all []T, isFresh func(*T) bool) (fresh, known []*T) {
	fresh = make([]*T, 0, len(all))
	for i := range all {
		if isFresh(&all[i]) {
			fresh = append(fresh, &all[i])
		} else {
			known = append(known, &all[i])
		}
	}
	return fresh, known
}

func saveRows(ctx context.Context, tx *sqldb.Tx, rows []intel.Row, fast bool) error {
	var words lister
	row := func(r *intel.Row, to []any) []any {
		return append(to, int64(r.Key), string(r.Type), r.Value, words.names(r.Names), words.tags(r.Tags), r.Confidence, int(r.TLP), string(r.Layer), r.KillChain,
			sqldb.Micros(r.ValidFrom), sqldb.Micros(r.ValidUntil), sqldb.Micros(r.FirstSeen), sqldb.Micros(r.LastSeen), r.Revoked, r.Claimed, r.PinnedBy, sqldb.Micros(r.Since))
	}
	fresh, known := sortOut(rows, func(r *intel.Row) bool { return fast && r.Fresh })
	if err := tx.Insert(ctx, "intel_indicator", rowNames, len(fresh), func(i int, to []any) []any { return row(fresh[i], to) }); err != nil {
		return err
	}
	if !fast {
		if err := firstUnclaimed(ctx, tx, known, row); err != nil {
			return err
		}
	}
	counts, err := countRows(ctx, tx, rows, known)
	if err != nil {
		return err
	}
	args := make([]any, 0, len(known)*len(rowNames))
	for _, r := range known {
		args = row(r, args)
	}
	_, err = tx.Bulk(ctx, "INSERT INTO intel_indicator ("+rowColumns+")", len(rowNames), args, `ON CONFLICT (key) DO UPDATE SET
		names = excluded.names, tags = excluded.tags, confidence = excluded.confidence, tlp = excluded.tlp, layer = excluded.layer,
		kill_chain = excluded.kill_chain, valid_from = excluded.valid_from, valid_until = excluded.valid_until,
		last_seen = excluded.last_seen, revoked = excluded.revoked, claimed = excluded.claimed, pinned_by = excluded.pinned_by, since = excluded.since`)
	if err != nil {
		return err
	}
	if err := saveNames(ctx, tx, fresh, known); err != nil {
		return err
	}
	if err := counts.save(ctx, tx); err != nil {
		return err
	}
	return noteTurned(ctx, tx, rows)
}

// nameOf is one name of one indicator, as compared.
type nameOf struct {
	name string
	key  intel.Key
}

func saveNames(ctx context.Context, tx *sqldb.Tx, fresh, known []*intel.Row) error {
	var words lister
	var named []nameOf
	for _, r := range fresh {
		for _, name := range words.folded(r.Names) {
			named = append(named, nameOf{name, r.Key})
		}
	}
	// In the order of the tree, which is then written from left to right.
	slices.SortFunc(named, func(a, b nameOf) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.key, b.key)) })
	err := tx.Insert(ctx, "intel_name", []string{"name", "key"}, len(named), func(i int, to []any) []any { return append(to, named[i].name, int64(named[i].key)) })
	if err != nil {
		return err
	}
	var args []any
	for _, r := range known {
		for _, name := range words.folded(r.Names) {
			args = append(args, name, int64(r.Key))
		}
	}
	_, err = tx.Bulk(ctx, "INSERT INTO intel_name (name, key)", 2, args, "ON CONFLICT (name, key) DO NOTHING")
	return err
}

func saveAssertions(ctx context.Context, tx *sqldb.Tx, assertions []intel.AssertionRow, fast bool) error {
	var words lister
	row := func(a *intel.AssertionRow, to []any) []any {
		note := words.note(said{a.TLP, a.Layer, a.KillChain, a.Comment, a.Reference, a.ExternalID, sqldb.Micros(a.ValidFrom)})
		return append(to, int64(a.Key), a.Source, int64(a.Run), int64(a.Mark), sqldb.Micros(a.FirstAdded), sqldb.Micros(a.Since), sqldb.Micros(a.LastSeen), a.Confidence,
			sqldb.Micros(a.Until), words.names(a.Names), words.tags(a.Tags), note, a.Withdrawn)
	}
	fresh, known := sortOut(assertions, func(a *intel.AssertionRow) bool { return fast && a.Fresh })
	if err := tx.Insert(ctx, "intel_source", saidNames, len(fresh), func(i int, to []any) []any { return row(fresh[i], to) }); err != nil {
		return err
	}
	args := make([]any, 0, len(known)*len(saidNames))
	for _, a := range known {
		args = row(a, args)
	}
	_, err := tx.Bulk(ctx, "INSERT INTO intel_source ("+saidColumns+")", len(saidNames), args,
		`ON CONFLICT (key, source) DO UPDATE SET run = excluded.run, mark = excluded.mark, since = excluded.since, last_seen = excluded.last_seen, confidence = excluded.confidence,
		until = excluded.until, names = excluded.names, tags = excluded.tags, note = excluded.note, withdrawn = excluded.withdrawn`)
	return err
}
