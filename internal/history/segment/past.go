package segment

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

var _ telemetry.Past = (*History)(nil)

// Parts implements telemetry.Past.
func (h *History) Parts(context.Context) ([]telemetry.Part, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var out []telemetry.Part
	for _, p := range h.segments {
		if p.count == 0 {
			continue
		}
		t := telemetry.Part{First: p.first, End: p.end(), Noted: p.first - 1}
		for _, b := range p.blocks {
			t.Records += int(b.count)
		}
		var oldest, newest int64
		switch n := h.notes; {
		case p.sidecar != nil:
			t.Noted, oldest, newest = t.End-1, p.sidecar.oldest, p.sidecar.newest
		case n != nil && n.part == p:
			t.Noted, oldest, newest = n.last, n.oldest, n.newest
		}
		t.From, t.To = time.Unix(oldest, 0).UTC(), time.Unix(newest, 0).UTC()
		out = append(out, t)
	}
	return out, nil
}

// Sift implements telemetry.Past.
func (h *History) Sift(ctx context.Context, at telemetry.Part, pick telemetry.Pick) (telemetry.Sifted, error) {
	h.mu.RLock()
	i := h.atLocked(at.First)
	if i == len(h.segments) || h.segments[i].first != at.First {
		h.mu.RUnlock()
		return telemetry.Sifted{}, gone(at)
	}
	p := *h.segments[i]
	h.mu.RUnlock()
	if p.sidecar == nil {
		return h.siftNotes(&p, pick), nil
	}
	s, err := h.siftSidecar(ctx, &p, pick)
	switch {
	case errors.Is(err, fs.ErrClosed) || errors.Is(err, os.ErrClosed): // retention has just removed it
		return telemetry.Sifted{}, gone(at)
	case errs.CodeOf(err) == "history_sidecar_damaged":
		h.log.Error("a segment could not be searched", "error", err)
		return telemetry.Sifted{Missed: at.Records}, nil
	}
	s.Missed = int(p.count)
	for _, b := range p.blocks {
		s.Missed -= int(b.count)
	}
	return s, err
}

func gone(p telemetry.Part) error {
	return errs.New(errs.NotFound, "history_gone", "The records from %d to %d are no longer kept.", p.First, p.End-1)
}

// siftNotes searches what is in memory. Look-ups and notes go on beside it.
func (h *History) siftNotes(p *part, pick telemetry.Pick) telemetry.Sifted {
	h.mu.RLock()
	n := h.notes
	last := p.end() - 1
	if pick.Until > 0 {
		last = min(last, pick.Until)
	}
	if n == nil || n.part.first != p.first {
		h.mu.RUnlock()
		return telemetry.Sifted{Missed: int(max(last+1, p.first) - p.first)}
	}
	values := n.values // type and text of a value never change
	s := telemetry.Sifted{Missed: int(max(last, n.last) - n.last)}
	h.mu.RUnlock()
	var picked []uint32
	wanted := map[indicator.Type]bool{}
	for i, w := range values.all {
		want, known := wanted[w.typ]
		if !known {
			want = w.typ != "" && (pick.Type == nil || pick.Type(w.typ))
			wanted[w.typ] = want
		}
		if !want {
			continue
		}
		s.Values++
		if pick.Value(w.typ, w.text) {
			picked = append(picked, i)
		}
	}
	var rows []uint32
	h.mu.RLock()
	for _, i := range picked {
		rows = n.rows(i, rows)
	}
	h.mu.RUnlock()
	return sifted(s, p.first, rows, pick)
}

// sifted sorts rows and keeps those wanted.
func sifted(s telemetry.Sifted, first telemetry.Seq, rows []uint32, pick telemetry.Pick) telemetry.Sifted {
	slices.Sort(rows)
	rows = slices.Compact(rows)
	for _, r := range rows {
		if seq := first + telemetry.Seq(r); seq >= pick.From && (pick.Until == 0 || seq <= pick.Until) {
			s.Seqs = append(s.Seqs, seq)
		}
	}
	if over := len(s.Seqs) - pick.Limit; pick.Limit > 0 && over > 0 {
		s.Left, s.Seqs = over, s.Seqs[over:]
	}
	return s
}
