package format

import (
	"strconv"
	"strings"
	"time"
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

// Moment reads a value as a time: as counted since 1970, as written in RFC 3339 and
// around it, or as is usual in logs. A time without a zone is UTC; one without a year
// lies near arrival, and is none without it. Of a list the first counts.
func Moment(v any, arrival func() time.Time) (time.Time, bool) {
	v = First(v)
	s, ok := v.(string)
	if !ok {
		return plausible(EpochTime(v))
	}
	if s, ok = MomentText(s); !ok {
		return time.Time{}, false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return plausible(EpochTime(n))
	}
	if before, offset, ok := CutZone(s); ok {
		if t, ok := Moment(before, arrival); ok {
			return t.Add(-offset), true
		}
	}
	if t, ok := TimeOf(s); ok {
		return plausible(t, ok)
	}
	if s[4] == '/' && s[7] == '/' {
		if t, ok := ParseTime(s[:4] + "-" + s[5:7] + "-" + s[8:]); ok {
			return t, true
		}
	}
	if cut, ok := strings.CutSuffix(s, " (UTC)"); ok {
		if t, ok := ParseTime(cut); ok {
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
	return ParseStamp(s, arrival())
}

// MomentText is a text without what stands around a time; ok is false when it is too
// short or too long for one.
func MomentText(s string) (cut string, ok bool) {
	s = strings.Trim(strings.TrimSpace(s), "[]")
	return s, len(s) >= 9 && len(s) <= 64
}

// plausible refuses counts that are no time of a log.
func plausible(t time.Time, ok bool) (time.Time, bool) {
	return t, ok && t.Year() > 1980 && t.Year() < 2200
}
