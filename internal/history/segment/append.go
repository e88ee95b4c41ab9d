package segment

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// group bounds the raw bytes that share one fsync.
const group = 8 << 20

// request is one call of Append on its way through the writer.
type request struct {
	records []telemetry.Record
	first   telemetry.Seq
	done    chan error
}

func (r *request) end() telemetry.Seq { return r.first + telemetry.Seq(len(r.records)) }

// Append implements telemetry.History. After an error some of the records may
// have been kept all the same. Records larger than 32 MiB are errs.Invalid; a
// full disk is errs.Unavailable and may be tried again.
func (h *History) Append(ctx context.Context, records []telemetry.Record) (telemetry.Seq, error) {
	if len(records) == 0 {
		return 0, errs.New(errs.Invalid, "history_nothing", "There is nothing to append.")
	}
	for i := range records {
		if n := weight(&records[i]); n > maxRecord {
			return 0, errs.New(errs.Invalid, "record_too_large", "A record has %d bytes, more than the %d that the history keeps.", n, maxRecord)
		}
	}
	r := &request{records: records, done: make(chan error, 1)}
	select {
	case h.requests <- r:
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-h.stop:
		return 0, errs.New(errs.Unavailable, "history_closed", "The history is closed.")
	}
	if err := <-r.done; err != nil {
		return 0, err
	}
	return r.first, nil
}

func weight(r *telemetry.Record) int {
	return len(r.Raw) + len(r.Context) + len(r.Source) + len(r.Format)
}

// run is the only goroutine that writes. All callers that wait when it is free
// share one fsync.
func (h *History) run() {
	defer close(h.stopped)
	for {
		select {
		case <-h.stop:
			return
		case r := <-h.requests:
			h.commit(h.gather(r))
		}
	}
}

func (h *History) gather(r *request) []*request {
	all, bytes := []*request{r}, 0
	for {
		for i := range r.records {
			bytes += weight(&r.records[i])
		}
		if bytes >= group {
			return all
		}
		select {
		case r = <-h.requests:
			all = append(all, r)
		default:
			return all
		}
	}
}

func (h *History) commit(all []*request) {
	err := h.write(all)
	committed := h.writer.durable
	if err != nil {
		h.writer.next = committed
	}
	for _, r := range all {
		if r.first > 0 && r.end() <= committed {
			r.done <- nil
			continue
		}
		r.done <- err
	}
}

// writer is the state of the log being written.
type writer struct {
	file    *os.File
	part    *part
	off     int64         // the log's durable length
	durable telemetry.Seq // the number after the last durable record
	next    telemetry.Seq
	begun   time.Time // of the oldest record, by its time of arrival
	raw     int64     // with what is not durable yet
	rows    uint32
	broken  error // an fsync failed: what the disk holds is unknown

	block   builder
	encoder *zstd.Encoder
	plain   []byte
	packed  []byte
	buf     []byte // frames not written yet
	frames  []frame
}

func (w *writer) close() error {
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}

// startWriter goes on with the last segment, or begins the first.
func (h *History) startWriter() error {
	w := &h.writer
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	if err != nil {
		return err
	}
	w.encoder, w.next, w.durable = enc, 1, 1
	if n := len(h.segments); n > 0 {
		w.part = h.segments[n-1]
		w.next = w.part.end()
		w.durable = w.next
	}
	if w.part == nil || w.part.closed {
		return h.roll()
	}
	w.file, err = os.OpenFile(h.path(w.part.first, "log"), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open the history for writing: %w", err)
	}
	// Frames that were written but not synced before a crash are counted as
	// durable from here on.
	if err := w.file.Sync(); err != nil {
		return fmt.Errorf("sync the history: %w", err)
	}
	w.off, w.raw, w.rows = w.part.size, w.part.raw, w.part.count
	w.begun = time.UnixMicro(w.part.oldest)
	return nil
}

func (h *History) write(all []*request) error {
	w := &h.writer
	if w.broken != nil {
		return errs.New(errs.Unavailable, "history_broken", "The disk failed to keep what was written. Check it, then restart Vedette.").Because(w.broken)
	}
	w.block.reset()
	w.buf, w.frames = w.buf[:0], w.frames[:0]
	w.raw, w.rows = w.part.raw, w.part.count
	for _, r := range all {
		r.first = w.next
		for i := range r.records {
			if err := h.put(&r.records[i]); err != nil {
				return err
			}
		}
	}
	w.cut()
	return h.flush()
}

// put adds a record, and cuts blocks and segments where they are full.
func (h *History) put(r *telemetry.Record) error {
	w := &h.writer
	if w.rows > 0 && (w.raw >= h.limits.Raw || int(w.rows) >= h.limits.Records || r.Received.Sub(w.begun) >= h.limits.Age) {
		w.cut()
		if err := h.flush(); err != nil {
			return err
		}
		if err := h.roll(); err != nil {
			return err
		}
	}
	if w.rows == 0 {
		w.begun = r.Received
	}
	w.block.add(r)
	w.next++
	w.rows++
	w.raw += int64(weight(r))
	if w.block.full() {
		w.cut()
	}
	return nil
}

// cut turns the gathered records into a frame.
func (w *writer) cut() {
	if w.block.count == 0 {
		return
	}
	w.plain = w.block.bytes(w.plain[:0])
	w.packed = w.encoder.EncodeAll(w.plain, w.packed[:0])
	f := frame{
		off: w.off + int64(len(w.buf)), first: w.next - telemetry.Seq(w.block.count), synced: w.off,
		oldest: w.block.oldest, newest: w.block.newest,
		count: w.block.count, raw: uint32(len(w.plain)), payload: w.packed,
	}
	start := len(w.buf)
	w.buf = appendFrame(w.buf, &f)
	f.payload = w.buf[start+frameSize:]
	w.frames = append(w.frames, f)
	w.block.reset()
}

// flush makes the frames durable, then visible.
func (h *History) flush() error {
	w := &h.writer
	if len(w.frames) == 0 {
		return nil
	}
	if _, err := w.file.WriteAt(w.buf, w.off); err != nil {
		if e := w.file.Truncate(w.off); e != nil {
			w.broken = errors.Join(err, e)
		}
		return errs.New(errs.Unavailable, "history_full", "The history could not be written; the disk may be full. Free space or lower the retention.").Because(err)
	}
	if err := w.file.Sync(); err != nil {
		w.broken = err
		return errs.New(errs.Unavailable, "history_broken", "The disk failed to keep what was written. Check it, then restart Vedette.").Because(err)
	}
	h.mu.Lock()
	for i := range w.frames {
		w.part.take(&w.frames[i])
	}
	w.off += int64(len(w.buf))
	w.part.size = w.off
	h.mu.Unlock()
	w.durable = w.part.end()
	w.buf, w.frames = w.buf[:0], w.frames[:0]
	return nil
}

// roll begins a new segment.
func (h *History) roll() error {
	w := &h.writer
	f, err := os.OpenFile(h.path(w.durable, "log"), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return errs.New(errs.Unavailable, "history_full", "A new segment of the history cannot be created in %s.", h.dir).Because(err)
	}
	head := appendHead(nil, w.durable)
	_, err = f.WriteAt(head, 0)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(h.dir)
	}
	if err != nil {
		return errs.New(errs.Unavailable, "history_full", "A new segment of the history cannot be written in %s.", h.dir).Because(errors.Join(err, f.Close(), os.Remove(f.Name())))
	}
	err = w.close()
	w.file, w.off, w.raw, w.rows = f, int64(headSize), 0, 0
	h.mu.Lock()
	defer h.mu.Unlock()
	if w.part != nil {
		w.part.closed = true
	}
	w.part = &part{first: w.durable, size: w.off}
	h.segments = append(h.segments, w.part)
	return err
}
