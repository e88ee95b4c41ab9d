package format

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// number keeps every number exactly: int64, else float64 when that spells the
// same number, else the digits as a json.Number.
func (s *Scanner) number() (any, error) {
	start := s.pos
	digits, float := s.digits()
	if !float {
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
			return n, nil
		}
	}
	if !validNumber(digits) {
		s.pos = start
		return nil, fmt.Errorf("%.40q is not a number", digits)
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil || !float || math.IsInf(f, 0) || significant(digits) > 17 {
		return json.Number(digits), nil
	}
	return f, nil
}

// digits steps over what may be a number, and says whether it has a fraction or an
// exponent.
func (s *Scanner) digits() (digits string, float bool) {
	start := s.pos
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c >= '0' && c <= '9' || c == '-':
		case c == '.' || c == 'e' || c == 'E' || c == '+':
			float = true
		default:
			return s.src[start:s.pos], float
		}
		s.pos++
	}
	return s.src[start:s.pos], float
}

// validNumber holds digits against the number grammar of RFC 8259 section 6.
func validNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, s := leadingDigits(s)
	if whole == 0 {
		return false
	}
	if strings.HasPrefix(s, ".") {
		n := 0
		if n, s = leadingDigits(s[1:]); n == 0 {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		n := 0
		if n, s = leadingDigits(s); n == 0 {
			return false
		}
	}
	return s == ""
}

func leadingDigits(s string) (int, string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n, s[n:]
}

// significant counts the significant digits; float64 keeps 15 of any number and
// up to 17 of those it wrote itself.
func significant(digits string) int {
	if len(digits) <= 17 {
		return len(digits)
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(digits), "e")
	mantissa = strings.TrimLeft(strings.Replace(strings.TrimPrefix(mantissa, "-"), ".", "", 1), "0")
	return len(mantissa)
}
