package segment

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Open opens the history in dir, which is created when absent. What a crash left
// unfinished is cleared away and logged. An errs.Conflict says that another
// process has the directory.
func Open(dir string, limits Limits, log *slog.Logger) (*History, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the directory of the history: %w", err)
	}
	held, err := lock(dir)
	if err != nil {
		return nil, err
	}
	h := &History{
		dir: dir, limits: limits.withDefaults(), log: log, lock: held,
		requests: make(chan *request), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := h.open(); err != nil {
		for _, p := range h.segments {
			if p.sidecar != nil {
				p.sidecar.close()
			}
			if p.begins() {
				_ = p.volume.close()
			}
		}
		return nil, errors.Join(err, h.writer.close(), held.Close())
	}
	go h.run()
	h.binder.start(h)
	return h, nil
}

func (h *History) open() error {
	var err error
	h.decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(2*maxBlock))
	if err != nil {
		return err
	}
	firsts, volumes, err := h.tidy()
	if err != nil {
		return err
	}
	for i, first := range firsts {
		after := telemetry.Seq(0)
		if i+1 < len(firsts) {
			after = firsts[i+1]
		}
		if err := h.load(first, after); err != nil {
			return err
		}
	}
	for _, first := range volumes {
		h.loadVolume(first)
	}
	return h.startWriter()
}

// tidy lists the segments and volumes, and removes what belongs to none: files a crash left
// half written, and sidecars whose log retention removed.
func (h *History) tidy() (logs, volumes []telemetry.Seq, err error) {
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		return nil, nil, fmt.Errorf("list the history: %w", err)
	}
	var sidecars []telemetry.Seq
	for _, e := range entries {
		name, ext, _ := strings.Cut(e.Name(), ".")
		n, err := strconv.ParseUint(name, 10, 64)
		switch {
		case err != nil || n == 0 || len(name) != 20:
		case ext == "log":
			logs = append(logs, telemetry.Seq(n))
		case ext == "idx":
			sidecars = append(sidecars, telemetry.Seq(n))
		case ext == "vol":
			volumes = append(volumes, telemetry.Seq(n))
		case ext == "idx.tmp" || ext == "vol.tmp":
			if err := os.Remove(filepath.Join(h.dir, e.Name())); err != nil {
				return nil, nil, err
			}
		}
	}
	slices.Sort(logs)
	for _, s := range sidecars {
		if _, ok := slices.BinarySearch(logs, s); !ok {
			if err := os.Remove(h.path(s, "idx")); err != nil {
				return nil, nil, err
			}
		}
	}
	return logs, volumes, nil
}

// load takes in the segment that begins with first. after is the number with
// which the next one begins, 0 for the last.
func (h *History) load(first, after telemetry.Seq) error {
	path := h.path(first, "log")
	if n := len(h.segments); n > 0 {
		if last := h.segments[n-1]; last.end() > first {
			return errs.New(errs.Internal, "history_damaged", "%s begins with record %d, but the segment before it goes on to %d. Restore the directory from a backup.", path, first, last.end()-1)
		} else if last.end() < first {
			h.log.Warn("records are absent from the history", "from", uint64(last.end()), "to", uint64(first-1))
		}
	}
	side, err := openSidecar(h.path(first, "idx"), first)
	switch {
	case err == nil:
		info, err := os.Stat(path)
		if err == nil && info.Size() == side.part.size {
			p := side.part
			p.sidecar, p.closed = side, true
			h.segments = append(h.segments, &p)
			return nil
		}
		side.close()
		h.log.Error("a segment has changed since its sidecar was written; its notes are made again", "file", path)
	case !errors.Is(err, fs.ErrNotExist):
		h.log.Error("a sidecar cannot be used and is made again", "error", err)
	}
	return h.rescan(path, first, after)
}

// rescan reads a log from end to end.
func (h *History) rescan(path string, first, after telemetry.Seq) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	if !validHead(data, first) {
		if after == 0 && len(data) < headSize { // a crash while it was being created
			h.log.Warn("an unfinished segment was removed", "file", path)
			return os.Remove(path)
		}
		return errs.New(errs.Internal, "history_unknown", "%s is no segment of the history, or of a newer version. Move it away, or use the version that wrote it.", path)
	}
	frames, end := scan(data, first)
	p := &part{first: first, size: int64(len(data)), closed: after != 0}
	for i := range frames {
		f := &frames[i]
		if f.first != p.end() {
			h.log.Error("a segment is damaged", "file", path, "offset", p.tail(), "records", uint64(f.first-p.end()))
			p.closed = true
		}
		p.take(f)
	}
	if torn := int64(len(data)) - end; torn > 0 && after == 0 {
		if err := cut(path, end); err != nil {
			return fmt.Errorf("cut the torn end of %s: %w", path, err)
		}
		h.log.Warn("a torn end that was never acknowledged was cut", "file", path, "offset", end, "bytes", torn)
		p.size = end
	} else if torn > 0 {
		h.log.Error("a segment is damaged", "file", path, "offset", end, "bytes", torn)
		p.count = max(p.count, uint32(after-first)) // never more than 32 bits: see Limits.Records
	}
	h.segments = append(h.segments, p)
	return nil
}

// take adds a frame to the block index.
func (p *part) take(f *frame) {
	if p.count == 0 {
		p.oldest, p.newest = f.oldest, f.newest
	}
	p.oldest, p.newest = min(p.oldest, f.oldest), max(p.newest, f.newest)
	row := uint32(f.first - p.first)
	p.blocks = append(p.blocks, block{off: f.off, size: uint32(frameSize + len(f.payload)), row: row, count: f.count})
	p.count = row + f.count
	p.raw += int64(f.raw)
}

// tail is where the last known block ends.
func (p *part) tail() int64 {
	if n := len(p.blocks); n > 0 {
		return p.blocks[n-1].off + int64(p.blocks[n-1].size)
	}
	return int64(headSize)
}

func cut(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Truncate(size)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
