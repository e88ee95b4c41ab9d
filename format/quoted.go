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
	from := s.pos + 1
	n := strings.IndexByte(s.src[from:], '"')
	if n < 0 {
		s.pos = len(s.src)
		return "", errTruncated
	}
	if strings.IndexByte(s.src[from:from+n], '\\') >= 0 {
		return s.escaped(from + n)
	}
	s.pos = from + n + 1
	return s.src[from : from+n], nil
}

// maxRoom bounds the memory that is kept from one string to the next.
const maxRoom = 64 << 10

// escaped is str for a string with escapes; quote is where the next quotation mark
// stands, which may be one of the string's own.
func (s *Scanner) escaped(quote int) (string, error) {
	b := s.room[:0]
	for i := s.pos + 1; ; {
		n := strings.IndexByte(s.src[i:quote], '\\')
		if n < 0 {
			b = append(b, s.src[i:quote]...)
			break
		}
		b = append(b, s.src[i:i+n]...)
		i += n + 1
		c := s.src[i]
		if i == quote {
			next := strings.IndexByte(s.src[i+1:], '"')
			if next < 0 {
				s.pos = len(s.src)
				return "", errTruncated
			}
			quote += 1 + next
		}
		if plain, ok := escapes(c); ok {
			b = append(b, plain)
			i++
		} else if c != 'u' { // an unknown escape, as in an unescaped Windows path: keep both
			b = append(b, '\\')
		} else if r, n := s.unicode(i + 1); n > 0 {
			b = utf8.AppendRune(b, r)
			i += 1 + n
		} else { // not four hex digits: keep what is there
			b = append(b, `\u`...)
			i++
		}
	}
	s.pos = quote + 1
	if cap(b) <= maxRoom {
		s.room = b
	}
	return string(b), nil
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
