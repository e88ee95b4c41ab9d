package otlp

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/internal/receiver"
)

// The JSON of OTLP, taken apart level by level, so that what is small on the wire
// stays small in memory.
type (
	jsonRequest struct {
		ResourceLogs []json.RawMessage `json:"resourceLogs"`
	}
	jsonResource struct {
		Resource struct {
			Attributes []jsonPair `json:"attributes"`
		} `json:"resource"`
		ScopeLogs []json.RawMessage `json:"scopeLogs"`
	}
	jsonScope struct {
		Scope struct {
			Name string `json:"name"`
		} `json:"scope"`
		LogRecords []json.RawMessage `json:"logRecords"`
	}
	jsonRecord struct {
		Time       number     `json:"timeUnixNano"`
		Observed   number     `json:"observedTimeUnixNano"`
		Number     number     `json:"severityNumber"`
		Severity   string     `json:"severityText"`
		Body       *jsonValue `json:"body"`
		Attributes []jsonPair `json:"attributes"`
		Trace      string     `json:"traceId"`
		Span       string     `json:"spanId"`
		Name       string     `json:"eventName"`
	}
	jsonPair struct {
		Key   string     `json:"key"`
		Value *jsonValue `json:"value"`
	}
	jsonValue struct {
		String *string  `json:"stringValue"`
		Bool   *bool    `json:"boolValue"`
		Int    number   `json:"intValue"`
		Double *float64 `json:"doubleValue"`
		Bytes  *string  `json:"bytesValue"`
		Array  *struct {
			Values []jsonValue `json:"values"`
		} `json:"arrayValue"`
		Pairs *struct {
			Values []jsonPair `json:"values"`
		} `json:"kvlistValue"`
	}
)

// number is an integer that may stand in quotes, as 64-bit integers do in the JSON of
// protobuf. An enumeration may be a name; then it counts as none.
type number string

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(b []byte) error {
	*n = number(strings.Trim(string(b), `"`))
	return nil
}

func (n number) unsigned() uint64 {
	v, err := strconv.ParseUint(string(n), 10, 64)
	if err != nil {
		return 0
	}
	return v
}

func readJSON(body []byte, maxEvent int, take func(*record, string)) error {
	var request jsonRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return err
	}
	for _, raw := range request.ResourceLogs {
		var resource jsonResource
		if err := json.Unmarshal(raw, &resource); err != nil {
			return err
		}
		attributes, err := appendJSONPairs(nil, resource.Resource.Attributes, 0)
		if err != nil {
			return err
		}
		for _, raw := range resource.ScopeLogs {
			var scope jsonScope
			if err := json.Unmarshal(raw, &scope); err != nil {
				return err
			}
			for _, raw := range scope.LogRecords {
				readJSONRecord(raw, attributes, scope.Scope.Name, maxEvent, take)
			}
		}
	}
	return nil
}

// readJSONRecord reads one record; what is wrong with it is its own matter.
func readJSONRecord(raw, resource []byte, scope string, maxEvent int, take func(*record, string)) {
	if len(raw) > maxEvent {
		take(nil, receiver.TooLong)
		return
	}
	var in jsonRecord
	if err := json.Unmarshal(raw, &in); err != nil {
		take(nil, receiver.BadJSON)
		return
	}
	r := &record{
		Timestamp: instant(in.Time.unsigned()), Observed: instant(in.Observed.unsigned()), Severity: in.Severity, Number: int64(in.Number.unsigned() & 0xff),
		Resource: resource, Scope: scope, Trace: in.Trace, Span: in.Span, Name: in.Name,
	}
	var err error
	if in.Body != nil {
		r.Body, err = in.Body.append(nil, 0)
	}
	if err == nil {
		r.Attributes, err = appendJSONPairs(nil, in.Attributes, 0)
	}
	if err != nil {
		take(nil, "too-deep")
		return
	}
	take(r, "")
}

func appendJSONPairs(out []byte, pairs []jsonPair, depth int) ([]byte, error) {
	var err error
	for i, p := range pairs {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		out = append(appendString(append(out, sep), p.Key), ':')
		if out, err = p.Value.append(out, depth); err != nil {
			return out, err
		}
	}
	if len(pairs) > 0 {
		out = append(out, '}')
	}
	return out, nil
}

func (v *jsonValue) append(out []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return out, errDeep
	}
	switch {
	case v == nil:
		return append(out, "null"...), nil
	case v.String != nil:
		return appendString(out, *v.String), nil
	case v.Bool != nil:
		return strconv.AppendBool(out, *v.Bool), nil
	case v.Int != "":
		n, err := strconv.ParseInt(string(v.Int), 10, 64)
		if err != nil {
			return appendString(out, string(v.Int)), nil
		}
		return strconv.AppendInt(out, n, 10), nil
	case v.Double != nil:
		return appendDouble(out, *v.Double), nil
	case v.Bytes != nil:
		return appendString(out, *v.Bytes), nil
	case v.Array != nil:
		return v.appendArray(out, depth+1)
	case v.Pairs != nil && len(v.Pairs.Values) > 0:
		return appendJSONPairs(out, v.Pairs.Values, depth+1)
	case v.Pairs != nil:
		return append(out, "{}"...), nil
	}
	return append(out, "null"...), nil
}

func (v *jsonValue) appendArray(out []byte, depth int) (_ []byte, err error) {
	out = append(out, '[')
	for i := range v.Array.Values {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = v.Array.Values[i].append(out, depth); err != nil {
			return out, err
		}
	}
	return append(out, ']'), nil
}
