package syslog

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// serve reads the frames of one connection.
func (s *Server) serve(ctx context.Context, port *receiver.Port, conn net.Conn, source string) {
	c := &connection{server: s, port: port, conn: conn, source: source, in: bufio.NewReaderSize(conn, 32<<10)}
	defer c.giveBack()
	err := c.frames(ctx)
	if len(c.batch) > 0 {
		if failed := c.flush(ctx); failed != nil {
			s.Intake.Refuse(source, "not-kept", len(c.batch))
			s.Log.ErrorContext(ctx, "syslog messages are lost", "source", source, "messages", len(c.batch), "error", failed)
		}
	}
	if bad, ok := errors.AsType[*frameError](err); ok {
		s.Intake.Refuse(source, bad.reason, 1)
		s.Log.DebugContext(ctx, "syslog connection ended", "source", source, "error", err)
	}
}

// frameError ends a connection.
type frameError struct{ reason string }

func (e *frameError) Error() string { return "syslog frame: " + e.reason }

// connection is one sender's.
type connection struct {
	server *Server
	port   *receiver.Port
	conn   net.Conn
	source string
	in     *bufio.Reader
	batch  []telemetry.Record
	bytes  int
	held   int64 // of server.large, by the message being read
}

// frames reads until the sender ends or a frame is broken. The first byte says
// how all frames of a connection are cut: RFC 6587 allows no change.
func (c *connection) frames(ctx context.Context) error {
	if first, err := c.in.Peek(1); err != nil {
		return nil
	} else if first[0] < '1' || first[0] > '9' || !c.counts() {
		return c.lines(ctx)
	}
	for {
		if c.in.Buffered() == 0 {
			if err := c.flush(ctx); err != nil {
				return err
			}
			if _, err := c.in.Peek(1); err != nil { // a sender may be quiet for days
				return nil
			}
		}
		c.port.Wait(c.conn, time.Now().Add(c.server.Stall))
		raw, err := c.counted(ctx)
		c.port.Wait(c.conn, time.Time{})
		if err != nil {
			return err
		}
		err = c.take(ctx, raw)
		c.giveBack()
		if err != nil {
			return err
		}
	}
}

// counts says whether the connection begins with a length: digits and a space. A
// bare line may begin with a digit, too, mostly of a date.
func (c *connection) counts() bool {
	for n := 2; n <= maxDigits+1; n++ {
		head, err := c.in.Peek(n)
		if err != nil {
			return false
		}
		switch b := head[n-1]; {
		case b == ' ':
			return true
		case b < '0' || b > '9':
			return false
		}
	}
	return false
}

func (c *connection) take(ctx context.Context, raw []byte) error {
	switch {
	case len(raw) == 0:
		return nil
	case !receiver.Legible(raw):
		c.server.Intake.Refuse(c.source, receiver.Encoding, 1)
		return nil
	}
	c.batch = append(c.batch, telemetry.Record{Source: c.source, Raw: raw})
	if c.bytes += len(raw); c.bytes < receiver.BatchBytes/8 && len(c.batch) < receiver.BatchRecords {
		return nil
	}
	return c.flush(ctx)
}

func (c *connection) flush(ctx context.Context) error {
	if len(c.batch) == 0 {
		return nil
	}
	if err := receiver.Keep(ctx, c.server.Intake, c.batch, c.server.Log); err != nil {
		return err
	}
	clear(c.batch)
	c.batch, c.bytes = c.batch[:0], 0
	return nil
}

// hold reserves memory for a long message; it waits while others hold all.
func (c *connection) hold(ctx context.Context, n int) error {
	more := int64(n) - c.held
	if n <= small || more <= 0 {
		return nil
	}
	short, cancel := context.WithTimeout(ctx, c.server.Stall)
	defer cancel()
	if err := c.server.large.Acquire(short, more); err != nil {
		return &frameError{"no-memory"}
	}
	c.held += more
	return nil
}

func (c *connection) giveBack() {
	if c.held > 0 {
		c.server.large.Release(c.held)
		c.held = 0
	}
}

// broken names the end of a connection in the middle of a frame.
func broken(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &frameError{receiver.Half}
	}
	return &frameError{"connection-lost"}
}
