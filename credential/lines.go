package credential

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxLine bounds a line, in bytes.
const maxLine = 64 << 10

// lines reads lines without their ends. What it returned is good until the next call.
type lines struct {
	in   *bufio.Reader
	n    int
	long bool // the line is cut: it is longer than maxLine
}

func newLines(in *bufio.Reader) *lines { return &lines{in: in} }

// next returns the next line; io.EOF after the last.
func (l *lines) next() ([]byte, error) {
	l.long = false
	line, err := l.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.long = true
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = l.in.ReadSlice('\n')
		}
		line = nil
	}
	if errors.Is(err, io.EOF) && (len(line) > 0 || l.long) {
		err = nil
	}
	l.n++
	if l.n == 1 {
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	return bytes.TrimRight(line, "\r\n"), err
}
