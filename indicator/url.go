package indicator

import (
	"strconv"
	"strings"
)

// canonicalURL has three forms.
//
//	scheme://host/path?query   what it says
//	host/path?query            the same under any scheme and, without a port, on any port
//	/path?query                that path on any host
//
// Scheme and host are lower case and the host canonical; the scheme's own port
// goes, and so do user information (it is no part of where a URL points, and may
// be a secret) and the fragment (it is never sent). A missing path is "/". Bytes
// that may not stand in a URL are percent-encoded, and percent-encodings have
// upper-case digits; nothing is decoded and dot segments stay, since logs have
// what was sent. A lone "/" says nothing and is refused.
func canonicalURL(s string) (string, error) {
	u, err := splitURL(s)
	if err != nil {
		return "", err
	}
	path, ok := escapePath(u.path)
	if !ok || u.host == "" && path == "/" {
		return "", refuse(ReasonURL, s)
	}
	if u.scheme == "" {
		return u.host + path, nil
	}
	return u.scheme + "://" + u.host + path, nil
}

// urlParts are the canonical scheme and host (with port, when it is not the
// scheme's own) and the raw path with its query, at least "/".
type urlParts struct {
	scheme, host, path string
	kind               Type // IPv4, IPv6 or Domain; empty when there is no host
}

func splitURL(s string) (urlParts, error) {
	var u urlParts
	rest := s
	if i := strings.IndexByte(rest, '#'); i >= 0 {
		rest = rest[:i]
	}
	if i := strings.Index(rest, "://"); i > 0 && validScheme(rest[:i]) {
		u.scheme, rest = strings.ToLower(rest[:i]), rest[i+3:]
	} else if strings.HasPrefix(rest, "//") {
		rest = rest[2:]
	} else if strings.HasPrefix(rest, "/") {
		u.path = rest
		return u, nil
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?\\"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if path == "" || path[0] != '/' {
		path = "/" + strings.TrimPrefix(path, `\`)
	}
	u.path = path
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	var err error
	u.kind, u.host, err = canonicalAuthority(u.scheme, authority)
	if err != nil {
		return u, refuse(ReasonURL, s)
	}
	return u, nil
}

// canonicalAuthority returns the type of the host, and host with port.
func canonicalAuthority(scheme, s string) (Type, string, error) {
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && i > strings.LastIndexByte(s, ']') {
		host, port = s[:i], s[i+1:]
	}
	t, h, err := canonicalHost(host)
	if err != nil {
		return "", "", err
	}
	if t == IPv6 {
		h = "[" + h + "]"
	}
	if port == "" {
		return t, h, nil
	}
	n, ok := decimal(port, 65535)
	if !ok || n == 0 {
		return "", "", refuse(ReasonPort, s)
	}
	if n != DefaultPort(scheme) {
		h += ":" + strconv.Itoa(n)
	}
	return t, h, nil
}

// DefaultPort returns the port a scheme implies, 0 when there is none.
func DefaultPort(scheme string) int {
	switch scheme {
	case "http", "ws":
		return 80
	case "https", "wss":
		return 443
	case "ftp":
		return 21
	}
	return 0
}

func validScheme(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !isLetter(c) && (i == 0 || !isDigit(c) && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

// escapePath brings percent-encodings into upper case and encodes what is not
// printable ASCII; control characters are refused.
func escapePath(s string) (string, bool) {
	clean := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < ' ' || c == 0x7f {
			return "", false
		}
		if c == ' ' || c > 0x7f || c == '%' {
			clean = false
		}
	}
	if clean {
		return s, true
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ' || c > 0x7f:
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b.WriteByte('%')
			b.WriteByte(upper(s[i+1]))
			b.WriteByte(upper(s[i+2]))
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

func upper(c byte) byte {
	if isLetter(c) {
		return c &^ 0x20
	}
	return c
}

// URLParts splits a canonical URL: scheme ("" if it has none), host as written
// in it, port (0 when none is written), and path with query. All are substrings.
func URLParts(value string) (scheme, host string, port int, path string) {
	rest := value
	if strings.HasPrefix(rest, "/") {
		return "", "", 0, rest
	}
	slash := strings.IndexByte(rest, '/')
	if slash > 0 && rest[slash-1] == ':' && strings.HasPrefix(rest[slash:], "//") {
		scheme, rest = rest[:slash-1], rest[slash+2:]
		slash = strings.IndexByte(rest, '/')
	}
	if slash < 0 {
		slash = len(rest)
	}
	host, path = rest[:slash], rest[slash:]
	if strings.IndexByte(host, ':') < 0 { // several times as fast as LastIndexByte
		return scheme, host, 0, path
	}
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		port, _ = decimal(host[i+1:], 65535)
		host = host[:i]
	}
	return scheme, host, port, path
}

// HostOf returns the type and value of the host in a canonical value: of a URL,
// of a host and port, the domain of an e-mail address, an address or a name
// itself. ok is false for types that have none and for path-only URLs.
func HostOf(t Type, value string) (host Type, name string, ok bool) {
	switch t {
	case IPv4, IPv6, Domain:
		return t, value, true
	case URL:
		_, name, _, _ = URLParts(value)
	case Email:
		name = value[strings.LastIndexByte(value, '@')+1:]
	case IPv4Port, IPv6Port, DomainPort:
		name = value[:max(strings.LastIndexByte(value, ':'), 0)]
	default:
		return "", "", false
	}
	switch {
	case name == "":
		return "", "", false
	case name[0] == '[':
		return IPv6, strings.Trim(name, "[]"), true
	case looksLikeAddress(name):
		return IPv4, name, true
	}
	return Domain, name, true
}
