package indicator

import (
	"net/url"
	"strings"
)

// encodedSlashes is "://" where a URL is carried in another: ?url=http%3A%2F%2Fevil.example%2Fx
const encodedSlashes = "%3a%2f%2f"

// longestInside bounds a URL carried in another.
const longestInside = 4096

// EncodedURL finds the first URL in s that is percent-encoded, as redirects carry their
// target, and returns it canonical, with where it stands in s; end is 0 when there is
// none. Its host must stand there as it is.
func EncodedURL(s string) (value string, start, end int) {
	for at := 0; ; {
		i := strings.IndexByte(s[at:], '%')
		if i < 0 || at+i+len(encodedSlashes) > len(s) {
			return "", 0, 0
		}
		at += i
		if strings.EqualFold(s[at:at+len(encodedSlashes)], encodedSlashes) {
			start, end = encodedAround(s, at)
			if raw, err := url.PathUnescape(s[start:end]); err == nil && start < at && end > at {
				if v, err := Canonical(URL, raw); err == nil {
					return v, start, end
				}
			}
			at = max(at, end-1)
		}
		at++
	}
}

// encodedAround returns where the URL begins and ends whose "://" stands at i; its end is
// i when what follows is no host.
func encodedAround(s string, i int) (start, end int) {
	start = i
	for _, scheme := range [...]string{"https", "http", "ftp"} {
		if from := i - len(scheme); from >= 0 && strings.EqualFold(s[from:i], scheme) {
			start = from
			break
		}
	}
	if start == i {
		return i, i
	}
	host := i + len(encodedSlashes)
	end = host
	for end < len(s) && (isAlnum(s[end]) || strings.IndexByte(".-_", s[end]) >= 0) {
		end++
	}
	switch {
	case end == host:
		return start, i
	case end == len(s), !inURL(s[end]), s[end] == '/', s[end] == ':', s[end] == '?':
	case s[end] != '%', end+3 > len(s), !strings.Contains("%2f %3a %3f %23", strings.ToLower(s[end:end+3])):
		return start, i
	}
	for end < len(s) && end-start < longestInside && inURL(s[end]) {
		end++
	}
	return start, end
}

// inURL says whether a byte may stand in a URL that is a parameter of another.
func inURL(c byte) bool { return c > ' ' && c < 0x7f && strings.IndexByte("\"'`<>\\|^{}&;,#)]", c) < 0 }

// HashesInside passes the MD5, SHA-1, SHA-256 and SHA-512 in s to emit that are parts of a
// name or path: /malware/44d88612fea8a8f36de82e1278abb02f.exe. Digits alone are a number.
func HashesInside(s string, emit func(t Type, value string)) {
	for from := 0; from+32 <= len(s); {
		to, hex, letters := from, true, false
		for to < len(s) && isAlnum(s[to]) {
			c := s[to] | 0x20
			hex = hex && (c <= '9' || c <= 'f')
			letters = letters || c >= 'a'
			to++
		}
		if from > 0 && s[from-1] == '%' && to-from > 2 {
			from += 2 // the digits of a percent-encoding
		}
		if t, ok := hashTypes[to-from]; ok && hex && letters {
			emit(t, strings.ToLower(s[from:to]))
		}
		from = to + 1
	}
}

var hashTypes = map[int]Type{32: MD5, 40: SHA1, 64: SHA256, 128: SHA512}

func isAlnum(c byte) bool { return c-'0' <= 9 || c|0x20-'a' <= 'z'-'a' }
