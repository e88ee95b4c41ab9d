package otlp

import (
	"encoding/hex"
	"errors"
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/vedette-soc/vedette/internal/receiver"
)

var (
	errWire = errors.New("this is no protobuf")
	errDeep = errors.New("values are nested too deeply")
)

// field is one of a message. Only what its type has is set.
type field struct {
	number protowire.Number
	bytes  []byte
	value  uint64
}

// each calls do for every field of a message. It allocates nothing.
func each(message []byte, do func(f field) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return errWire
		}
		message = message[n:]
		f := field{number: number}
		switch kind {
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(message)
		case protowire.Fixed64Type:
			f.value, n = protowire.ConsumeFixed64(message)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(message)
			f.value = uint64(v)
		default:
			return errWire
		}
		if n < 0 {
			return errWire
		}
		message = message[n:]
		if err := do(f); err != nil {
			return err
		}
	}
	return nil
}

// first returns the first field of that number.
func first(message []byte, number protowire.Number) (found []byte, err error) {
	err = each(message, func(f field) error {
		if f.number == number && found == nil {
			found = f.bytes
		}
		return nil
	})
	return found, err
}

// readProtobuf reads an ExportLogsServiceRequest: resources, their scopes, their records.
func readProtobuf(body []byte, maxEvent int, take func(*record, string)) error {
	return each(body, func(f field) error {
		if f.number != 1 {
			return nil
		}
		resource, err := first(f.bytes, 1)
		if err != nil {
			return err
		}
		attributes, err := appendAttributes(nil, resource, 1)
		if err != nil {
			return err
		}
		return each(f.bytes, func(scopes field) error {
			if scopes.number != 2 {
				return nil
			}
			return readScope(scopes.bytes, attributes, maxEvent, take)
		})
	})
}

func readScope(message, resource []byte, maxEvent int, take func(*record, string)) error {
	scope, err := first(message, 1)
	if err != nil {
		return err
	}
	name, err := first(scope, 1)
	if err != nil {
		return err
	}
	return each(message, func(f field) error {
		if f.number != 2 {
			return nil
		}
		if len(f.bytes) > maxEvent {
			take(nil, receiver.TooLong)
			return nil
		}
		r := &record{Resource: resource, Scope: string(name)}
		switch err := r.fill(f.bytes); {
		case errors.Is(err, errDeep):
			take(nil, "too-deep")
		case err != nil:
			return err
		default:
			take(r, "")
		}
		return nil
	})
}

// fill reads a LogRecord.
func (r *record) fill(message []byte) error {
	err := each(message, func(f field) (err error) {
		switch f.number {
		case 1:
			r.Timestamp = instant(f.value)
		case 2:
			r.Number = int64(f.value)
		case 3:
			r.Severity = string(f.bytes)
		case 5:
			r.Body, err = appendValue(nil, f.bytes, 0)
		case 9:
			r.Trace = hex.EncodeToString(f.bytes)
		case 10:
			r.Span = hex.EncodeToString(f.bytes)
		case 11:
			r.Observed = instant(f.value)
		case 12:
			r.Name = string(f.bytes)
		}
		return err
	})
	if err != nil {
		return err
	}
	r.Attributes, err = appendAttributes(nil, message, 6)
	return err
}

// appendAttributes writes the KeyValue fields of that number as an object; nothing
// when there are none.
func appendAttributes(out, message []byte, number protowire.Number) ([]byte, error) {
	return appendPairs(out, message, number, 0)
}

func appendPairs(out, message []byte, number protowire.Number, depth int) ([]byte, error) {
	n := 0
	err := each(message, func(f field) error {
		if f.number != number {
			return nil
		}
		sep := byte(',')
		if n == 0 {
			sep = '{'
		}
		n++
		key, err := first(f.bytes, 1)
		if err != nil {
			return err
		}
		value, err := first(f.bytes, 2)
		if err != nil {
			return err
		}
		out = append(appendString(append(out, sep), string(key)), ':')
		out, err = appendValue(out, value, depth)
		return err
	})
	if n > 0 {
		out = append(out, '}')
	}
	return out, err
}

// appendValue writes an AnyValue as JSON.
func appendValue(out, message []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return out, errDeep
	}
	start := len(out)
	err := each(message, func(f field) (err error) {
		out = out[:start] // of a oneof the last counts
		switch f.number {
		case 1:
			out = appendString(out, string(f.bytes))
		case 2:
			out = strconv.AppendBool(out, f.value != 0)
		case 3:
			out = strconv.AppendInt(out, int64(f.value), 10)
		case 4:
			out = appendDouble(out, math.Float64frombits(f.value))
		case 5:
			out, err = appendArray(out, f.bytes, depth+1)
		case 6:
			before := len(out)
			out, err = appendPairs(out, f.bytes, 1, depth+1)
			if len(out) == before {
				out = append(out, "{}"...)
			}
		case 7:
			out = appendBytes(out, f.bytes)
		}
		return err
	})
	if len(out) == start {
		out = append(out, "null"...)
	}
	return out, err
}

func appendArray(out, message []byte, depth int) ([]byte, error) {
	out = append(out, '[')
	n := 0
	err := each(message, func(f field) (err error) {
		if f.number != 1 {
			return nil
		}
		if n++; n > 1 {
			out = append(out, ',')
		}
		out, err = appendValue(out, f.bytes, depth)
		return err
	})
	return append(out, ']'), err
}
