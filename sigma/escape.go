package sigma

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// simpleEscape reads the escape that src begins with, unless it is \u: then took
// is 0. What is no escape of JSON, as in a Windows path that a shipper did not
// escape, is a backslash, and what follows it stays.
func simpleEscape(src []byte) (c byte, took int) {
	if len(src) < 2 {
		return '\\', 1
	}
	switch src[1] {
	case '"', '\\', '/':
		return src[1], 2
	case 'n':
		return '\n', 2
	case 't':
		return '\t', 2
	case 'r':
		return '\r', 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'u':
		return 0, 0
	}
	return '\\', 1
}

// appendUnescaped appends what the inside of a JSON string stands for. Bytes that
// are not UTF-8 become U+FFFD, one for each run of them; half a surrogate pair
// becomes U+FFFD; \u without four hex digits stays as it is.
func appendUnescaped(dst, src []byte) []byte {
	if !utf8.Valid(src) {
		src = toValid(src)
	}
	for {
		i := bytes.IndexByte(src, '\\')
		if i < 0 {
			return append(dst, src...)
		}
		dst = append(dst, src[:i]...)
		src = src[i:]
		if c, took := simpleEscape(src); took > 0 {
			dst = append(dst, c)
			src = src[took:]
			continue
		}
		r, took := unicodeEscape(src[2:])
		if took == 0 {
			dst = append(dst, '\\', 'u')
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		src = src[2+took:]
	}
}

// unicodeEscape reads the hex digits behind \u, and the second half of a
// surrogate pair when it follows.
func unicodeEscape(src []byte) (r rune, took int) {
	r, ok := hex4(src)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 4
	}
	if len(src) >= 6 && src[4] == '\\' && src[5] == 'u' {
		if low, ok := hex4(src[6:]); ok {
			if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
				return full, 10
			}
		}
	}
	return utf8.RuneError, 4
}

func hex4(src []byte) (rune, bool) {
	if len(src) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(src[:4]), 16, 16)
	return rune(n), err == nil
}

func toValid(src []byte) []byte { return bytes.ToValidUTF8(src, []byte("\ufffd")) }
