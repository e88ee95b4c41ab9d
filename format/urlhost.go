package format

import "strings"

// URLHost returns the host of a URL as it is written, "" when it has none: rules ask for
// hosts that logs of proxies have in URLs only.
func URLHost(link string) string {
	_, rest, ok := strings.Cut(link, "://")
	if !ok {
		return ""
	}
	if end := strings.IndexAny(rest, "/?#\\"); end >= 0 {
		rest = rest[:end]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	if strings.HasPrefix(rest, "[") {
		host, _, _ := strings.Cut(rest, "]")
		return host[1:]
	}
	host, _, _ := strings.Cut(rest, ":")
	return host
}
