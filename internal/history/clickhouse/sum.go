package clickhouse

import (
	"context"

	"github.com/cespare/xxhash/v2"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Sum is what a stretch of records comes to: two of the same records are equal.
type Sum struct {
	Records int
	Bytes   int64  // of the records themselves
	Hash    uint64 // of number and content of each, added up
}

// Add counts a record.
func (s *Sum) Add(r *telemetry.Stored) {
	s.Records++
	s.Bytes += int64(len(r.Raw))
	s.Hash += xxhash.Sum64(r.Raw) ^ uint64(r.Seq)
}

// Sum lets the server count what it keeps.
func (h *History) Sum(ctx context.Context) (Sum, error) {
	rows, err := h.client.rows(ctx, question{sql: "SELECT toUInt64(count()), toUInt64(sum(length(raw))), toUInt64(sum(bitXor(xxHash64(raw), seq))) FROM events FORMAT RowBinary"})
	if err != nil {
		return Sum{}, err
	}
	var s Sum
	for rows.more() {
		s = Sum{int(rows.uint64()), rows.int64(), rows.uint64()}
	}
	return s, rows.close()
}
