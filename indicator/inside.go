package indicator

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// longestInside bounds a URL carried in another, maxInside how many are looked for there.
const (
	longestInside = 4096
	maxInside     = 16
)

// URLsInside passes the URLs to emit that raw, a URL or what follows its host, carries in
// its path or query, canonical: as they stand there, also without the parameters behind
// them (redirects: q=https://evil.example/x&sa=D), percent-encoded once or more often, and
// as the gateways of Proofpoint write them; of those that gateways of Mimecast and Sophos
// carry only the host can be read.
func URLsInside(raw string, emit func(t Type, value string)) {
	plainURLs(raw, emit)
	eachURL(raw, EncodedURL, emit)
	eachURL(raw, DashedURL, emit)
	for _, g := range gateways {
		if strings.Contains(raw, g.host) {
			if _, rest, ok := strings.Cut(raw, g.parameter); ok {
				host, _, _ := strings.Cut(rest, "&")
				if v, err := Canonical(Domain, host); err == nil {
					emit(Domain, v)
				}
			}
		}
	}
}

// eachURL passes what find finds in s to emit, one behind the other.
func eachURL(s string, find func(string) (value string, start, end int), emit func(t Type, value string)) {
	for range maxInside {
		v, _, end := find(s)
		if end == 0 {
			return
		}
		emit(URL, v)
		s = s[end:]
	}
}

// gateways name the host of what they carry in a parameter.
var gateways = [...]struct{ host, parameter string }{
	{"mimecast", "?domain="},          // protect-us.mimecast.com, url.us.m.mimecastprotect.com
	{".protection.sophos.com", "?d="}, // beside u=, the URL in base64
}

// plainURLs passes the URLs that stand in raw as they are.
func plainURLs(raw string, emit func(t Type, value string)) {
	for at, n := 0, 0; n < maxInside; {
		i := strings.Index(raw[at:], ":/")
		if i < 0 {
			return
		}
		at += i
		start := at
		for start > 0 && isLetter(raw[start-1]) {
			start--
		}
		behind := raw[at+len(":/"):]
		at += len(":/")
		defended := strings.HasSuffix(raw[:start], "__") // Proofpoint, which may lose a slash
		if start == 0 || start == at-len(":/") || !strings.HasPrefix(behind, "/") && !defended {
			continue
		}
		n++
		if defended {
			if text, ok := undefend(raw[start:at] + "/" + strings.TrimPrefix(behind, "/")); ok {
				if v, err := Canonical(URL, text); err == nil {
					emit(URL, v)
				}
				continue
			}
		}
		v, err := Canonical(URL, raw[start:])
		if err == nil {
			emit(URL, v)
		}
		if first, _, ok := strings.Cut(raw[start:], "&"); ok && raw[start-1] == '=' {
			if cut, err := Canonical(URL, first); err == nil && cut != v {
				emit(URL, cut)
			}
		}
	}
}

// undefend returns the URL that s begins with as URL Defense 3 of Proofpoint writes it:
// https://evil.example/a*b__;Iw!!… A star is a byte of the base64 behind it, two and a
// letter are as many as the letter's place in that alphabet says, and two.
func undefend(s string) (string, bool) {
	text, behind, ok := strings.Cut(s, "__;")
	if !ok {
		return "", false
	}
	if strings.IndexByte(text, '*') < 0 {
		return text, true
	}
	code, _, _ := strings.Cut(behind, "!")
	lost, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(code, "="))
	if err != nil {
		return text, true
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '*' {
			b.WriteByte(text[i])
			continue
		}
		n := 1
		if i+2 < len(text) && text[i+1] == '*' {
			if run := strings.IndexByte(runs, text[i+2]); run >= 0 {
				n = run + 2
				i += 2
			}
		}
		n = min(n, len(lost))
		b.Write(lost[:n])
		lost = lost[n:]
	}
	return b.String(), true
}

const runs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// dashedSlashes is "://" as URL Defense 2 of Proofpoint writes it.
const dashedSlashes = "-3a__"

// DashedURL finds the first URL in s as URL Defense 2 of Proofpoint carries it, in which
// '-' stands for '%' and '_' for '/': u=https-3A__evil.example_x-3Fa-3Db. It returns what
// EncodedURL does.
func DashedURL(s string) (value string, start, end int) {
	for at := 0; ; at++ {
		i := strings.IndexByte(s[at:], '-')
		if i < 0 {
			return "", 0, 0
		}
		at += i
		if !hasDashedSlashes(s[at:]) {
			continue
		}
		if start = schemeBefore(s, at); start == at {
			continue
		}
		end = at + len(dashedSlashes)
		for end < len(s) && end-start < longestInside && (isAlnum(s[end]) || strings.IndexByte(".-_~", s[end]) >= 0) {
			if s[end] == '-' && hasDashedSlashes(s[end:]) { // the next one
				end = schemeBefore(s, end)
				break
			}
			end++
		}
		raw, err := url.PathUnescape(dashes.Replace(s[start:end]))
		if err != nil {
			continue
		}
		if v, err := Canonical(URL, raw); err == nil && !odd(raw) {
			return v, start, end
		}
	}
}

// odd says whether a URL has a host that does not stand in it as it is.
func odd(raw string) bool {
	_, rest, ok := cutScheme(raw)
	return ok && OddHost([]byte(rest))
}

func hasDashedSlashes(s string) bool {
	return len(s) >= len(dashedSlashes) && strings.EqualFold(s[:len(dashedSlashes)], dashedSlashes)
}

var dashes = strings.NewReplacer("-", "%", "_", "/")

// schemeBefore returns where the scheme begins that ends at i; i when there is none.
func schemeBefore(s string, i int) int {
	for _, scheme := range [...]string{"https", "http", "ftp"} {
		if from := i - len(scheme); from >= 0 && strings.EqualFold(s[from:i], scheme) {
			return from
		}
	}
	return i
}

// maxEncodings is how often a URL may be percent-encoded.
const maxEncodings = 4

// EncodedSlashes returns the length of the "://" that s begins with, percent-encoded once
// (%3A%2F%2F) or more often (%253A%252F%252F), and how often; 0 when it does not.
func EncodedSlashes[T string | []byte](s T) (n, times int) {
	if len(s) < 9 || s[0] != '%' {
		return 0, 0
	}
	again := 0
	for again < maxEncodings-1 && 3+2*again < len(s) && s[1+2*again] == '2' && s[2+2*again] == '5' {
		again++
	}
	for _, digits := range [...]string{"3a", "2f", "2f"} {
		if n >= len(s) || s[n] != '%' {
			return 0, 0
		}
		n++
		for range again {
			if n+2 > len(s) || s[n] != '2' || s[n+1] != '5' {
				return 0, 0
			}
			n += 2
		}
		if n+2 > len(s) || s[n] != digits[0] || s[n+1]|0x20 != digits[1] {
			return 0, 0
		}
		n += 2
	}
	return n, again + 1
}

// EncodedURL finds the first URL in s that is percent-encoded, as redirects carry their
// target (?url=http%3A%2F%2Fevil.example%2Fx), and returns it canonical, with where it
// stands in s; end is 0 when there is none. Its host must stand there as it is.
func EncodedURL(s string) (value string, start, end int) {
	for at := 0; ; at++ {
		i := strings.IndexByte(s[at:], '%')
		if i < 0 {
			return "", 0, 0
		}
		at += i
		n, times := EncodedSlashes(s[at:])
		if n == 0 {
			continue
		}
		start, end = encodedAround(s, at, n, times)
		if start < at && end > at {
			raw, err := s[start:end], error(nil)
			for range times {
				if raw, err = url.PathUnescape(raw); err != nil {
					break
				}
			}
			if err == nil {
				if v, err := Canonical(URL, raw); err == nil && !odd(raw) {
					return v, start, end
				}
			}
		}
		at = max(at, end-1)
	}
}

// encodedAround returns where the URL begins and ends whose "://" of n bytes stands at i;
// its end is i when what follows is no host.
func encodedAround(s string, i, n, times int) (start, end int) {
	if start = schemeBefore(s, i); start == i {
		return i, i
	}
	host := i + n
	end = host
	for end < len(s) && (isAlnum(s[end]) || strings.IndexByte(".-_", s[end]) >= 0) {
		end++
	}
	mark := end + 1 + 2*(times-1) // the digits of a percent-encoding
	switch {
	case end == host:
		return start, i
	case end == len(s), !inURL(s[end]), s[end] == '/', s[end] == ':', s[end] == '?':
	case s[end] != '%', mark+2 > len(s), !strings.Contains("2f 3a 3f 23", strings.ToLower(s[mark:mark+2])):
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
			from += EncodedDigits(s[from:to])
		}
		if t, ok := hashTypes[to-from]; ok && hex && letters {
			emit(t, strings.ToLower(s[from:to]))
		}
		from = to + 1
	}
}

var hashTypes = map[int]Type{32: MD5, 40: SHA1, 64: SHA256, 128: SHA512}

func isAlnum(c byte) bool { return c-'0' <= 9 || c|0x20-'a' <= 'z'-'a' }

// EncodedDigits is how many digits that s begins with are those of a percent-encoding,
// once (2F) or more often (252F): s follows a '%'.
func EncodedDigits[T string | []byte](s T) int {
	n := 0
	for n < 2*(maxEncodings-1) && n+4 <= len(s) && s[n] == '2' && s[n+1] == '5' && isHex(s[n+2]) && isHex(s[n+3]) {
		n += 2
	}
	return n + 2
}

// RelayedControl is how many digits s begins with are those of a control character as
// rsyslog writes it, "#011" for a tab: s follows a '#'.
func RelayedControl[T string | []byte](s T) int {
	if len(s) < 3 || s[0] != '0' || s[1]-'0' > 3 || s[2]-'0' > 7 {
		return 0
	}
	return 3
}
