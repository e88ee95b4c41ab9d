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
// that may not stand in a URL are percent-encoded; percent-encodings of what needs
// none are decoded, the others have upper-case digits (RFC 3986 §6.2.2); "." and
// ".." are resolved (§5.2.4). What the URL Standard has a browser do with http,
// https, ws, wss and ftp is done here too: a backslash is a slash, also behind the
// scheme, however many there are, and hosts are read as at webHost. A lone "/" says
// nothing and is refused.
func canonicalURL(s string) (string, error) {
	u, err := splitURL(s)
	if err != nil {
		return "", err
	}
	path, ok := plainPath(u)
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
	if scheme, behind, ok := cutScheme(rest); ok {
		u.scheme, rest = strings.ToLower(scheme), behind
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
	web := DefaultPort(u.scheme) != 0 && strings.IndexFunc(authority, endsAuthority) < 0
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	var err error
	u.kind, u.host, err = canonicalAuthority(u.scheme, authority, web)
	if err != nil {
		return u, refuse(ReasonURL, s)
	}
	return u, nil
}

// cutScheme cuts "scheme://" off, and of the schemes of the web whatever slashes and
// backslashes follow.
func cutScheme(s string) (scheme, rest string, ok bool) {
	i := strings.IndexByte(s, ':')
	if i <= 0 || i+1 == len(s) || !isSlash(s[i+1]) || !validScheme(s[:i]) {
		return "", s, false
	}
	if i <= len("https") && DefaultPort(strings.ToLower(s[:i])) != 0 {
		return s[:i], strings.TrimLeft(s[i+1:], `/\`), true
	}
	if strings.HasPrefix(s[i:], "://") {
		return s[:i], s[i+len("://"):], true
	}
	return "", s, false
}

func isSlash(c byte) bool { return c == '/' || c == '\\' }

// canonicalAuthority returns the type of the host, and host with port; web says that the
// host is read as webHost does.
func canonicalAuthority(scheme, s string, web bool) (Type, string, error) {
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && i > strings.LastIndexByte(s, ']') {
		host, port = s[:i], s[i+1:]
	}
	read := canonicalHost
	if web {
		read = webHost
	}
	t, h, err := read(host)
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
