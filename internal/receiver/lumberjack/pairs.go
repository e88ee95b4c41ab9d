package lumberjack

import (
	"bufio"
	"encoding/json"

	"github.com/vedette-soc/vedette/internal/receiver"
)

// pairs reads an event of names and values, as version 1 has them, and makes the
// JSON of it that version 2 would have sent; nil when it was refused.
func (w *window) pairs(in *bufio.Reader) ([]byte, error) {
	n, err := number(in)
	if err != nil {
		return nil, err
	}
	if n > maxPairs {
		return nil, &frameError{receiver.BadFrame}
	}
	fields := map[string]string{}
	size, refused := 0, false
	for range n {
		name, err := w.bounded(in)
		if err != nil {
			return nil, err
		}
		value, err := w.bounded(in)
		if err != nil {
			return nil, err
		}
		if name == nil || value == nil { // counted already
			refused = true
			continue
		}
		if size += len(name) + len(value); size > w.server.MaxEvent {
			if !refused {
				w.server.Intake.Refuse(w.source, receiver.TooLong, 1)
			}
			refused = true
			continue
		}
		fields[string(name)] = string(value)
	}
	if refused {
		return nil, nil
	}
	return json.Marshal(fields)
}
