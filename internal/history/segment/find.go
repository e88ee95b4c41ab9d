package segment

import (
	"context"
	"math/bits"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Find implements telemetry.History. A volume knows which of its segments hold the
// key; they are only read for the numbers of records, while those are wanted.
func (h *History) Find(ctx context.Context, key telemetry.Key, limit int) (telemetry.Found, error) {
	f := finding{key: key, limit: limit}
	err := h.find(ctx, &f)
	for _, bad := range f.failed {
		h.forsake(bad.volume, bad.err)
	}
	if err != nil {
		return telemetry.Found{}, err
	}
	return f.Found, nil
}

// finding is one key on its way through the segments, newest first.
type finding struct {
	telemetry.Found
	key     telemetry.Key
	limit   int
	scratch []byte
	failed  []failed
}

func (h *History) find(ctx context.Context, f *finding) error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for i := len(h.segments) - 1; i >= 0; i-- {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := h.segments[i]
		if v := p.volume; v != nil {
			i -= len(v.bound) - 1
			if err := f.bound(v, h.segments[i:i+len(v.bound)]); err != nil {
				return err
			}
			continue
		}
		if p.sidecar != nil {
			if err := f.in(p); err != nil {
				return err
			}
		} else if h.notes != nil && h.notes.part == p {
			h.notes.find(f.key, f.limit, &f.Found)
		}
	}
	return nil
}

// in looks into one closed segment.
func (f *finding) in(p *part) error { return p.sidecar.find(f.key, f.limit, &f.Found, &f.scratch) }

// bound looks into the segments that a volume binds.
func (f *finding) bound(v *volume, parts []*part) error {
	s, err := v.find(f.key, &f.scratch)
	if err != nil {
		f.failed = append(f.failed, failed{v, err})
		s.in = 1<<len(parts) - 1
	}
	before := f.Count
	for s.in != 0 && (err != nil || len(f.Seqs) < f.limit) {
		i := bits.Len64(s.in) - 1
		s.in &^= 1 << i
		if err := f.in(parts[i]); err != nil {
			return err
		}
	}
	if err == nil {
		f.Count = before + int(s.count)
	}
	return nil
}
