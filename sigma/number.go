package sigma

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// number is a number of a rule or an event: whole numbers exactly.
type number struct {
	whole bool
	i     int64
	f     float64
}

// parseNumber reads a decimal number. Nothing else, such as hex, is one: it is
// not what Sigma's comparisons are for.
func parseNumber(b []byte) (number, bool) {
	if len(b) == 0 || len(b) > 64 {
		return number{}, false
	}
	whole := true
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9':
		case (c == '-' || c == '+') && i == 0 && len(b) > 1:
		case c == '.', c == 'e', c == 'E', c == '-' && i > 0, c == '+' && i > 0:
			whole = false
		default:
			return number{}, false
		}
	}
	if whole {
		if i, err := strconv.ParseInt(string(b), 10, 64); err == nil {
			return number{true, i, float64(i)}, true
		}
	}
	f, err := strconv.ParseFloat(string(b), 64)
	return number{f: f}, err == nil && !math.IsInf(f, 0)
}

// compare returns -1, 0 or 1.
func (n number) compare(m number) int {
	if n.whole && m.whole {
		switch {
		case n.i < m.i:
			return -1
		case n.i > m.i:
			return 1
		}
		return 0
	}
	switch {
	case n.f < m.f:
		return -1
	case n.f > m.f:
		return 1
	}
	return 0
}

// compare holds a value of an event against the predicate's number.
func (p *predicate) compare(v []byte) bool {
	var n number
	ok := false
	if p.part == "" {
		n, ok = parseNumber(v)
	} else if t, isTime := parseTime(string(v)); isTime {
		i := timePart(t, p.part)
		n, ok = number{true, i, float64(i)}, true
	}
	if !ok {
		return false
	}
	c := n.compare(p.num)
	switch p.order {
	case Greater:
		return c > 0
	case GreaterEqual:
		return c >= 0
	case Less:
		return c < 0
	case LessEqual:
		return c <= 0
	}
	return c == 0
}

func timePart(t time.Time, part Modifier) int64 {
	switch part {
	case Minute:
		return int64(t.Minute())
	case Hour:
		return int64(t.Hour())
	case Day:
		return int64(t.Day())
	case Week:
		_, w := t.ISOWeek()
		return int64(w)
	case Month:
		return int64(t.Month())
	}
	return int64(t.Year())
}

var timeForms = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05 Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
	"2006/01/02 15:04:05", "2006/01/02",
}

// parseTime reads a time in a usual spelling, or as seconds, or thousandths, millionths
// or billionths of one, since 1970. What has no zone is UTC, and what has one is brought there.
func parseTime(s string) (time.Time, bool) {
	if len(s) > 64 {
		return time.Time{}, false
	}
	s = strings.Replace(s, ",", ".", 1)
	for _, form := range timeForms {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), true
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	switch { // millionths and billionths up to the year 2096
	case err != nil || f < 1e8:
		return time.Time{}, false
	case f <= 1e11:
	case f <= 1e14:
		f /= 1e3
	case f < 4e15:
		f /= 1e6
	case f > 1e17 && f < 4e18:
		f /= 1e9
	default:
		return time.Time{}, false
	}
	return time.Unix(int64(f), 0).UTC(), true
}
