package described

import (
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/format"
)

// usual are the spellings of times that logs have besides those of RFC 3339 and
// of syslog.
var usual = []string{
	"02/Jan/2006:15:04:05 -0700",
	"2/Jan/2006:15:04:05 -0700",
	"02/Jan/2006:15:04:05",
	"Mon Jan _2 15:04:05 2006 MST",
	"Mon Jan _2 15:04:05.999999 2006",
	"Mon Jan _2 15:04:05 2006",
	"02-Jan-2006 15:04:05.999",
	"January 2, 2006 15:04:05",
	time.RFC1123Z,
	time.RFC1123,
	"1/2/2006 3:04:05 PM",
	"01/02/2006 15:04:05",
	"01/02/2006 03:04:05 PM",
	"Jan 2 2006 15:04:05.999 MST",
}

// moment reads a value as a time: as counted since 1970, as written in RFC 3339
// and around it, in a layout given, or as is usual in logs. A time without a zone
// is UTC; one without a year lies near arrival. Of a list the first counts.
func moment(v any, layouts []string, arrival func() time.Time) (time.Time, bool) {
	v = format.First(v)
	s, ok := v.(string)
	if !ok {
		return plausible(format.EpochTime(v))
	}
	s = strings.Trim(strings.TrimSpace(s), "[]")
	if len(s) < 9 || len(s) > 64 {
		return time.Time{}, false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return plausible(format.EpochTime(n))
	}
	if before, offset, ok := format.CutZone(s); ok {
		if t, ok := moment(before, layouts, arrival); ok {
			return t.Add(-offset), true
		}
	}
	if t, ok := laid(s, layouts, arrival); ok {
		return t, true
	}
	if t, ok := format.TimeOf(s); ok {
		return plausible(t, ok)
	}
	if s[4] == '/' && s[7] == '/' {
		if t, ok := format.ParseTime(s[:4] + "-" + s[5:7] + "-" + s[8:]); ok {
			return t, true
		}
	}
	if cut, ok := strings.CutSuffix(s, " (UTC)"); ok {
		if t, ok := format.ParseTime(cut); ok {
			return t, true
		}
	}
	for _, l := range usual {
		if t, err := time.Parse(l, strings.TrimSuffix(s, " UTC")); err == nil && t.Year() > 0 {
			return t.UTC(), true
		}
	}
	if arrival == nil {
		return time.Time{}, false
	}
	return format.ParseStamp(s, arrival())
}

// laid reads a time in the first layout that fits; of several, as of days and months in
// either order, one by which it is within a day of arrival comes first.
func laid(s string, layouts []string, arrival func() time.Time) (first time.Time, found bool) {
	for _, l := range layouts {
		t, err := time.Parse(l, s)
		if err != nil {
			continue
		}
		if len(layouts) == 1 || arrival == nil || arrival().Sub(t).Abs() < 24*time.Hour {
			return t.UTC(), true
		}
		if !found {
			first, found = t.UTC(), true
		}
	}
	return first, found
}

// plausible refuses counts that are no time of a log.
func plausible(t time.Time, ok bool) (time.Time, bool) {
	return t, ok && t.Year() > 1980 && t.Year() < 2200
}
