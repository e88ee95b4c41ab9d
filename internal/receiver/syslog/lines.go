package syslog

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/receiver"
)

// patience is how long the end of a record is awaited that spans lines.
const patience = 2 * time.Second

// lines reads messages that end with their line, but for records that several lines
// make, which senders do not always join: a Windows event in XML, in syslog or alone,
// JSON, an event as Splunk writes it.
type lines struct {
	*connection
	cutter *format.Cutter
	buf    []byte    // what is not used yet
	since  time.Time // when the record at its beginning began to be awaited; zero: none is
	open   bool      // that has a line already
	seen   int       // how much of buf was looked at
}

// lines reads until the sender ends.
func (c *connection) lines(ctx context.Context) error {
	l := &lines{connection: c, cutter: format.NewCutter(c.server.Formats, c.server.MaxEvent, format.CutState{}), buf: make([]byte, 0, small)}
	for {
		if c.in.Buffered() == 0 && (l.open || len(l.buf) == 0) { // the rest of a line is on its way
			if err := c.flush(ctx); err != nil {
				return err
			}
		}
		err := l.read(ctx)
		ending := format.Growing
		switch {
		case err == io.EOF:
			ending = format.Ended
		case err != nil || l.open && time.Since(l.since) >= patience:
			ending = format.Late
		}
		late := l.open && errors.Is(err, os.ErrDeadlineExceeded)
		if failed := l.cut(ctx, ending); failed != nil {
			return failed
		}
		switch {
		case err == nil, late:
		case err == io.EOF:
			return nil
		case len(l.buf) > 0:
			return broken(err)
		default:
			return nil
		}
	}
}

// read waits for more: as long as it takes when nothing is awaited.
func (l *lines) read(ctx context.Context) error {
	until := time.Time{}
	switch {
	case l.open:
		until = l.since.Add(patience)
	case !l.since.IsZero():
		until = l.since.Add(l.server.Stall)
	}
	if len(l.buf) == cap(l.buf) {
		size := min(2*cap(l.buf), l.server.MaxEvent+small)
		if err := l.hold(ctx, size); err != nil {
			return err
		}
		l.buf = append(make([]byte, 0, size), l.buf...)
	}
	if l.in.Buffered() == 0 {
		l.port.Wait(l.conn, until)
		defer l.port.Wait(l.conn, time.Time{})
	}
	n, err := l.in.Read(l.buf[len(l.buf):cap(l.buf)])
	l.buf = l.buf[:len(l.buf)+n]
	return err
}

// cut takes the records that are whole.
func (l *lines) cut(ctx context.Context, ending format.Ending) error {
	if ending == format.Growing && !l.worthwhile() {
		if l.since.IsZero() && len(l.buf) > 0 {
			l.since = time.Now()
		}
		return nil
	}
	var failed error
	used, long, _ := l.cutter.Cut(l.buf, ending, func(record []byte) {
		if failed == nil {
			failed = l.take(ctx, bytes.TrimRight(record, "\r\n\x00"))
		}
	})
	if long > 0 {
		l.server.Intake.Refuse(l.source, receiver.TooLong, long)
	}
	l.buf = append(l.buf[:0], l.buf[used:]...)
	if len(l.buf) < small && cap(l.buf) > small {
		l.buf = append(make([]byte, 0, small), l.buf...)
		l.giveBack()
	}
	l.seen = len(l.buf)
	open := bytes.IndexByte(l.buf, '\n') >= 0
	switch {
	case len(l.buf) == 0:
		l.since = time.Time{}
	case used > 0 || l.since.IsZero() || open && !l.open:
		l.since = time.Now()
	}
	l.open = open
	return failed
}

// worthwhile says whether a look at buf may find more than the last one did, and costs
// no more than what has come since, so that small parts of something long cost little.
func (l *lines) worthwhile() bool {
	switch {
	case len(l.buf) > l.server.MaxEvent, l.cutter.State().Skipping:
		return true
	case l.open && l.seen > small && len(l.buf) < l.seen+l.seen/4:
		return false
	}
	return bytes.IndexByte(l.buf[l.seen:], '\n') >= 0
}
