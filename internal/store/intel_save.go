package store

import (
	"context"
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

func saveRows(ctx context.Context, tx *sqldb.Tx, rows []intel.Row, fast bool) error {
	var known, named, names []any
	fresh := make([]any, 0, len(rows)*len(rowNames))
	var words lister
	for i := range rows {
		r := &rows[i]
		to, n := &known, &names
		if fast && r.Fresh {
			to, n = &fresh, &named
		}
		*to = append(*to, int64(r.Key), string(r.Type), r.Value, words.names(r.Names), words.tags(r.Tags), r.Confidence, int(r.TLP), string(r.Layer), r.KillChain,
			sqldb.Micros(r.ValidFrom), sqldb.Micros(r.ValidUntil), sqldb.Micros(r.FirstSeen), sqldb.Micros(r.LastSeen), r.Revoked, r.Claimed, r.PinnedBy, sqldb.Micros(r.Since))
		had := len(*n)
		for _, name := range words.folded(r.Names) {
			if !contains((*n)[had:], name) {
				*n = append(*n, name, int64(r.Key))
			}
		}
	}
	if err := tx.Insert(ctx, "intel_indicator", rowNames, fresh); err != nil {
		return err
	}
	_, err := tx.Bulk(ctx, "INSERT INTO intel_indicator ("+rowColumns+")", len(rowNames), known, `ON CONFLICT (key) DO UPDATE SET
		names = excluded.names, tags = excluded.tags, confidence = excluded.confidence, tlp = excluded.tlp, layer = excluded.layer,
		kill_chain = excluded.kill_chain, valid_from = excluded.valid_from, valid_until = excluded.valid_until,
		last_seen = excluded.last_seen, revoked = excluded.revoked, claimed = excluded.claimed, pinned_by = excluded.pinned_by, since = excluded.since`)
	if err != nil {
		return err
	}
	if err := tx.Insert(ctx, "intel_name", []string{"name", "key"}, named); err != nil {
		return err
	}
	if _, err = tx.Bulk(ctx, "INSERT INTO intel_name (name, key)", 2, names, "ON CONFLICT (name, key) DO NOTHING"); err != nil {
		return err
	}
	return noteTurned(ctx, tx, rows)
}

// contains looks for a name among pairs of names and keys.
func contains(pairs []any, name string) bool {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == name {
			return true
		}
	}
	return false
}

func saveAssertions(ctx context.Context, tx *sqldb.Tx, assertions []intel.AssertionRow, fast bool) error {
	var known []any
	fresh := make([]any, 0, len(assertions)*len(saidNames))
	var words lister
	for i := range assertions {
		a := &assertions[i]
		note, err := words.note(said{a.TLP, a.Layer, a.KillChain, a.Comment, a.Reference, a.ExternalID, sqldb.Micros(a.ValidFrom)})
		if err != nil {
			return err
		}
		to := &known
		if fast && a.Fresh {
			to = &fresh
		}
		*to = append(*to, int64(a.Key), a.Source, int64(a.Run), int64(a.Mark), sqldb.Micros(a.FirstAdded), sqldb.Micros(a.Since), sqldb.Micros(a.LastSeen), a.Confidence,
			sqldb.Micros(a.Until), words.names(a.Names), words.tags(a.Tags), note, a.Withdrawn)
	}
	if err := tx.Insert(ctx, "intel_source", saidNames, fresh); err != nil {
		return err
	}
	_, err := tx.Bulk(ctx, "INSERT INTO intel_source ("+saidColumns+")", len(saidNames), known,
		`ON CONFLICT (key, source) DO UPDATE SET run = excluded.run, mark = excluded.mark, since = excluded.since, last_seen = excluded.last_seen, confidence = excluded.confidence,
		until = excluded.until, names = excluded.names, tags = excluded.tags, note = excluded.note, withdrawn = excluded.withdrawn`)
	return err
}
