package format

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseTime reads the time spellings that logs use around RFC 3339: 'T' or a
// space, any number of decimals (after '.' or ','), and Z, +hh:mm, +hhmm, +hh or
// no zone, which is read as UTC. The result is UTC. ok is false when s is
// anything else.
func ParseTime(s string) (t time.Time, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) < 19 || s[4] != '-' || s[7] != '-' || s[10] != 'T' && s[10] != ' ' && s[10] != 't' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	year, month, day := digits(s[0:4]), digits(s[5:7]), digits(s[8:10])
	hour, minute, second := digits(s[11:13]), digits(s[14:16]), digits(s[17:19])
	if year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
		minute < 0 || minute > 59 || second < 0 || second > 60 {
		return time.Time{}, false
	}
	nanos, rest := fraction(s[19:])
	offset, ok := zone(strings.TrimPrefix(rest, " "))
	if !ok {
		return time.Time{}, false
	}
	t = time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if t.Day() != day && second < 60 && hour < 24 {
		return time.Time{}, false // 31 February
	}
	return t.Add(-offset), true
}

// Zoned says whether a time that ParseTime reads names its zone.
func Zoned(s string) bool {
	s = strings.TrimSpace(s)
	return len(s) > 19 && strings.ContainsAny(s[19:], "Zz+-")
}

// digits returns the number, -1 when s is not all digits.
func digits(s string) int {
	n := 0
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return -1
		}
		n = n*10 + int(c)
	}
	return n
}

func fraction(s string) (nanos int, rest string) {
	if s == "" || s[0] != '.' && s[0] != ',' {
		return 0, s
	}
	i, scale := 1, 100_000_000
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		nanos += int(s[i]-'0') * scale
		scale /= 10
	}
	return nanos, s[i:]
}

func zone(s string) (offset time.Duration, ok bool) {
	if s == "" || s == "Z" || s == "z" || s == "UTC" {
		return 0, true
	}
	if s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	hm := strings.Replace(s[1:], ":", "", 1)
	if len(hm) == 2 {
		hm += "00"
	}
	n := digits(hm)
	if len(hm) != 4 || n < 0 || n%100 > 59 || n/100 > 23 {
		return 0, false
	}
	offset = time.Duration(n/100)*time.Hour + time.Duration(n%100)*time.Minute
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// EpochTime reads a Unix time in seconds, milliseconds, microseconds or
// nanoseconds, told apart by size: seconds reach year 5138 before the number is
// as large as milliseconds of 1973. Fractions are kept to the microsecond.
func EpochTime(v any) (t time.Time, ok bool) {
	switch v := v.(type) {
	case int64:
		n, a := v, v
		if a < 0 {
			a = -a
		}
		switch {
		case a < 1e11:
			return time.Unix(n, 0).UTC(), true
		case a < 1e14:
			return time.UnixMilli(n).UTC(), true
		case a < 1e17:
			return time.UnixMicro(n).UTC(), true
		default:
			return time.Unix(0, n).UTC(), true
		}
	case float64:
		if math.IsNaN(v) || math.Abs(v) >= 1e14 {
			return time.Time{}, false
		}
		if math.Abs(v) >= 1e11 {
			return time.UnixMicro(int64(math.Round(v * 1e3))).UTC(), true
		}
		return time.UnixMicro(int64(math.Round(v * 1e6))).UTC(), true
	case string:
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return EpochTime(f)
		}
	}
	return time.Time{}, false
}

// TimeOf reads a field's value as a time, written or counted; of a list the first.
func TimeOf(v any) (time.Time, bool) {
	v = First(v)
	if s, ok := v.(string); ok {
		if t, ok := ParseTime(s); ok {
			return t, true
		}
	}
	return EpochTime(v)
}

// First returns the first value of a list, and anything else as it is.
func First(v any) any {
	switch list := v.(type) {
	case []string:
		if len(list) > 0 {
			return list[0]
		}
	case []any:
		if len(list) > 0 {
			return list[0]
		}
	}
	return v
}
