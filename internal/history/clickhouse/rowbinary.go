package clickhouse

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxValue bounds one string of an answer.
const maxValue = 256 << 20

func appendString[S ~string | ~[]byte](b []byte, s S) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func appendUint64(b []byte, n uint64) []byte { return binary.LittleEndian.AppendUint64(b, n) }

// insert is the statement that takes rows into a table, in the format
// RowBinaryWithNames: data must not begin with what may be a line end, which the
// server would take for the end of the statement.
func insert(table string, rows []byte, columns ...string) question {
	head := binary.AppendUvarint(nil, uint64(len(columns)))
	for _, c := range columns {
		head = appendString(head, c)
	}
	return question{sql: "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") FORMAT RowBinaryWithNames", head: head, body: rows}
}

// answer reads rows in the format RowBinary: for more() { … } and then close, which
// says whether all of it was read.
type answer struct {
	body io.Closer
	r    *bufio.Reader
	err  error
	read int // bytes
}

func newAnswer(body io.ReadCloser) *answer {
	return &answer{body: body, r: bufio.NewReaderSize(body, 64<<10)}
}

// more says whether there is another row.
func (a *answer) more() bool {
	if a.err != nil {
		return false
	}
	if _, err := a.r.Peek(1); err != nil {
		if !errors.Is(err, io.EOF) {
			a.err = err
		}
		return false
	}
	return true
}

// close ends the answer. An early end is no error.
func (a *answer) close() error {
	err := a.body.Close()
	if a.err != nil {
		return unanswered(fmt.Errorf("read the answer: %w", a.err))
	}
	return err
}

func (a *answer) uint64() uint64 {
	var b [8]byte
	a.full(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

func (a *answer) int64() int64 { return int64(a.uint64()) }

func (a *answer) string() string { return string(a.bytes()) }

func (a *answer) bytes() []byte {
	if a.err != nil {
		return nil
	}
	n, err := binary.ReadUvarint(a.r)
	if err == nil && n > maxValue {
		err = fmt.Errorf("a value of %d bytes", n)
	}
	if err != nil {
		a.fail(err)
		return nil
	}
	if n <= 1<<20 {
		b := make([]byte, n)
		a.full(b)
		return b
	}
	b, err := io.ReadAll(io.LimitReader(a.r, int64(n))) // no memory for what is only promised
	if err == nil && uint64(len(b)) < n {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		a.fail(err)
		return nil
	}
	a.read += len(b)
	return b
}

func (a *answer) full(b []byte) {
	if a.err != nil {
		return
	}
	n, err := io.ReadFull(a.r, b)
	a.read += n
	if err != nil {
		a.fail(err)
	}
}

func (a *answer) fail(err error) {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // a row was begun
	}
	a.err = err
}
