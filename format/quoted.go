package format

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads the string at pos. Control characters inside are let pass: shippers
// write them, and they are no reason to lose a record.
func (s *Scanner) str() (string, error) {
	rest := s.src[s.pos+1:]
	end := strings.IndexByte(rest, '"')
	if end < 0 {
		s.pos = len(s.src)
		return "", errTruncated
	}
	if strings.IndexByte(rest[:end], '\\') < 0 {
		s.pos += end + 2
		return rest[:end], nil
	}
	return s.escaped()
}

func (s *Scanner) escaped() (string, error) {
	i := s.pos + 1
	var b strings.Builder
	for {
		next := strings.IndexAny(s.src[i:], `"\`)
		if next < 0 || i+next+1 > len(s.src) {
			s.pos = len(s.src)
			return "", errTruncated
		}
		b.WriteString(s.src[i : i+next])
		i += next
		if s.src[i] == '"' {
			s.pos = i + 1
			return b.String(), nil
		}
		if i+1 >= len(s.src) {
			s.pos = len(s.src)
			return "", errTruncated
		}
		c := s.src[i+1]
		i += 2
		if plain, ok := escapes(c); ok {
			b.WriteByte(plain)
			continue
		}
		if c != 'u' { // an unknown escape, as in an unescaped Windows path: keep both
			b.WriteByte('\\')
			i--
			continue
		}
		if r, n := s.unicode(i); n > 0 {
			b.WriteRune(r)
			i += n
		} else { // not four hex digits: keep what is there
			b.WriteString(`\u`)
		}
	}
}

// escapes returns the byte that stands behind a one-letter escape.
func escapes(c byte) (byte, bool) {
	switch c {
	case '"', '\\', '/':
		return c, true
	case 'n':
		return '\n', true
	case 't':
		return '\t', true
	case 'r':
		return '\r', true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	}
	return 0, false
}

// unicode reads the four hex digits at i, and the second half of a surrogate
// pair when one follows. n is how many bytes that took, 0 when they are not hex.
func (s *Scanner) unicode(i int) (r rune, n int) {
	r, ok := hex4(s.src, i)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 4
	}
	if strings.HasPrefix(s.src[i+4:], `\u`) {
		if low, ok := hex4(s.src, i+6); ok {
			if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
				return full, 10
			}
		}
	}
	return utf8.RuneError, 4
}

func hex4(s string, i int) (rune, bool) {
	if i+4 > len(s) {
		return 0, false
	}
	n, err := strconv.ParseUint(s[i:i+4], 16, 16)
	return rune(n), err == nil
}
