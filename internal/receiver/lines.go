package receiver

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// ErrTooLong is a line beyond the limit. Reading goes on behind it.
var ErrTooLong = errors.New("the line is too long")

// Lines cuts a stream into lines of a bounded length. Not safe for concurrent use.
type Lines struct {
	in  *bufio.Reader
	max int
}

// NewLines returns the lines of in, each of at most max bytes.
func NewLines(in io.Reader, max int) *Lines { return &Lines{bufio.NewReaderSize(in, 64<<10), max} }

// Next returns the next line without its end; the caller may keep it. ErrTooLong
// means that one was passed over. io.EOF is the end; the last line needs no end.
func (l *Lines) Next() ([]byte, error) {
	var raw []byte
	long := false
	for {
		part, err := l.in.ReadSlice('\n')
		if len(raw)+len(part) > l.max+2 {
			long, raw = true, nil
		}
		if !long {
			raw = append(raw, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == io.EOF && len(raw) == 0 && !long:
			return nil, io.EOF
		case err != nil && err != io.EOF:
			return nil, err
		}
		raw = bytes.TrimRight(raw, "\r\n")
		if long || len(raw) > l.max {
			return nil, ErrTooLong
		}
		return raw, nil
	}
}

// Object says whether raw is one JSON object.
func Object(raw []byte) bool {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	return len(raw) > 1 && raw[0] == '{' && json.Valid(raw)
}

// OneLine brings a JSON document into one line; what is none stays as it is.
func OneLine(raw []byte) []byte {
	if bytes.IndexByte(raw, '\n') < 0 {
		return raw
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}
