package indicator

import (
	"net/netip"
	"strconv"
	"strings"
)

// canonicalAddress: dotted quad without leading zeros (010.1.2.3 is refused,
// since programs disagree on whether it is octal), IPv6 in the shortest form
// (RFC 5952), IPv4-mapped IPv6 as IPv4, no zone. With a prefix length the host
// bits are cleared; a prefix of one address is the address.
func canonicalAddress(s string) (Type, string, error) {
	raw := s
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	host, bits, prefixed := strings.Cut(s, "/")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return "", "", refuse(ReasonAddress, raw)
	}
	mapped := addr.Is4In6()
	addr = addr.Unmap().WithZone("")
	if !prefixed {
		var room [48]byte
		if text := addr.AppendTo(room[:0]); string(text) != host {
			host = string(text)
		}
		return familyOf(addr), host, nil
	}
	n, ok := decimal(bits, 128)
	if mapped {
		n -= 96
	}
	if !ok || n < 0 || n > addr.BitLen() {
		return "", "", refuse(ReasonAddress, raw)
	}
	p := netip.PrefixFrom(addr, n).Masked()
	if p.IsSingleIP() {
		return familyOf(addr), addr.String(), nil
	}
	return familyOf(addr), p.String(), nil
}

func familyOf(a netip.Addr) Type {
	if a.Is4() {
		return IPv4
	}
	return IPv6
}

// canonicalPort reads address and port or name and port: "1.2.3.4:80",
// "[2001:db8::1]:80", "example.com:443", and MISP's "example.com|443".
func canonicalPort(s string) (Type, string, error) {
	i := strings.LastIndexAny(s, ":|")
	if i <= 0 {
		return "", "", refuse(ReasonPort, s)
	}
	host := s[:i]
	port, ok := decimal(s[i+1:], 65535)
	if !ok || port == 0 {
		return "", "", refuse(ReasonPort, s)
	}
	if s[i] == ':' && strings.IndexByte(host, ':') >= 0 && host[0] != '[' {
		return "", "", refuse(ReasonPort, s)
	}
	t, h, err := canonicalHost(host)
	if err != nil {
		return "", "", err
	}
	p := strconv.Itoa(port)
	switch t {
	case IPv4:
		return IPv4Port, h + ":" + p, nil
	case IPv6:
		return IPv6Port, "[" + h + "]:" + p, nil
	}
	return DomainPort, h + ":" + p, nil
}

// canonicalHost reads the host of a URL or of a host and port; IPv6 with or
// without its brackets.
func canonicalHost(s string) (Type, string, error) {
	if looksLikeAddress(s) {
		if strings.IndexByte(s, '/') >= 0 {
			return "", "", refuse(ReasonAddress, s)
		}
		return canonicalAddress(s)
	}
	d, err := canonicalDomain(s)
	if err != nil {
		return "", "", err
	}
	if looksLikeAddress(d) { // full-width digits become a dotted quad
		return canonicalAddress(d)
	}
	return Domain, d, nil
}

// looksLikeAddress: nothing but digits and dots, or a colon.
func looksLikeAddress(s string) bool {
	if strings.IndexByte(s, ':') >= 0 {
		return true
	}
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) && s[i] != '.' {
			return false
		}
	}
	return s != ""
}

// decimal reads a number of at most limit.
func decimal(s string, limit int) (int, bool) {
	if s == "" || len(s) > 10 {
		return 0, false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, n <= limit
}
