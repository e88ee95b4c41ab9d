package segment

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// binder makes volumes in the background: one at a time, so that memory is bounded.
type binder struct {
	due    chan struct{} // of one
	cancel context.CancelFunc
	ended  chan struct{}
	making sync.Mutex // held while a volume is made
}

// bindPause is how long the binder waits when a volume could not be written.
const bindPause = time.Minute

func (b *binder) start(h *History) {
	ctx, cancel := context.WithCancel(context.Background())
	b.due, b.cancel, b.ended = make(chan struct{}, 1), cancel, make(chan struct{})
	go func() {
		defer close(b.ended)
		h.bind(ctx)
	}()
	b.wake()
}

// end waits until the binder has ended.
func (b *binder) end() {
	b.cancel()
	<-b.ended
}

// wake asks the binder to look for what can be bound. Guarded by nothing: due is made
// before there is anything to wake it.
func (b *binder) wake() {
	select {
	case b.due <- struct{}{}:
	default:
	}
}

// bind binds what can be bound whenever it is woken. After each volume it rests as
// long as that took: half a core is enough to catch up with years.
func (h *History) bind(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.binder.due:
		}
		for more := true; more; {
			began := time.Now()
			var err error
			more, err = h.bindNext(ctx)
			rest := time.Since(began)
			if err != nil && ctx.Err() == nil {
				h.log.Warn("a volume of the history could not be made; its segments are asked one by one", "error", err)
				rest = bindPause
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(rest):
			}
		}
	}
}

// bindNext makes one volume. More says that there may be another to make.
func (h *History) bindNext(ctx context.Context) (more bool, err error) {
	h.binder.making.Lock()
	defer h.binder.making.Unlock()
	parts := h.unbound()
	if parts == nil {
		return false, nil
	}
	v, err := h.makeVolume(ctx, parts)
	h.mu.Lock()
	defer h.mu.Unlock()
	kept := slices.Contains(h.segments, parts[0]) // else retention has removed it meanwhile
	switch {
	case err != nil && kept:
		return letLoose(parts, err), err
	case err != nil:
		return true, nil
	case !kept:
		err := errors.Join(v.close(), os.Remove(v.file.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return true, err
	}
	for _, p := range parts {
		p.volume = v
	}
	return true, nil
}

// unbound returns the oldest segments that can be bound into a volume, nil when
// there are not enough.
func (h *History) unbound() []*part {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var run []*part
	for _, p := range h.segments {
		if p.sidecar == nil || p.volume != nil || p.loose {
			run = nil
			continue
		}
		if run = append(run, p); len(run) == h.limits.Volume {
			return run
		}
	}
	return nil
}

// letLoose notes of which segment no volume can be made, and says whether another may
// be made without it. The caller holds History.mu.
func letLoose(parts []*part, err error) bool {
	var bad *looseError
	if !errors.As(err, &bad) {
		return false
	}
	parts[bad.place].loose = true
	return true
}

// looseError says that the sidecar in a place cannot be read to its end.
type looseError struct {
	place int
	err   error
}

func (l *looseError) Error() string { return l.err.Error() }
func (l *looseError) Unwrap() error { return l.err }

// makeVolume writes the volume of segments and opens it. It is complete or absent,
// whatever happens. It reads through files of its own: retention may close the others.
func (h *History) makeVolume(ctx context.Context, parts []*part) (*volume, error) {
	var sides []*sidecar
	defer func() {
		for _, s := range sides {
			_ = s.close()
		}
	}()
	for i, p := range parts {
		s, err := openSidecar(h.path(p.first, "idx"), p.first)
		if err != nil {
			return nil, &looseError{i, err}
		}
		sides = append(sides, s)
	}
	path := h.path(parts[0].first, "vol")
	if err := writeVolume(ctx, path, sides); err != nil {
		return nil, err
	}
	if err := syncDir(h.dir); err != nil {
		return nil, err
	}
	return openVolume(path)
}

func writeVolume(ctx context.Context, path string, sides []*sidecar) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 256<<10)
	if err = encodeVolume(ctx, w, sides); err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return nil
}

// begins says that p is the first segment of its volume.
func (p *part) begins() bool { return p.volume != nil && p.volume.bound[0].first == p.first }

// loadVolume takes in the volume that begins with the segment of a number. One that
// cannot be read or binds what is not as it was is removed, to be made again; a cache
// keeps no history from being opened.
func (h *History) loadVolume(first telemetry.Seq) {
	path := h.path(first, "vol")
	v, err := openVolume(path)
	if err == nil {
		if parts := h.boundLocked(v); parts != nil && parts[0].first == first {
			for _, p := range parts {
				p.volume = v
			}
			return
		}
		err = errors.Join(errs.New(errs.Internal, "history_volume_old", "Its segments are not those it was made of."), v.close())
	}
	h.log.Info("a volume of the history is made again", "file", path, "reason", err.Error())
	if err := os.Remove(path); err != nil {
		h.log.Warn("an old volume of the history cannot be removed", "error", err)
	}
}

// boundLocked returns the segments of a volume; nil when they are not what they were.
func (h *History) boundLocked(v *volume) []*part {
	i := h.atLocked(v.bound[0].first)
	if i+len(v.bound) > len(h.segments) {
		return nil
	}
	parts := h.segments[i : i+len(v.bound)]
	for k, b := range v.bound {
		p := parts[k]
		if p.sidecar == nil || p.volume != nil || b != p.sidecar.bound() {
			return nil
		}
	}
	return parts
}

// bound is what a volume holds a sidecar to.
func (s *sidecar) bound() bound {
	return bound{s.part.first, s.size, s.sum, s.edges != nil}
}

// unbindLocked gives up a volume: its segments are asked one by one. The file is the
// caller's to remove.
func (h *History) unbindLocked(v *volume) {
	if v == nil {
		return
	}
	for _, p := range h.segments {
		if p.volume == v {
			p.volume = nil
		}
	}
	_ = v.close() // it was only read
}

// forsake gives up a volume that cannot be read, so that it is made again.
func (h *History) forsake(v *volume, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.ContainsFunc(h.segments, func(p *part) bool { return p.volume == v }) {
		return // somebody else did
	}
	h.log.Error("a volume of the history is made again", "error", err)
	h.unbindLocked(v)
	if err := os.Remove(v.file.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.log.Error("a damaged volume of the history cannot be removed", "error", err)
	}
	h.binder.wake()
}
