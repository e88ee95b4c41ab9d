package clickhouse

import (
	"context"
	"fmt"
	"time"
)

// tables are those that are cut into stretches. The events go first: what is left of
// the others alone is never asked for.
var tables = []string{"events", "postings", "seen", "words", "traces"}

// Retain implements telemetry.History. It drops whole stretches, oldest first, and
// stops at the one that is being written or not yet noted. An age is held against the
// newest record of a stretch.
func (h *History) Retain(ctx context.Context, maxBytes int64, maxAge time.Duration) (int, error) {
	if maxBytes <= 0 && maxAge <= 0 {
		return 0, nil
	}
	if err := h.settleNotes(ctx); err != nil {
		return 0, err
	}
	sizes, err := h.sizes(ctx)
	if err != nil {
		return 0, err
	}
	total := int64(0)
	for _, n := range sizes {
		total += n
	}
	removed := 0
	for {
		s, ok := h.oldest()
		if !ok {
			return removed, nil
		}
		due := maxBytes > 0 && total > maxBytes
		if !due && maxAge > 0 {
			if due, err = h.older(ctx, s, maxAge); err != nil {
				return removed, err
			}
		}
		if !due {
			return removed, nil
		}
		if err := h.drop(ctx, s); err != nil {
			return removed, err
		}
		total -= sizes[s.index]
		removed += s.records
	}
}

// oldest returns the oldest stretch if it may go.
func (h *History) oldest() (stretch, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if len(h.stretches) < 2 || h.stretches[0].last > h.noted {
		return stretch{}, false
	}
	return h.stretches[0], true
}

func (h *History) older(ctx context.Context, s stretch, age time.Duration) (bool, error) {
	rows, err := h.client.rows(ctx, question{
		sql:    "SELECT toUnixTimestamp64Micro(max(received)) FROM events WHERE seq >= {first:UInt64} AND seq <= {last:UInt64} FORMAT RowBinary",
		params: params{"first": number(s.first), "last": number(s.last)},
	})
	if err != nil {
		return false, err
	}
	var newest time.Time
	for rows.more() {
		newest = time.UnixMicro(rows.int64())
	}
	return !newest.IsZero() && time.Since(newest) > age, rows.close()
}

// drop removes a stretch from every table.
func (h *History) drop(ctx context.Context, s stretch) error {
	for _, table := range tables {
		err := h.client.exec(ctx, question{
			sql:    "ALTER TABLE {table:Identifier} DROP PARTITION ID {id:String}",
			params: params{"table": table, "id": number(s.index)},
		})
		if err != nil {
			return fmt.Errorf("remove old events: %w", err)
		}
		if table == "events" {
			h.forget(s)
		}
	}
	return nil
}

func (h *History) forget(s stretch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i, ok := h.atLocked(s.index); ok {
		h.stretches = append([]stretch(nil), append(h.stretches[:i:i], h.stretches[i+1:]...)...)
	}
}

// sizes are the bytes on disk of each stretch.
func (h *History) sizes(ctx context.Context) (map[uint64]int64, error) {
	rows, err := h.client.rows(ctx, question{
		sql: `SELECT toUInt64OrZero(partition_id) AS i, toUInt64(sum(bytes_on_disk)) FROM system.parts
WHERE database = currentDatabase() AND active AND table IN {tables:Array(String)} GROUP BY i FORMAT RowBinary`,
		params: params{"tables": names(tables)},
	})
	if err != nil {
		return nil, err
	}
	sizes := map[uint64]int64{}
	for rows.more() {
		i := rows.uint64()
		sizes[i] = int64(rows.uint64())
	}
	return sizes, rows.close()
}
