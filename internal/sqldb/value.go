package sqldb

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// Micros is t as stored: microseconds since 1970, 0 for the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time is the inverse of Micros.
func Time(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// TimeColumn scans a column written with Micros into T.
type TimeColumn struct{ T *time.Time }

// Scan implements sql.Scanner.
func (c TimeColumn) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*c.T = time.Time{}
	case int64:
		*c.T = Time(v)
	default:
		return fmt.Errorf("scan time: unexpected %T", src)
	}
	return nil
}

// JSON stores V as JSON text and reads it back; it is the same on both engines.
type JSON[T any] struct{ V T }

// Value implements driver.Valuer.
func (j JSON[T]) Value() (driver.Value, error) {
	b, err := json.Marshal(j.V)
	return string(b), err
}

// JSONColumn scans a column written with JSON into V.
type JSONColumn[T any] struct{ V *T }

// Scan implements sql.Scanner. Empty text leaves the zero value.
func (c JSONColumn[T]) Scan(src any) error {
	var b []byte
	switch v := src.(type) {
	case nil:
	case string:
		b = []byte(v)
	case []byte:
		b = v
	default:
		return fmt.Errorf("scan json: unexpected %T", src)
	}
	*c.V = *new(T)
	if len(b) == 0 {
		return nil
	}
	return json.Unmarshal(b, c.V)
}
