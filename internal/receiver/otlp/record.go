package otlp

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// record is a log record as it is kept.
type record struct {
	Timestamp  string          `json:"timestamp,omitempty"`
	Observed   string          `json:"observed,omitempty"`
	Severity   string          `json:"severity,omitempty"`
	Number     int64           `json:"severity_number,omitempty"`
	Body       json.RawMessage `json:"body,omitempty"`
	Attributes json.RawMessage `json:"attributes,omitempty"`
	Resource   json.RawMessage `json:"resource,omitempty"`
	Scope      string          `json:"scope,omitempty"`
	Trace      string          `json:"trace_id,omitempty"`
	Span       string          `json:"span_id,omitempty"`
	Name       string          `json:"event_name,omitempty"`
}

func (r *record) json() []byte {
	b, err := json.Marshal(r)
	if err != nil { // its raw parts are made by us
		return []byte("{}")
	}
	return b
}

// maxDepth bounds values inside of values.
const maxDepth = 32

// instant spells nanoseconds since 1970; 0 is no time.
func instant(nanos uint64) string {
	if nanos == 0 || nanos > math.MaxInt64 {
		return ""
	}
	return time.Unix(0, int64(nanos)).UTC().Format(time.RFC3339Nano)
}

func appendString(out []byte, s string) []byte {
	b, err := json.Marshal(s)
	if err != nil { // a string has no errors
		return append(out, `""`...)
	}
	return append(out, b...)
}

func appendDouble(out []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendString(out, strconv.FormatFloat(f, 'g', -1, 64))
	}
	return strconv.AppendFloat(out, f, 'g', -1, 64)
}

func appendBytes(out, b []byte) []byte {
	return appendString(out, base64.StdEncoding.EncodeToString(b))
}
