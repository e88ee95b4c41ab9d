package syslog

import (
	"bytes"
	"context"
	"io"

	"github.com/vedette-soc/vedette/internal/receiver"
)

const (
	// small is the size of a message that needs no reservation.
	small = 32 << 10
	// maxDigits is how long a count may be; ten million bytes are no message.
	maxDigits = 9
)

// counted reads one frame "LENGTH SP MESSAGE".
func (c *connection) counted(ctx context.Context) ([]byte, error) {
	n, err := c.length()
	if err != nil {
		return nil, err
	}
	if n > c.server.MaxEvent {
		c.server.Intake.Refuse(c.source, receiver.TooLong, 1)
		if _, err := c.in.Discard(n); err != nil {
			return nil, broken(err)
		}
		return nil, nil
	}
	if err := c.hold(ctx, n); err != nil {
		return nil, err
	}
	raw := make([]byte, 0, min(n, small))
	for len(raw) < n { // grown with what comes, not with what is promised
		if len(raw) == cap(raw) {
			raw = append(make([]byte, 0, min(n, 2*cap(raw))), raw...)
		}
		k, err := io.ReadFull(c.in, raw[len(raw):cap(raw)])
		raw = raw[:len(raw)+k]
		if err != nil {
			return nil, broken(err)
		}
	}
	// Some senders count a line end in.
	return bytes.TrimRight(raw, "\r\n\x00"), nil
}

// length reads the count of a frame. Line ends before it, which some senders put
// behind a counted message without counting them, are stepped over.
func (c *connection) length() (int, error) {
	n := 0
	for digits := 0; ; {
		b, err := c.in.ReadByte()
		switch {
		case err == io.EOF && digits == 0:
			return 0, io.EOF
		case err != nil:
			return 0, broken(err)
		case digits == 0 && (b == '\n' || b == '\r' || b == 0):
		case b == ' ' && digits > 0:
			return n, nil
		case b < '0' || b > '9' || digits == 0 && b == '0' || digits == maxDigits:
			return 0, &frameError{receiver.BadFrame}
		default:
			n = n*10 + int(b-'0')
			digits++
		}
	}
}
