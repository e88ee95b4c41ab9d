// Package segment is the embedded event history: append-only logs in a directory,
// each with a sidecar that says which records hold which observable.
//
// [Open] takes the directory; Append, Read, Note and Find are as
// [telemetry.History] says. Promises: Append returns nil only after fsync, and
// concurrent callers share one; a crash costs nothing that was acknowledged; one
// process at a time has the directory; damage is reported with file and offset and
// leaves all other records readable. Times are kept to the microsecond.
//
// A segment NUMBER.log begins with record NUMBER. When it has reached its size, a
// new one is begun; when its last record has been noted as well, NUMBER.idx is
// written. Both never change afterwards, and go together when retention removes
// them. NUMBER.vol binds the sidecars of neighbouring segments, from NUMBER on, and is
// made of them in the background: a cache.
package segment

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Limits say when a segment is full; the zero value means the defaults.
type Limits struct {
	Raw     int64         // bytes before compression, default 64 MiB
	Records int           // default 200,000
	Age     time.Duration // of its oldest record, default 24 h, so that retention by age can work
	Volume  int           // segments whose sidecars are bound into one volume, default 32, at most 64
}

func (l Limits) withDefaults() Limits {
	if l.Raw <= 0 {
		l.Raw = 64 << 20
	}
	if l.Records <= 0 {
		l.Records = 200_000
	}
	if l.Age <= 0 {
		l.Age = 24 * time.Hour
	}
	if l.Volume <= 0 {
		l.Volume = 32
	}
	l.Volume = min(l.Volume, boundMost)
	return l
}

// History implements telemetry.History in a directory.
type History struct {
	dir     string
	limits  Limits
	log     *slog.Logger
	lock    *os.File
	decoder *zstd.Decoder
	blocks  blockCache

	requests chan *request
	stop     chan struct{} // closed by Close
	stopped  chan struct{} // closed when the writer has ended
	writer   writer        // owned by the goroutine run

	noting sync.Mutex // held by Note, so that notes come one after the other
	binder binder
	asked  asked // what was asked of volumes lately

	mu       sync.RWMutex
	segments []*part // guarded by mu; the last one is appended to
	copying  int     // guarded by mu; calls of Copy under way
	notes    *notes  // guarded by mu; of the first segment without a sidecar
}

var _ telemetry.History = (*History)(nil)

// part is one segment. Guarded by History.mu.
type part struct {
	first          telemetry.Seq
	count          uint32 // numbers it covers, damaged ones included
	blocks         []block
	size           int64 // of the log, bytes
	raw            int64
	oldest, newest int64 // microseconds
	closed         bool  // nothing is appended any more
	sidecar        *sidecar
	volume         *volume // that binds the sidecar; nil = none yet
	loose          bool    // its sidecar cannot be bound
}

// end is the number after the last.
func (p *part) end() telemetry.Seq { return p.first + telemetry.Seq(p.count) }

// block is where the records first+row ... first+row+count-1 lie in the log.
type block struct {
	off        int64
	size       uint32 // of the whole frame
	row, count uint32
}

func (h *History) path(first telemetry.Seq, ext string) string {
	return filepath.Join(h.dir, fmt.Sprintf("%020d.%s", first, ext))
}

// Close ends appending and gives the directory free. What was noted of the
// segment being written is noted again by the caller after the next Open.
func (h *History) Close() error {
	close(h.stop)
	<-h.stopped
	h.binder.end()
	h.mu.Lock()
	defer h.mu.Unlock()
	err := h.writer.close()
	for _, p := range h.segments {
		if p.sidecar != nil {
			p.sidecar.close()
		}
		if p.begins() {
			_ = p.volume.close() // it was only read
		}
	}
	h.segments = nil
	h.decoder.Close()
	if e := h.lock.Close(); err == nil {
		err = e
	}
	return err
}

// Stats implements telemetry.History.
func (h *History) Stats(context.Context) (telemetry.Stats, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	s := telemetry.Stats{Engine: "segment"}
	for _, p := range h.segments {
		if p.count == 0 {
			continue
		}
		if s.First == 0 {
			s.First, s.Oldest = p.first, time.UnixMicro(p.oldest).UTC()
		}
		s.Last = p.end() - 1
		for _, b := range p.blocks {
			s.Records += int(b.count)
		}
		s.Bytes += p.bytes()
	}
	return s, nil
}

// bytes counts a volume with the first of its segments.
func (p *part) bytes() int64 {
	n := p.size
	if p.sidecar != nil {
		n += p.sidecar.size
	}
	if p.begins() {
		n += p.volume.size
	}
	return n
}

// Noted implements telemetry.History: notes are durable up to the end of the
// last segment that has its sidecar.
func (h *History) Noted() telemetry.Seq {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.notedLocked()
}

func (h *History) notedLocked() telemetry.Seq {
	for _, p := range h.segments {
		if p.sidecar == nil {
			return p.first - 1
		}
	}
	return 0
}

// at returns the segment that holds seq, else the first one after it.
func (h *History) atLocked(seq telemetry.Seq) int {
	return sort.Search(len(h.segments), func(i int) bool { return h.segments[i].end() > seq })
}

func damaged(path string, off int64, cause error) error {
	return errs.New(errs.Internal, "history_damaged",
		"%s is damaged at offset %d. Records before it are intact. Restore the file from a backup, or stop Vedette and move the file away to go on without its records.", path, off).Because(cause)
}
