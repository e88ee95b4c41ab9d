package indicator

import (
	"bytes"
	"strings"
)

// plainPath returns path and query of a URL in their one spelling, see canonicalURL;
// ok is false when there is a control character. A path on any host stays one: where
// resolving it would leave "//" at its beginning, which is how a host begins, it is not
// resolved.
func plainPath(u urlParts) (_ string, ok bool) {
	s := u.path
	plain, resolved := true, true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ' || c == 0x7f:
			return "", false
		case c == ' ' || c > 0x7f || c == '%':
			plain = false
		case c == '\\', c == '.' && i > 0 && s[i-1] == '/':
			resolved = false
		}
	}
	if !plain {
		s = plainEscapes(s)
	}
	if plain && resolved {
		return s, true
	}
	path, query := s, ""
	if i := strings.IndexByte(s, '?'); i >= 0 {
		path, query = s[:i], s[i:]
	}
	r := path
	if strings.IndexByte(r, '\\') >= 0 && (u.scheme == "" || DefaultPort(u.scheme) != 0) {
		r = strings.ReplaceAll(r, `\`, "/")
	}
	r = withoutDots(r)
	if r == path || u.host == "" && strings.HasPrefix(r, "//") {
		return s, true
	}
	return r + query, true
}

// plainEscapes decodes percent-encodings of letters, digits and "-._~", which need none
// (RFC 3986 §2.3), brings the others into upper case and encodes what is not printable
// ASCII. A percent sign that begins no encoding stays, and what is decoded does not make
// one of it.
func plainEscapes(s string) string {
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, len(s)+16)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ' || c > 0x7f:
			out = append(out, '%', digits[c>>4], digits[c&15])
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			if d := unhex(s[i+1])<<4 | unhex(s[i+2]); needless(d) && !joins(out, d) {
				out = append(out, d)
			} else {
				out = append(out, '%', upper(s[i+1]), upper(s[i+2]))
			}
			i += 2
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// needless says whether a percent-encoding of a byte says no more than the byte.
func needless(c byte) bool {
	return isAlnum(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

// joins says whether a byte would become a digit behind a lone percent sign.
func joins(before []byte, c byte) bool {
	n := len(before)
	return isHex(c) && (n > 0 && before[n-1] == '%' || n > 1 && before[n-2] == '%' && isHex(before[n-1]))
}

func unhex(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// PlainEscapes decodes the percent-encodings in a text that stand for letters, digits
// and "-._~", as those of a canonical URL are; again is false when there is none. A text
// without a percent sign costs no more than to see that.
func PlainEscapes(text []byte) (out []byte, again bool) {
	done := 0
	for i := 0; i+2 < len(text); i++ {
		at := bytes.IndexByte(text[i:], '%')
		if at < 0 || i+at+2 >= len(text) {
			break
		}
		i += at
		if !isHex(text[i+1]) || !isHex(text[i+2]) {
			continue
		}
		if d := unhex(text[i+1])<<4 | unhex(text[i+2]); needless(d) {
			out = append(out, text[done:i]...)
			if joins(out, d) {
				out = append(out, text[i:i+3]...)
			} else {
				out = append(out, d)
				again = true
			}
			done = i + 3
		}
		i += 2
	}
	if !again {
		return text, false
	}
	return append(out, text[done:]...), true
}

// withoutDots resolves the segments "." and ".." of a path that begins with a slash.
func withoutDots(path string) string {
	first := dotSegment(path)
	if first < 0 {
		return path
	}
	out := append(make([]byte, 0, len(path)), path[:first]...)
	for at := first; at < len(path); {
		end := at + 1
		for end < len(path) && path[end] != '/' {
			end++
		}
		switch segment := path[at:end]; segment {
		case "/.", "/..":
			if segment == "/.." {
				out = out[:max(bytes.LastIndexByte(out, '/'), 0)]
			}
			if end == len(path) {
				out = append(out, '/')
			}
		default:
			out = append(out, segment...)
		}
		at = end
	}
	return string(out)
}

// dotSegment returns where the first segment "/." or "/.." begins, -1 when there is none.
func dotSegment(path string) int {
	for from := 0; ; {
		i := strings.Index(path[from:], "/.")
		if i < 0 {
			return -1
		}
		from += i
		rest := strings.TrimPrefix(path[from+len("/."):], ".")
		if rest == "" || rest[0] == '/' {
			return from
		}
		from += len("/.")
	}
}
