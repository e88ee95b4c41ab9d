package credential

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// layouts are those in which logs and tables write a date without doubt.
var layouts = []string{
	time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "2006/01/02 15:04:05", "2006/01/02", "02.01.2006 15:04:05", "2.1.2006 15:04:05", "02.01.2006 15:04", "02.01.2006", "2.1.2006",
	time.ANSIC, time.RFC1123, time.RFC1123Z, "2 January 2006", "2 Jan 2006", "January 2, 2006", "Jan 2, 2006", "20060102",
}

var slashed = regexp.MustCompile(`^(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?:[ ,T]+(\d{1,2}:\d{2}(?::\d{2})?)\s*([AaPp][Mm])?)?`)

// Date reads a date as stealers and people write it; zero when it is none, or lies
// after now by more than a day. 3/11/2026 is the month first, as most stealers write it,
// unless that would be no date or one to come.
func Date(s string, now time.Time) time.Time {
	s = strings.TrimSpace(s)
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return past(t, now)
		}
	}
	m := slashed.FindStringSubmatch(s)
	if m == nil {
		return time.Time{}
	}
	a, _ := strconv.Atoi(m[1])
	b, _ := strconv.Atoi(m[2])
	year, _ := strconv.Atoi(m[3])
	clock := time.Duration(0)
	for _, l := range []string{"3:04:05 PM", "3:04 PM", "15:04:05 ", "15:04 "} {
		if t, err := time.Parse(l, m[4]+" "+strings.ToUpper(m[5])); err == nil {
			clock = t.Sub(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC))
			break
		}
	}
	for _, monthDay := range [][2]int{{a, b}, {b, a}} {
		t := time.Date(year, time.Month(monthDay[0]), monthDay[1], 0, 0, 0, 0, time.UTC)
		if int(t.Month()) == monthDay[0] && t.Day() == monthDay[1] && !past(t.Add(clock), now).IsZero() {
			return t.Add(clock)
		}
	}
	return time.Time{}
}

func past(t, now time.Time) time.Time {
	if t.After(now.Add(24*time.Hour)) || t.Year() < 1995 {
		return time.Time{}
	}
	return t.UTC()
}
