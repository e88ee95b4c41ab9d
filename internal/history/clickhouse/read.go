package clickhouse

import (
	"context"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

const (
	// readBytes and readRecords end one Read early, so that a large limit cannot fill
	// the memory.
	readBytes   = 64 << 20
	readRecords = 20_000
)

// Read implements telemetry.History. It may return fewer than limit records though
// there are more, but never none.
func (h *History) Read(ctx context.Context, from telemetry.Seq, limit int) ([]telemetry.Stored, error) {
	limit = min(limit, readRecords)
	h.mu.RLock()
	next := h.next
	if len(h.stretches) > 0 {
		from = max(from, h.stretches[0].first)
	}
	h.mu.RUnlock()
	if from >= next || limit <= 0 {
		return nil, nil
	}
	if h.shared { // most numbers are nobody's
		out, _, err := h.records(ctx, question{
			sql: `SELECT seq, toUnixTimestamp64Micro(received), toString(source), toString(format), context, raw
FROM events WHERE seq >= {from:UInt64} AND seq < {next:UInt64} ORDER BY seq LIMIT {limit:UInt64} FORMAT RowBinary`,
			params: params{"from": number(from), "next": number(next), "limit": number(limit)},
		})
		return out, err
	}
	out, err := h.readRange(ctx, from, min(from+telemetry.Seq(limit), next))
	if err != nil || len(out) > 0 || from+telemetry.Seq(limit) >= next {
		return out, err
	}
	// Nothing has these numbers: go on where something does.
	rows, err := h.client.rows(ctx, question{sql: "SELECT min(seq) FROM events WHERE seq >= {from:UInt64} FORMAT RowBinary", params: params{"from": number(from)}})
	if err != nil {
		return nil, err
	}
	var first telemetry.Seq
	for rows.more() {
		first = telemetry.Seq(rows.uint64())
	}
	if err := rows.close(); err != nil || first < from {
		return nil, err
	}
	return h.readRange(ctx, first, min(first+telemetry.Seq(limit), next))
}

// readRange reads the records from one number to before another.
func (h *History) readRange(ctx context.Context, from, end telemetry.Seq) ([]telemetry.Stored, error) {
	out, _, err := h.records(ctx, question{
		sql: `SELECT seq, toUnixTimestamp64Micro(received), toString(source), toString(format), context, raw
FROM events WHERE seq >= {from:UInt64} AND seq < {end:UInt64} ORDER BY seq FORMAT RowBinary`,
		params: params{"from": number(from), "end": number(end)},
	})
	return out, err
}

// Fetch implements telemetry.Fetcher.
func (h *History) Fetch(ctx context.Context, seqs []telemetry.Seq) ([]telemetry.Stored, error) {
	var out []telemetry.Stored
	for len(seqs) > 0 {
		n := min(keysAsked, len(seqs))
		part, whole, err := h.records(ctx, question{
			sql: `SELECT seq, toUnixTimestamp64Micro(received), toString(source), toString(format), context, raw
FROM events WHERE seq IN {seqs:Array(UInt64)} ORDER BY seq FORMAT RowBinary`,
			params: params{"seqs": numbers(seqs[:n])},
		})
		if err != nil {
			return nil, err
		}
		if !whole {
			n, _ = slices.BinarySearch(seqs, part[len(part)-1].Seq+1)
		}
		out, seqs = append(out, part...), seqs[n:]
	}
	return out, nil
}

// records reads the records that a question asks for. whole is false when it ended
// early, because there are too many bytes.
func (h *History) records(ctx context.Context, q question) (out []telemetry.Stored, whole bool, err error) {
	rows, err := h.client.rows(ctx, q)
	if err != nil {
		return nil, false, err
	}
	for rows.read < readBytes && rows.more() {
		r := telemetry.Stored{Seq: telemetry.Seq(rows.uint64())}
		r.Received = time.UnixMicro(rows.int64()).UTC()
		r.Source, r.Format = rows.string(), rows.string()
		if r.Context = rows.bytes(); len(r.Context) == 0 {
			r.Context = nil
		}
		r.Raw = rows.bytes()
		out = append(out, r)
	}
	whole = rows.read < readBytes || !rows.more()
	if err := rows.close(); err != nil {
		return nil, false, err
	}
	return out, whole, nil
}
