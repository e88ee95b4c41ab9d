package zeek

import (
	"math"
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// times are the columns of type time besides ts, which JSON may carry as a
// count of seconds.
var times = map[string]bool{
	"from": true, "till": true, "last_active": true, "first_seen": true, "ended": true,
	"certificate.not_valid_before": true, "certificate.not_valid_after": true,
	"times.modified": true, "times.accessed": true, "times.created": true, "times.changed": true,
	"ref_time": true, "org_time": true, "rec_time": true, "xmt_time": true,
}

// normalise brings the values of a JSON record to what TSV carries of them:
// floats with the six decimals of Zeek's ASCII writer, times in ISO 8601.
func normalise(f event.Fields, prefix string) {
	for name, v := range f {
		switch v := v.(type) {
		case float64:
			column := strings.TrimPrefix(name, prefix)
			if times[column] {
				if t, ok := format.EpochTime(v); ok {
					f[name] = stamp(t)
					continue
				}
			}
			f[name] = round(v)
		case []string: // TSV writes both no element and one empty element as (empty)
			if len(v) == 1 && v[0] == "" {
				f[name] = []string{}
			}
		case []any:
			for i, e := range v {
				if x, ok := e.(float64); ok {
					v[i] = round(x)
				}
			}
		}
	}
	if t, ok := format.TimeOf(f[prefix+"ts"]); ok {
		f[prefix+"ts"] = stamp(t)
	}
}

func round(x float64) float64 {
	if math.Abs(x) > 1<<33 {
		return x
	}
	return math.Round(x*1e6) / 1e6
}
