package maltrail

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/stix"
)

// Trail is a kind of trail.
type Trail string

// The kinds of trails.
const (
	IP      Trail = "ip"
	IPPort  Trail = "ip:port"
	CIDR    Trail = "cidr"
	IPv6    Trail = "ipv6"
	URLPath Trail = "url/path" // a URL, or a path on any host
	Domain  Trail = "domain"
	Other   Trail = "other" // a zone, a regular expression, or a mistake
)

var (
	scheme   = regexp.MustCompile(`^[a-z]+://`)
	ipForm   = regexp.MustCompile(`^\d{1,3}(?:\.\d{1,3}){3}$`)
	portForm = regexp.MustCompile(`^\d{1,3}(?:\.\d{1,3}){3}:\d+$`)
	cidrForm = regexp.MustCompile(`^\d{1,3}(?:\.\d{1,3}){3}/\d+$`)
	ipv6Form = regexp.MustCompile(`^[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:]*(?:/\d+)?$`)
	nameForm = regexp.MustCompile(`^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+$`)
	zoneForm = regexp.MustCompile(`^(?:\.[A-Za-z0-9_-]+)+$`)
)

// Classify returns the kind of a trail, and the trail without a URL scheme in
// front of what is only a host.
func Classify(entry string) (Trail, string) {
	value := scheme.ReplaceAllString(entry, "")
	switch {
	case ipForm.MatchString(value):
		return IP, value
	case portForm.MatchString(value):
		return IPPort, value
	case cidrForm.MatchString(value):
		return CIDR, value
	case ipv6Form.MatchString(value):
		return IPv6, value
	case strings.HasPrefix(value, "["):
		return Other, value
	case strings.ContainsAny(value, "/?"):
		return URLPath, entry
	case nameForm.MatchString(value):
		return Domain, value
	}
	return Other, value
}

// typed returns the claim's type and value, or an empty value for a mistake.
func typed(kind Trail, value string) (indicator.Type, string) {
	switch kind {
	case IP, CIDR:
		return indicator.IPv4, value
	case IPv6:
		return indicator.IPv6, value
	case IPPort:
		return indicator.IPv4Port, value
	case Domain:
		return indicator.Domain, value
	case URLPath:
		return typedURL(value)
	}
	if _, err := netip.ParseAddrPort(value); err == nil {
		return indicator.IPv6Port, value
	}
	if zoneForm.MatchString(value) {
		return indicator.Pattern, "[domain-name:value LIKE " + stix.Quote("%"+value) + "]"
	}
	if !strings.ContainsAny(value, `[]\()*^$`) {
		return "", ""
	}
	if _, err := regexp.Compile(value); err != nil {
		return "", ""
	}
	return indicator.Pattern, "[domain-name:value MATCHES " + stix.Quote(value) + "]"
}

// typedURL tells a URL from a path that is meant on any host.
func typedURL(value string) (indicator.Type, string) {
	host, _, _ := strings.Cut(scheme.ReplaceAllString(value, ""), "/")
	host, _, _ = strings.Cut(host, "?")
	name, _, _ := strings.Cut(host, ":")
	if nameForm.MatchString(name) {
		return indicator.URL, value
	}
	if strings.HasPrefix(value, "/") && !strings.ContainsAny(value, `*[]()\^$ ?%`) {
		return indicator.URL, value // a path is a URL indicator on any host
	}
	// LIKE has no escape: a % or _ of the path matches itself, and a little more.
	return indicator.Pattern, "[url:value LIKE " + stix.Quote("%"+value+"%") + "]"
}
