package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

// wasRow and wasSaid are what intel_past.was holds.
type (
	wasRow struct {
		Confidence int    `json:"confidence"`
		ValidUntil int64  `json:"valid_until,omitempty"`
		Revoked    bool   `json:"revoked,omitempty"`
		Claimed    bool   `json:"claimed,omitempty"`
		PinnedBy   string `json:"pinned_by,omitempty"`
	}
	wasSaid struct {
		said
		LastSeen   int64    `json:"last_seen"`
		Confidence int      `json:"confidence"`
		Until      int64    `json:"until,omitempty"`
		Names      []string `json:"names,omitempty"`
		Tags       []string `json:"tags,omitempty"`
		Withdrawn  bool     `json:"withdrawn,omitempty"`
	}
)

// savePast keeps what rows and assertions take the place of.
func savePast(ctx context.Context, tx *sqldb.Tx, rows []intel.Row, assertions []intel.AssertionRow) error {
	var args []any
	keep := func(k intel.Key, source string, since, until time.Time, was any) error {
		b, err := json.Marshal(was)
		args = append(args, int64(k), source, sqldb.Micros(since), sqldb.Micros(until), string(b))
		return err
	}
	for i := range rows {
		if w := rows[i].Was; w != nil {
			if err := keep(w.Key, "", w.Since, rows[i].Since, wasRow{w.Confidence, sqldb.Micros(w.ValidUntil), w.Revoked, w.Claimed, w.PinnedBy}); err != nil {
				return err
			}
		}
	}
	for i := range assertions {
		if w := assertions[i].Was; w != nil {
			was := wasSaid{
				said{w.TLP, w.Layer, w.KillChain, w.Comment, w.Reference, w.ExternalID, sqldb.Micros(w.ValidFrom)},
				sqldb.Micros(w.LastSeen), w.Confidence, sqldb.Micros(w.Until), w.Names, w.Tags, w.Withdrawn,
			}
			if err := keep(w.Key, w.Source, w.Since, assertions[i].Since, was); err != nil {
				return err
			}
		}
	}
	_, err := tx.Bulk(ctx, "INSERT INTO intel_past (key, source, since, until, was)", 5, args, "ON CONFLICT (key, source, since) DO NOTHING")
	return err
}

// Past implements intel.Annals.
func (s intelStore) Past(ctx context.Context, k intel.Key) ([]intel.PastRow, []intel.PastAssertion, error) {
	var rows []intel.PastRow
	var all []intel.PastAssertion
	err := s.db.Read().Query(ctx, "SELECT source, since, until, was FROM intel_past WHERE key = ? ORDER BY source, since", []any{int64(k)}, func(scan sqldb.Scan) error {
		var source, text string
		var since, until time.Time
		if err := scan(&source, sqldb.TimeColumn{T: &since}, sqldb.TimeColumn{T: &until}, &text); err != nil {
			return err
		}
		if source == "" {
			var w wasRow
			if err := json.Unmarshal([]byte(text), &w); err != nil {
				return err
			}
			p := intel.PastRow{Ended: until}
			p.Key, p.Since, p.Confidence, p.ValidUntil = k, since, w.Confidence, sqldb.Time(w.ValidUntil)
			p.Revoked, p.Claimed, p.PinnedBy = w.Revoked, w.Claimed, w.PinnedBy
			rows = append(rows, p)
			return nil
		}
		var w wasSaid
		if err := json.Unmarshal([]byte(text), &w); err != nil {
			return err
		}
		all = append(all, intel.PastAssertion{AssertionRow: w.row(k, source, since), Ended: until})
		return nil
	})
	return rows, all, err
}

func (w wasSaid) row(k intel.Key, source string, since time.Time) intel.AssertionRow {
	a := intel.AssertionRow{Key: k, Tags: w.Tags, TLP: w.TLP, Layer: w.Layer, KillChain: w.KillChain, ValidFrom: sqldb.Time(w.ValidFrom), Until: sqldb.Time(w.Until), Since: since}
	a.Source, a.LastSeen, a.Confidence, a.Names, a.Withdrawn = source, sqldb.Time(w.LastSeen), w.Confidence, w.Names, w.Withdrawn
	a.Comment, a.Reference, a.ExternalID = w.Comment, w.Reference, w.ExternalID
	return a
}
