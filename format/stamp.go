package format

import (
	"strings"
	"time"
)

// classicStamp returns the length of the time that s begins with, as BSD's
// syslog and Cisco write it: "Jan  2 15:04:05", "Jan 02 2006 15:04:05",
// "Jan  2 15:04:05.123 UTC", "Jan  2 15:04:05 2006". 0 when there is none.
func classicStamp(s string) int {
	p := stampParser{rest: s}
	if _, _, _, ok := p.date(); !ok {
		return 0
	}
	return len(s) - len(p.rest)
}

// ParseStamp reads a time as syslog of old has it, without a year and mostly
// without a zone: the year is the one that puts it nearest before arrival, a day
// of grace given for clocks that are ahead; without a zone it is UTC.
func ParseStamp(s string, arrival time.Time) (time.Time, bool) {
	p := stampParser{rest: strings.TrimSpace(s)}
	t, year, zone, ok := p.date()
	if !ok || strings.TrimSpace(p.rest) != "" {
		return time.Time{}, false
	}
	if year == 0 {
		year = arrival.Year() + 1
		for range 9 { // 29 February comes back within eight years
			if at := t.in(year); at.Day() == t.day && !at.Add(-zone).After(arrival.Add(24*time.Hour)) {
				break
			}
			year--
		}
	}
	at := t.in(year)
	if at.Day() != t.day {
		return time.Time{}, false
	}
	return at.Add(-zone), true
}

// clockTime is a moment of a year that is not known yet.
type clockTime struct{ month, day, hour, minute, second, nanos int }

func (c clockTime) in(year int) time.Time {
	return time.Date(year, time.Month(c.month), c.day, c.hour, c.minute, c.second, c.nanos, time.UTC)
}

type stampParser struct{ rest string }

func (p *stampParser) date() (t clockTime, year int, zone time.Duration, ok bool) {
	if len(p.rest) < len("Jan 2 15:04:05") {
		return t, 0, 0, false
	}
	if p.rest[4] == ' ' {
		if n := digits(p.rest[:4]); n > 1969 && n < 2100 && len(p.rest) >= 20 {
			year, p.rest = n, p.rest[5:]
		}
	}
	if t.month = monthOf(p.rest[:3]); t.month == 0 || p.rest[3] != ' ' {
		return t, 0, 0, false
	}
	p.rest = strings.TrimLeft(p.rest[3:], " ")
	if t.day, ok = p.number(1, 31); !ok {
		return t, 0, 0, false
	}
	p.rest = strings.TrimLeft(p.rest, " ,")
	if n, rest := leadingDigits(p.rest); year == 0 && n == 4 && strings.HasPrefix(rest, " ") {
		year, p.rest = digits(p.rest[:4]), rest[1:]
	}
	if !p.clock(&t) {
		return t, 0, 0, false
	}
	zone = p.suffix(&year)
	return t, year, zone, true
}

// clock reads hh:mm:ss and a fraction.
func (p *stampParser) clock(t *clockTime) bool {
	s := p.rest
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return false
	}
	t.hour, t.minute, t.second = digits(s[:2]), digits(s[3:5]), digits(s[6:8])
	if t.hour < 0 || t.hour > 23 || t.minute < 0 || t.minute > 59 || t.second < 0 || t.second > 60 {
		return false
	}
	t.nanos, p.rest = fraction(s[8:])
	if len(p.rest) > 2 && p.rest[0] == ' ' && p.rest[2] == 'M' && (p.rest[1] == 'A' || p.rest[1] == 'P') && t.hour > 0 && t.hour < 13 {
		if len(p.rest) == 3 || p.rest[3] == ' ' || p.rest[3] == '.' { // of twelve hours, and the fraction behind, as Cisco's call managers write it
			if t.hour %= 12; p.rest[1] == 'P' {
				t.hour += 12
			}
			t.nanos, p.rest = fraction(p.rest[3:])
		}
	}
	return true
}

// suffix reads a year or the names of zones that are no guess.
func (p *stampParser) suffix(year *int) time.Duration {
	for {
		word, _, _ := strings.Cut(strings.TrimPrefix(p.rest, " "), " ")
		word = strings.TrimSuffix(word, ":")
		switch {
		case !strings.HasPrefix(p.rest, " "):
			return 0
		case word == "UTC" || word == "GMT" || word == "Z":
			p.rest = p.rest[1+len(word):]
			return 0
		case zones[word] != 0:
			p.rest = p.rest[1+len(word):]
			return zones[word]
		case *year == 0 && len(word) == 4 && digits(word) > 1969 && digits(word) < 2100:
			*year = digits(word)
			p.rest = p.rest[1+len(word):]
		case len(word) == 5 && (word[0] == '+' || word[0] == '-'):
			offset, ok := zone(word)
			if !ok {
				return 0
			}
			p.rest = p.rest[1+len(word):]
			return offset
		default:
			return 0
		}
	}
}

// zones are the names that mean one offset wherever they are in use; CST and IST do
// not, and a host may be called WEST.
var zones = map[string]time.Duration{
	"BST": time.Hour, "CET": time.Hour, "CEST": 2 * time.Hour, "EET": 2 * time.Hour, "EEST": 3 * time.Hour, "MSK": 3 * time.Hour,
	"JST": 9 * time.Hour, "AEST": 10 * time.Hour, "AEDT": 11 * time.Hour, "NZST": 12 * time.Hour, "NZDT": 13 * time.Hour,
	"EST": -5 * time.Hour, "EDT": -4 * time.Hour, "CDT": -5 * time.Hour, "MST": -7 * time.Hour, "MDT": -6 * time.Hour,
	"PST": -8 * time.Hour, "PDT": -7 * time.Hour, "AKST": -9 * time.Hour, "AKDT": -8 * time.Hour,
}

// CutZone takes the name of a zone off the end of a time.
func CutZone(s string) (before string, offset time.Duration, ok bool) {
	i := strings.LastIndexByte(s, ' ')
	if i < 0 || zones[s[i+1:]] == 0 {
		return s, 0, false
	}
	return s[:i], zones[s[i+1:]], true
}

func (p *stampParser) number(low, high int) (int, bool) {
	n, rest := leadingDigits(p.rest)
	if n == 0 || n > 2 {
		return 0, false
	}
	v := digits(p.rest[:n])
	p.rest = rest
	return v, v >= low && v <= high
}

// monthOf returns the month that an English abbreviation names, 0 for none.
func monthOf(s string) int {
	const names = "JanFebMarAprMayJunJulAugSepOctNovDec"
	if len(s) != 3 {
		return 0
	}
	if i := strings.Index(names, s); i >= 0 && i%3 == 0 {
		return i/3 + 1
	}
	return 0
}
