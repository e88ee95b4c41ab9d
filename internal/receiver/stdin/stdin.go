// Package stdin receives events from standard input, or any other reader: NDJSON,
// a JSON array of objects, lines of text, or a binary file of a known format.
//
// [Worker.Run] is a worker. Promises: an event is passed on within a moment of
// its arrival; it reads no further while the history cannot take what it has; it
// ends, without an error, with its input. What was read but not durable when the
// process ends is lost, as a pipe cannot be read again.
package stdin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

const (
	source       = "stdin"
	batchRecords = 1000
	batchBytes   = 4 << 20
	ahead        = 64 // records read ahead of the batch
	// idle is how long a batch waits for more.
	idle = 100 * time.Millisecond
	// pause is how long it waits when the history cannot take a batch now.
	pause = time.Second
)

// Worker reads events from In.
type Worker struct {
	In       io.Reader
	Intake   *telemetry.Intake
	Formats  *format.Recogniser
	Format   string // of every event; recognised when empty
	MaxEvent int    // bytes, default 1 MiB
	Log      *slog.Logger
}

// read is what the reading goroutine hands over.
type read struct {
	raw    []byte
	format string // when the input itself says it
	err    error
}

// Run passes events on until the input ends or ctx is done. It must be called
// once: a read that ctx interrupts stays behind until the input gives something.
func (w *Worker) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	header, err := telemetry.NewHeader(w.Formats, w.Format)
	if err != nil {
		return errs.Permanent(fmt.Errorf("read standard input: %w", err))
	}
	lines := make(chan read, ahead)
	go w.split(ctx, lines)
	var batch []telemetry.Record
	bytes := 0
	for {
		r, more := next(ctx, lines, len(batch) > 0)
		if more && r.raw != nil {
			name, context := header.Of(r.raw)
			if r.format != "" {
				name, context = r.format, nil
			}
			batch = append(batch, telemetry.Record{Format: name, Context: context, Raw: r.raw})
			bytes += len(r.raw)
			if len(batch) < batchRecords && bytes < batchBytes {
				continue
			}
		}
		if err := w.accept(ctx, batch); err != nil {
			return err
		}
		clear(batch)
		batch, bytes = batch[:0], 0
		switch {
		case r.err == io.EOF || ctx.Err() != nil:
			return nil
		case r.err != nil:
			return errs.Permanent(fmt.Errorf("read standard input: %w", r.err))
		}
	}
}

// next waits for a record; when others wait already, only for a moment.
func next(ctx context.Context, lines <-chan read, waiting bool) (read, bool) {
	if !waiting {
		select {
		case r := <-lines:
			return r, true
		case <-ctx.Done():
			return read{}, false
		}
	}
	timer := time.NewTimer(idle)
	defer timer.Stop()
	select {
	case r := <-lines:
		return r, true
	case <-timer.C:
		return read{}, false
	case <-ctx.Done():
		return read{}, false
	}
}

func (w *Worker) split(ctx context.Context, lines chan<- read) {
	in := format.NewSplitter(w.In, source, w.Formats, w.MaxEvent)
	for {
		raw, err := in.Next()
		if bad, ok := errors.AsType[*format.RecordError](err); ok {
			w.Intake.Refuse(source, bad.Reason, 1)
			w.Log.WarnContext(ctx, "event refused", "source", source, "line", bad.Line, "place", bad.Place, "reason", bad.Reason)
			continue
		}
		select {
		case lines <- read{raw, in.Format(), err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// accept tries again while the history has no room; the input waits meanwhile.
// What is in hand when ctx is done still gets one try.
func (w *Worker) accept(ctx context.Context, batch []telemetry.Record) error {
	for len(batch) > 0 {
		err := w.Intake.Accept(context.WithoutCancel(ctx), source, batch)
		switch errs.KindOf(err) {
		case errs.RateLimited, errs.Unavailable:
		default:
			return err
		}
		w.Log.WarnContext(ctx, "the history takes nothing now", "source", source, "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
	return nil
}
