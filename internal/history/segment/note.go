package segment

import (
	"context"
	"fmt"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Note implements telemetry.History. Notes of a segment become durable, and
// Noted moves on, when the first record of the next segment is noted. A record
// that is noted already is passed over; one that is ahead is an errs.Conflict.
func (h *History) Note(_ context.Context, seq telemetry.Seq, n telemetry.Note) error {
	h.noting.Lock()
	defer h.noting.Unlock()
	for {
		h.mu.Lock()
		full, err := h.noteLocked(seq, n)
		h.mu.Unlock()
		if err != nil || full == nil {
			return err
		}
		if err := h.seal(full); err != nil {
			return fmt.Errorf("write the sidecar of segment %d: %w", full.part.first, err)
		}
	}
}

// noteLocked returns the notes that must be sealed first, if any.
func (h *History) noteLocked(seq telemetry.Seq, what telemetry.Note) (*notes, error) {
	i := h.atLocked(seq)
	if i == len(h.segments) || seq < h.segments[i].first {
		return nil, errs.New(errs.Conflict, "note_unknown", "Record %d cannot be noted: the history does not hold it.", seq)
	}
	p := h.segments[i]
	if p.sidecar != nil {
		return nil, nil
	}
	if h.notes == nil { // p has no sidecar, so there is a first one without
		h.notes = newNotes(h.segments[h.atLocked(h.notedLocked()+1)])
	}
	n := h.notes
	switch {
	case seq <= n.last:
		return nil, nil
	case seq != n.last+1 && seq != h.followingLocked(n.last):
		return nil, errs.New(errs.Conflict, "note_order", "Record %d cannot be noted before record %d.", seq, h.followingLocked(n.last))
	case n.part != p:
		return n, nil
	}
	n.add(uint32(seq-p.first), what)
	n.last = seq
	return nil, nil
}

// followingLocked returns the number of the first record after seq that is
// neither damaged nor noted in a sidecar.
func (h *History) followingLocked(seq telemetry.Seq) telemetry.Seq {
	for _, p := range h.segments[h.atLocked(seq+1):] {
		if p.sidecar != nil {
			continue
		}
		for _, b := range p.blocks {
			if first := p.first + telemetry.Seq(b.row); first+telemetry.Seq(b.count) > seq+1 {
				return max(first, seq+1)
			}
		}
	}
	return seq + 1
}

// seal writes the sidecar of a segment whose records are all noted.
func (h *History) seal(n *notes) error {
	h.mu.RLock()
	p := *n.part
	h.mu.RUnlock()
	side, err := writeSidecar(h.path(p.first, "idx"), &p, n)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	n.part.sidecar = side
	h.notes = nil
	h.binder.wake()
	return nil
}
