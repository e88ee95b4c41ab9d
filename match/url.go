package match

import (
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// url matches a URL against the three forms of URL indicators and its host.
//
//   - scheme://host/path: the same URL, also with a query unless the indicator has one, and under the
//     other of http and https where neither names a port: what lies there is the same; one without
//     path and query is its whole host under these schemes
//   - host/path: that path and what is below it ("evil.example/a" touches /a, /a/b and /a?x, not /ab),
//     under any scheme, and on any port unless it names one; with a query only the same URL
//   - /path: that path on any host, with any query unless the indicator has one
//
// A URL seen without a scheme touches indicators of http and https.
func (x *Index) url(value string, dst []Hit) []Hit {
	u := cutURL(value)
	dst = x.pathOnly(u.path, dst)
	if u.host == "" {
		return dst
	}
	if (x.uses(spaceURL) || x.uses(spaceAnyURL)) &&
		x.bloom.has(key{space: spaceURLGate, host: u.host}.hash()) {
		dst = x.fullURL(u, dst)
		dst = x.anyURL(u, dst)
	}
	return x.urlHost(u, dst)
}

// urlView is a URL in parts, each a substring of it.
type urlView struct {
	scheme, host string
	port         string // ":8080"; empty where none is written
	path         string // with query
}

func cutURL(value string) urlView {
	scheme, host, _, path := indicator.URLParts(value)
	rest := value[:len(value)-len(path)]
	if scheme != "" {
		rest = rest[len(scheme)+len("://"):]
	}
	return urlView{scheme: scheme, host: host, port: rest[len(host):], path: path}
}

// usedPort returns the port a URL is fetched from, as ":443": the one written,
// or the scheme's.
func (u urlView) usedPort() string {
	if u.port == "" {
		return portOf(u.scheme)
	}
	return u.port
}

func portOf(scheme string) string {
	switch indicator.DefaultPort(scheme) {
	case 80:
		return ":80"
	case 443:
		return ":443"
	case 21:
		return ":21"
	}
	return ""
}

// otherWeb is https for http and the other way round.
var otherWeb = map[string]string{"http": "https", "https": "http"}

// fullURL looks for a URL with a scheme. One that was seen without may have either of
// the web's.
func (x *Index) fullURL(u urlView, dst []Hit) []Hit {
	if !x.uses(spaceURL) {
		return dst
	}
	if u.scheme != "" {
		dst = x.oneURL(u.scheme, u, Exact, dst)
		if other := otherWeb[u.scheme]; other != "" && u.port == "" {
			dst = x.oneURL(other, u, Path, dst)
		}
		return dst
	}
	for _, scheme := range [...]string{"http", "https"} {
		dst = x.oneURL(scheme, u, Exact, dst)
		if u.port == ":80" || u.port == ":443" { // a canonical URL does not write its scheme's
			v := u
			v.port = ""
			dst = x.oneURL(scheme, v, Exact, dst)
		}
	}
	return dst
}

// oneURL looks for a URL under a scheme: itself, which is a hit of that kind, without
// its query, and its host.
func (x *Index) oneURL(scheme string, u urlView, same Kind, dst []Hit) []Hit {
	k := key{spaceURL, scheme, u.host, u.port, u.path}
	if id, ok := x.find(k); ok {
		dst = append(dst, Hit{ID: id, Kind: same})
	}
	if i := strings.IndexByte(u.path, '?'); i > 1 {
		dst = x.beginning(k, i, dst)
	}
	if k.rest != "/" {
		k.rest = "/"
		dst = x.beginning(k, 1, dst)
	}
	return dst
}

// anyURL looks for host/path without a port and, where the port is known, with it.
func (x *Index) anyURL(u urlView, dst []Hit) []Hit {
	if !x.uses(spaceAnyURL) {
		return dst
	}
	dst = x.below(key{space: spaceAnyURL, host: u.host, rest: u.path}, dst)
	if port := u.usedPort(); port != "" {
		dst = x.below(key{space: spaceAnyURL, host: u.host, port: port, rest: u.path}, dst)
	}
	return dst
}

// below asks for the path itself and for each of its beginnings that ends at a
// segment's end, no deeper than any indicator goes.
func (x *Index) below(k key, dst []Hit) []Hit {
	path := k.rest
	if id, ok := x.find(k); ok {
		dst = append(dst, Hit{ID: id})
	}
	end := len(path)
	if query := strings.IndexByte(path, '?'); query >= 0 {
		end = query
		dst = x.beginning(k, query, dst)
	}
	slashes := 0
	for i := 0; i < end; i++ {
		if path[i] != '/' {
			continue
		}
		if slashes++; slashes > x.depth+1 {
			break
		}
		if i > 0 && path[i-1] != '/' {
			dst = x.beginning(k, i, dst)
		}
		if i+1 < end {
			dst = x.beginning(k, i+1, dst)
		}
	}
	return dst
}

func (x *Index) beginning(k key, end int, dst []Hit) []Hit {
	k.rest = k.rest[:end]
	if id, ok := x.find(k); ok {
		dst = append(dst, Hit{ID: id, Kind: Path})
	}
	return dst
}

func (x *Index) pathOnly(path string, dst []Hit) []Hit {
	if !x.uses(spacePath) {
		return dst
	}
	if id, ok := x.find(key{space: spacePath, rest: path}); ok {
		dst = append(dst, Hit{ID: id, Kind: AnyHost})
	}
	if i := strings.IndexByte(path, '?'); i >= 0 {
		if id, ok := x.find(key{space: spacePath, rest: path[:i]}); ok {
			dst = append(dst, Hit{ID: id, Kind: AnyHost})
		}
	}
	return dst
}

// urlHost looks for the host, with its port and alone.
func (x *Index) urlHost(u urlView, dst []Hit) []Hit {
	port := u.usedPort()
	switch {
	case u.host[0] == '[':
		if port != "" {
			dst = x.addressPort(indicator.IPv6Port, u.host, port, true, dst)
		}
		return x.address(indicator.IPv6, strings.Trim(u.host, "[]"), true, dst)
	case isDotted(u.host):
		if port != "" {
			dst = x.addressPort(indicator.IPv4Port, u.host, port, true, dst)
		}
		return x.address(indicator.IPv4, u.host, true, dst)
	}
	if port != "" {
		dst = x.namePort(u.host, port, true, dst)
	}
	return x.name(u.host, true, dst)
}

func isDotted(host string) bool {
	if n := len(host); n > 0 && isLetter(host[n-1]) {
		return false // as nearly all names end
	}
	for i := 0; i < len(host); i++ {
		if c := host[i]; c != '.' && c-'0' > 9 {
			return false
		}
	}
	return true
}
