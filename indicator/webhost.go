package indicator

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// webHost reads a host as the URL Standard has a browser do behind http, https, ws, wss
// and ftp (https://url.spec.whatwg.org/#host-parsing): percent-encodings are decoded,
// and what ends in a number is an IPv4 address of one to four parts, each decimal, octal
// behind a 0, or hexadecimal behind a 0x, of which the last fills what remains. Anywhere
// else a number is none: 3232235777 may be anything.
func webHost(s string) (Type, string, error) {
	if strings.HasPrefix(s, "[") {
		return canonicalHost(s)
	}
	if strings.IndexByte(s, '%') >= 0 {
		d, ok := decodedHost(s)
		if !ok {
			return "", "", refuse(ReasonDomain, s)
		}
		s = d
	}
	if !isASCII(s) {
		if a, err := asciiName(s); err == nil && endsInNumber(a) {
			s = a
		}
	}
	if !endsInNumber(s) {
		return canonicalHost(s)
	}
	a, ok := webAddress(s)
	if !ok {
		return "", "", refuse(ReasonAddress, s)
	}
	return IPv4, a.String(), nil
}

// decodedHost undoes percent-encodings, once.
func decodedHost(s string) (string, bool) {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			out = append(out, s[i])
			continue
		}
		if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
			return "", false
		}
		out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
		i += 2
	}
	return string(out), utf8.Valid(out) && !strings.ContainsAny(string(out), ":[]%/")
}

// endsInNumber says whether the last label of a host is a number, so that the host is
// an address or nothing.
func endsInNumber[T string | []byte](s T) bool {
	n := len(s)
	if n > 0 && s[n-1] == '.' {
		n--
	}
	from := n
	for from > 0 && s[from-1] != '.' {
		from--
		if c := s[from]; !isHex(c) && c|0x20 != 'x' {
			return false // as nearly all names end
		}
	}
	label := s[from:n]
	if len(label) > 1 && label[0] == '0' && label[1]|0x20 == 'x' {
		label = label[2:]
		for i := range len(label) {
			if !isHex(label[i]) {
				return false
			}
		}
		return true
	}
	for i := range len(label) {
		if !isDigit(label[i]) {
			return false
		}
	}
	return len(label) > 0
}

// webAddress reads a host that ends in a number.
func webAddress(s string) (netip.Addr, bool) {
	const most = 4
	parts := strings.Split(strings.TrimSuffix(s, "."), ".")
	if len(parts) > most {
		return netip.Addr{}, false
	}
	addr := uint64(0)
	for i, p := range parts {
		n, ok := webNumber(p)
		last := i == len(parts)-1
		if !ok || !last && n > 0xff || last && n >= 1<<(8*(most-i)) {
			return netip.Addr{}, false
		}
		if last {
			addr |= n
		} else {
			addr |= n << (8 * (most - 1 - i))
		}
	}
	return netip.AddrFrom4([4]byte{byte(addr >> 24), byte(addr >> 16), byte(addr >> 8), byte(addr)}), true
}

func webNumber(s string) (uint64, bool) {
	base := 10
	switch {
	case len(s) > 1 && s[0] == '0' && s[1]|0x20 == 'x':
		if s, base = s[2:], 16; s == "" {
			return 0, true
		}
	case len(s) > 1 && s[0] == '0':
		s, base = s[1:], 8
	}
	for i := range len(s) { // ParseUint takes a sign
		if !isHex(s[i]) {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(s, base, 64)
	return n, err == nil
}

// endsAuthority says whether a character ends what stands behind "://" in a text, or
// spoils it: a host that is spelled in a way of its own is believed only without.
func endsAuthority(c rune) bool {
	return c <= ' ' || c == 0x7f || strings.ContainsRune("/\\?#\"'`<>", c)
}

// OddHost says whether what stands behind "://" in a text begins with a host that means
// another than it shows to Canonical, or may: with a percent-encoding in it, or an
// address that is no dotted quad.
func OddHost(s []byte) bool {
	if i := bytes.IndexFunc(s[:min(len(s), maxValue)], endsAuthority); i >= 0 {
		if bytes.HasPrefix(s[i:], []byte(`\%`)) {
			return true // what is left of \\u0025, JSON in JSON
		}
		s = s[:i]
	}
	s = s[bytes.LastIndexByte(s, '@')+1:]
	end := 0
	for end < len(s) && (isAlnum(s[end]) || s[end] == '.' || s[end] == '-' || s[end] == '_') {
		end++
	}
	if end < len(s) && (s[end] == '%' || s[end] == '*' || s[end] >= utf8.RuneSelf) { // a star is how Proofpoint writes what it takes away
		return true
	}
	host := bytes.TrimRight(s[:end], "._-")
	return len(host) > 0 && isDigit(host[0]) && endsInNumber(host) && !plainQuad(host)
}

// plainQuad says whether a host is four numbers without leading zeros.
func plainQuad(s []byte) bool {
	dots, digits := 0, 0
	for i, c := range s {
		switch {
		case c == '.' && digits > 0:
			dots, digits = dots+1, 0
		case !isDigit(c), digits == 1 && s[i-1] == '0':
			return false
		default:
			digits++
		}
	}
	return dots == 3 && digits > 0
}
