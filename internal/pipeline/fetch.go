package pipeline

import (
	"context"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// fetch returns the records with some numbers, ascending, and how many of them cannot
// be read: damaged, or removed by retention meanwhile.
func fetch(ctx context.Context, h telemetry.History, seqs []telemetry.Seq) (records []telemetry.Stored, missed int, err error) {
	if f, ok := h.(telemetry.Fetcher); ok {
		records, err = f.Fetch(ctx, seqs)
		return records, len(seqs) - len(records), err
	}
	for _, seq := range seqs {
		r, err := h.Read(ctx, seq, 1)
		if errs.CodeOf(err) == "history_damaged" || err == nil && (len(r) == 0 || r[0].Seq != seq) {
			missed++
			continue
		}
		if err != nil {
			return nil, missed, err
		}
		records = append(records, r[0])
	}
	return records, missed, nil
}
