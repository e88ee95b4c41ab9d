package clickhouse

import (
	"context"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// keysAsked is how many keys go into one question: a parameter may have 128 KiB.
const keysAsked = 5000

// Find implements telemetry.History.
func (h *History) Find(ctx context.Context, key telemetry.Key, limit int) (telemetry.Found, error) {
	var f telemetry.Found
	if err := h.settleNotes(ctx); err != nil {
		return f, err
	}
	if limit > 0 {
		rows, err := h.client.rows(ctx, question{
			sql:    "SELECT seq FROM postings WHERE mark = 0 AND key = {key:UInt64} ORDER BY seq DESC LIMIT {limit:UInt64} FORMAT RowBinary",
			params: params{"key": number(key), "limit": number(limit)},
		})
		if err != nil {
			return f, err
		}
		for rows.more() {
			f.Seqs = append(f.Seqs, telemetry.Seq(rows.uint64()))
		}
		if err := rows.close(); err != nil {
			return f, err
		}
		if f.Count = len(f.Seqs); f.Count < limit {
			return f, nil
		}
	}
	rows, err := h.client.rows(ctx, question{
		sql:    "SELECT toUInt64(count()) FROM postings WHERE mark = 0 AND key = {key:UInt64} FORMAT RowBinary",
		params: params{"key": number(key)},
	})
	if err != nil {
		return f, err
	}
	for rows.more() {
		f.Count = int(rows.uint64())
	}
	return f, rows.close()
}

// Seen implements telemetry.Past.
func (h *History) Seen(ctx context.Context, key telemetry.Key) (telemetry.Seen, error) {
	var s telemetry.Seen
	if err := h.settleNotes(ctx); err != nil {
		return s, err
	}
	s.Since = h.since()
	rows, err := h.client.rows(ctx, question{
		sql: `SELECT toInt64(day), toString(source), toUInt64(sum(events)), min(first), max(last)
FROM seen WHERE key = {key:UInt64} GROUP BY day, source ORDER BY day FORMAT RowBinary`,
		params: params{"key": number(key)},
	})
	if err != nil {
		return s, err
	}
	for rows.more() {
		day, source, n, first, last := rows.int64(), rows.string(), int(rows.uint64()), time.Unix(rows.int64(), 0).UTC(), time.Unix(rows.int64(), 0).UTC()
		if s.Count == 0 || first.Before(s.First) {
			s.First = first
		}
		if last.After(s.Last) {
			s.Last = last
		}
		s.Count += n
		name := time.Unix(day*24*60*60, 0).UTC().Format(time.DateOnly)
		if k := len(s.Days); k == 0 || s.Days[k-1].Day != name {
			s.Days = append(s.Days, telemetry.SeenDay{Day: name})
		}
		s.Days[len(s.Days)-1].Count += n
		if i, ok := slices.BinarySearch(s.Sources, source); !ok {
			s.Sources = slices.Insert(s.Sources, i, source)
		}
	}
	return s, rows.close()
}

// since is the oldest noted event that is still kept.
func (h *History) since() time.Time {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var oldest time.Time
	for _, s := range h.stretches {
		if at := time.Unix(s.oldest, 0).UTC(); s.timed && (oldest.IsZero() || at.Before(oldest)) {
			oldest = at
		}
	}
	return oldest
}

// Parts implements telemetry.Past: one a stretch.
func (h *History) Parts(ctx context.Context) ([]telemetry.Part, error) {
	if err := h.settleNotes(ctx); err != nil {
		return nil, err
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	var out []telemetry.Part
	for i, s := range h.stretches {
		if s.records == 0 {
			continue
		}
		p := telemetry.Part{First: s.first, End: s.last + 1, Records: s.records}
		if i+1 < len(h.stretches) {
			p.End = h.stretches[i+1].first // no number between two parts is missed
		}
		p.Noted = min(max(h.noted, p.First-1), p.End-1)
		if h.noted >= s.last {
			p.Noted = p.End - 1
		}
		if s.timed {
			p.From, p.To = time.Unix(s.oldest, 0).UTC(), time.Unix(s.newest, 0).UTC()
		}
		out = append(out, p)
	}
	return out, nil
}

// part returns the part that begins at first.
func (h *History) part(ctx context.Context, first telemetry.Seq) (telemetry.Part, error) {
	parts, err := h.Parts(ctx)
	if err != nil {
		return telemetry.Part{}, err
	}
	i, ok := slices.BinarySearchFunc(parts, first, func(p telemetry.Part, first telemetry.Seq) int {
		return int(int64(p.First) - int64(first))
	})
	if !ok {
		return telemetry.Part{}, errs.New(errs.NotFound, "history_gone", "The records from %d on are no longer kept.", first)
	}
	return parts[i], nil
}

// Sift implements telemetry.Past.
func (h *History) Sift(ctx context.Context, at telemetry.Part, pick telemetry.Pick) (telemetry.Sifted, error) {
	var s telemetry.Sifted
	p, err := h.part(ctx, at.First)
	if err != nil {
		return s, err
	}
	last := p.End - 1
	if pick.Until > 0 {
		last = min(last, pick.Until)
	}
	if !h.shared { // else numbers are left out
		s.Missed = int(max(last, p.Noted)-p.Noted) + int(p.End-p.First) - p.Records
	}
	var keys []telemetry.Key
	ask := func(t indicator.Type, text string, key telemetry.Key) {
		s.Values++
		if pick.Value(t, text) {
			keys = append(keys, key)
		}
	}
	if err := h.values(ctx, h.indexOf(p.First), pick, ask); err != nil {
		return s, err
	}
	for len(keys) > 0 {
		n := min(keysAsked, len(keys))
		if err := h.holding(ctx, keys[:n], max(p.First, pick.From), last, &s); err != nil {
			return s, err
		}
		keys = keys[n:]
	}
	slices.Sort(s.Seqs)
	s.Seqs = slices.Compact(s.Seqs)
	if over := len(s.Seqs) - pick.Limit; pick.Limit > 0 && over > 0 {
		s.Left, s.Seqs = over, s.Seqs[over:]
	}
	return s, nil
}

// holding appends which records from one number to another hold one of the keys.
func (h *History) holding(ctx context.Context, keys []telemetry.Key, from, last telemetry.Seq, s *telemetry.Sifted) error {
	if from > last {
		return nil
	}
	rows, err := h.client.rows(ctx, question{
		sql: `SELECT DISTINCT seq FROM postings
WHERE mark = 0 AND key IN {keys:Array(UInt64)} AND seq >= {from:UInt64} AND seq <= {last:UInt64} FORMAT RowBinary`,
		params: params{"keys": numbers(keys), "from": number(from), "last": number(last)},
	})
	if err != nil {
		return err
	}
	for rows.more() {
		s.Seqs = append(s.Seqs, telemetry.Seq(rows.uint64()))
	}
	return rows.close()
}
