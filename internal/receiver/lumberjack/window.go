package lumberjack

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

const (
	// maxWindow is how many events one acknowledgement may stand for; Beats send
	// 2,048 by default.
	maxWindow = 1 << 16
	// maxPacked bounds a compressed frame, maxUnpacked what comes out of it.
	maxPacked   = 64 << 20
	maxUnpacked = 256 << 20
	// small is the size of an event for which memory is taken at once.
	small = 64 << 10
	// maxPairs bounds a frame of names and values, which version 1 had.
	maxPairs = 1024
)

// frameError ends a connection.
type frameError struct{ reason string }

func (e *frameError) Error() string { return "lumberjack frame: " + e.reason }

// serve reads windows and acknowledges them.
func (s *Server) serve(ctx context.Context, conn net.Conn, source string) {
	w := &window{server: s, source: source, in: bufio.NewReaderSize(conn, 32<<10), conn: conn}
	err := w.all(ctx)
	if bad, ok := errors.AsType[*frameError](err); ok {
		s.Intake.Refuse(source, bad.reason, 1)
	}
	if err != nil {
		s.Log.DebugContext(ctx, "lumberjack connection ended", "source", source, "error", err)
	}
}

// window is a connection with the window being read.
type window struct {
	server *Server
	source string
	in     *bufio.Reader
	conn   net.Conn
	size   uint32 // events promised
	got    uint32 // events read
	last   uint32 // number of the last
	batch  []telemetry.Record
	bytes  int
}

// all reads until the sender goes.
func (w *window) all(ctx context.Context) error {
	for {
		w.server.Wait(w.conn, time.Time{}) // between windows a sender may be quiet for days
		if _, err := w.in.Peek(1); err != nil {
			return nil
		}
		w.server.Wait(w.conn, time.Now().Add(w.server.Stall))
		if err := w.read(ctx); err != nil {
			return err
		}
	}
}

// read reads one window. A long one is made durable in parts, each acknowledged.
func (w *window) read(ctx context.Context) error {
	kind, err := w.kind(w.in)
	if err != nil {
		return err
	}
	if kind != 'W' {
		return &frameError{receiver.BadFrame}
	}
	if w.size, err = number(w.in); err != nil {
		return err
	}
	if w.size == 0 || w.size > maxWindow {
		return &frameError{receiver.BadFrame}
	}
	for w.got = 0; w.got < w.size; {
		kind, err := w.kind(w.in)
		if err != nil {
			return err
		}
		if kind == 'C' {
			err = w.packed(ctx)
		} else {
			err = w.event(ctx, w.in, kind)
		}
		if err != nil {
			return err
		}
	}
	return w.flush(ctx)
}

// kind reads the version and the kind of a frame.
func (w *window) kind(in io.Reader) (byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, half(err)
	}
	if head[0] != '2' && head[0] != '1' {
		return 0, &frameError{receiver.BadFrame}
	}
	return head[1], nil
}

func number(in io.Reader) (uint32, error) {
	var b [4]byte
	if _, err := io.ReadFull(in, b[:]); err != nil {
		return 0, half(err)
	}
	return binary.BigEndian.Uint32(b[:]), nil
}

// half names the end of a connection within a window. What was read of the window
// is not acknowledged, and the sender has it still.
func half(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &frameError{receiver.Half}
	}
	return err
}

// packed reads the frames of a compressed one.
func (w *window) packed(ctx context.Context) error {
	size, err := number(w.in)
	if err != nil {
		return err
	}
	if size > maxPacked {
		return &frameError{receiver.TooLong}
	}
	packed := &io.LimitedReader{R: w.in, N: int64(size)}
	z, err := zlib.NewReader(packed)
	if err != nil {
		return damaged(err)
	}
	defer func() { _ = z.Close() }()
	in := bufio.NewReaderSize(&io.LimitedReader{R: z, N: maxUnpacked}, 32<<10)
	for w.got < w.size {
		if _, err := in.Peek(1); err == io.EOF {
			break
		} else if err != nil {
			return damaged(err)
		}
		kind, err := w.kind(in)
		if err == nil {
			err = w.event(ctx, in, kind)
		}
		if err != nil {
			return damaged(err)
		}
	}
	// The sum at the end, and what a sender may have put behind.
	if _, err := io.Copy(io.Discard, packed); err != nil {
		return half(err)
	}
	return nil
}

// damaged names what is wrong within a compressed frame.
func damaged(err error) error {
	if errors.Is(err, zlib.ErrHeader) || errors.Is(err, zlib.ErrChecksum) || errors.Is(err, zlib.ErrDictionary) {
		return &frameError{receiver.BadFrame}
	}
	return half(err)
}

// event reads one event.
func (w *window) event(ctx context.Context, in *bufio.Reader, kind byte) error {
	last, err := number(in)
	if err != nil {
		return err
	}
	var raw []byte
	switch kind {
	case 'J':
		raw, err = w.document(in)
	case 'D':
		raw, err = w.pairs(in)
	default:
		return &frameError{receiver.BadFrame}
	}
	if err != nil {
		return err
	}
	w.got, w.last = w.got+1, last
	if raw == nil {
		return nil
	}
	w.batch = append(w.batch, telemetry.Record{Source: w.source, Raw: raw})
	if w.bytes += len(raw); w.bytes < receiver.BatchBytes {
		return nil
	}
	return w.flush(ctx)
}

// document reads a JSON event; nil when it was refused.
func (w *window) document(in *bufio.Reader) ([]byte, error) {
	raw, err := w.bounded(in)
	if err != nil || raw == nil {
		return nil, err
	}
	if !receiver.Object(raw) {
		w.server.Intake.Refuse(w.source, receiver.BadJSON, 1)
		return nil, nil
	}
	return raw, nil
}

// bounded reads bytes behind their length; nil when they are too many.
func (w *window) bounded(in *bufio.Reader) ([]byte, error) {
	size, err := number(in)
	if err != nil {
		return nil, err
	}
	if int64(size) > int64(w.server.MaxEvent) {
		w.server.Intake.Refuse(w.source, receiver.TooLong, 1)
		_, err := io.CopyN(io.Discard, in, int64(size))
		if err != nil {
			return nil, half(err)
		}
		return nil, nil
	}
	if size <= small {
		raw := make([]byte, size)
		_, err := io.ReadFull(in, raw)
		if err != nil {
			return nil, half(err)
		}
		return raw, nil
	}
	var raw bytes.Buffer // grows with what comes, not with what is promised
	if _, err := io.CopyN(&raw, in, int64(size)); err != nil {
		return nil, half(err)
	}
	return raw.Bytes(), nil
}

// flush makes durable what was read and acknowledges it.
func (w *window) flush(ctx context.Context) error {
	if len(w.batch) > 0 {
		if err := w.server.keep(ctx, w.conn, w.batch); err != nil {
			return err
		}
		clear(w.batch)
		w.batch, w.bytes = w.batch[:0], 0
		w.server.Wait(w.conn, time.Now().Add(w.server.Stall))
	}
	return acknowledge(w.conn, w.last)
}

func acknowledge(conn net.Conn, last uint32) error {
	_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
	_, err := conn.Write(binary.BigEndian.AppendUint32([]byte("2A"), last))
	return err
}
