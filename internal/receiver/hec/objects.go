package hec

import (
	"bufio"
	"errors"
	"io"

	"github.com/vedette-soc/vedette/internal/receiver"
)

var (
	errNoObject = errors.New("there is no object where one should begin")
	errTorn     = errors.New("the object does not end")
)

// objects cuts a stream into JSON objects that follow each other, without reading
// them: braces outside of strings are counted.
type objects struct {
	in    *bufio.Reader
	max   int
	array bool // the whole is an array
}

func newObjects(in io.Reader, max int) *objects {
	return &objects{in: bufio.NewReaderSize(in, 64<<10), max: max}
}

// next returns the next object; the caller may keep it. receiver.ErrTooLong means
// that one was passed over.
func (o *objects) next() ([]byte, error) {
	first := !o.array
	for {
		b, err := o.in.ReadByte()
		if err != nil {
			return nil, err
		}
		switch b {
		case ' ', '\t', '\r', '\n':
		case '[':
			if !first || o.array {
				return nil, errNoObject
			}
			o.array = true
		case ',', ']':
			if !o.array {
				return nil, errNoObject
			}
		case '{':
			return o.object()
		default:
			return nil, errNoObject
		}
	}
}

// object reads on behind an opening brace.
func (o *objects) object() ([]byte, error) {
	raw := make([]byte, 1, 512)
	raw[0] = '{'
	depth, quoted, escaped, long := 1, false, false, false
	for {
		b, err := o.in.ReadByte()
		if err == io.EOF {
			return nil, errTorn
		}
		if err != nil {
			return nil, err
		}
		if len(raw) >= o.max {
			long, raw = true, raw[:0]
		}
		if !long {
			raw = append(raw, b)
		}
		switch {
		case escaped:
			escaped = false
		case quoted && b == '\\':
			escaped = true
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{':
			depth++
		case b == '}':
			depth--
		}
		if depth > 0 {
			continue
		}
		if long {
			return nil, receiver.ErrTooLong
		}
		return raw, nil
	}
}
