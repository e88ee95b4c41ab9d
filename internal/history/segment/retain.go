package segment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Retain implements telemetry.History. It removes whole segments, oldest first,
// and stops at the first that is being written or not yet noted; while a copy is
// being made it waits for the next call. An age is held
// against the newest record of a segment.
func (h *History) Retain(_ context.Context, maxBytes int64, maxAge time.Duration) (int, error) {
	removed := 0
	for {
		p, err := h.drop(maxBytes, maxAge)
		if err != nil || p == nil {
			return removed, err
		}
		for _, b := range p.blocks {
			removed += int(b.count)
		}
		// The log goes first: a sidecar or volume alone is cleared away by Open, while
		// a log alone would have to be noted again.
		for _, ext := range []string{"log", "idx", "vol"} {
			if err := os.Remove(h.path(p.first, ext)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return removed, fmt.Errorf("remove old history: %w", err)
			}
		}
		if err := syncDir(h.dir); err != nil {
			return removed, fmt.Errorf("remove old history: %w", err)
		}
	}
}

// drop takes the oldest segment out of the list when it is due.
func (h *History) drop(maxBytes int64, maxAge time.Duration) (*part, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.copying > 0 || len(h.segments) == 0 || h.segments[0].sidecar == nil {
		return nil, nil
	}
	total := int64(0)
	for _, p := range h.segments {
		total += p.bytes()
	}
	p := h.segments[0]
	tooMuch := maxBytes > 0 && total > maxBytes
	tooOld := maxAge > 0 && time.Since(time.UnixMicro(p.newest)) > maxAge
	if !tooMuch && !tooOld {
		return nil, nil
	}
	h.unbindLocked(p.volume) // what it counts is no longer what is kept
	h.segments = append([]*part(nil), h.segments[1:]...)
	return p, p.sidecar.close()
}
