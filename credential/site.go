package credential

import (
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// android is the scheme of a site that is an app.
const android = "android:"

// Site returns the host of an address that a password is for: of a URL, of a host with a
// port, of a bare name. An app of Android is android:PACKAGE. "" = it is none.
func Site(s string) string {
	s = strings.TrimSpace(s)
	scheme, rest, found := strings.Cut(s, "://")
	if found && strings.EqualFold(scheme, "android") {
		return app(rest)
	}
	if !found {
		rest = s
	}
	rest = rest[:authority(rest)]
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	host, port := rest, ""
	if i := strings.LastIndexByte(rest, ':'); i >= 0 && !strings.HasSuffix(rest, "]") {
		host, port = rest[:i], rest[i+1:]
	}
	if !digits(port) {
		return ""
	}
	return siteHost(host)
}

// authority is how long the part of a URL before its path is.
func authority(s string) int {
	if i := strings.IndexAny(s, "/?#\\"); i >= 0 {
		return i
	}
	return len(s)
}

// siteHost is a host in one spelling; "" = it is none.
func siteHost(s string) string {
	s = strings.ToLower(strings.Trim(s, "[]. "))
	if ordinary(s) {
		return s
	}
	for _, t := range []indicator.Type{indicator.Domain, indicator.IPv4, indicator.IPv6} {
		if c, err := indicator.Canonical(t, s); err == nil && !strings.Contains(c, "/") {
			return c
		}
	}
	if plainName(s) { // a name of an inner network
		return s
	}
	return ""
}

// ordinary tells whether a name is in its one spelling already: labels of letters, digits
// and hyphens, the last one of letters. Nearly all are.
func ordinary(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	if dot < 1 || len(s) > 253 || len(s)-dot < 3 || s[0] == '-' || strings.Contains(s, "..") || strings.Contains(s, ".-") || strings.Contains(s, "-.") {
		return false
	}
	label := 0
	for i, c := range []byte(s) {
		switch {
		case c == '.':
			label = 0
			continue
		case c >= 'a' && c <= 'z':
		case i < dot && (c >= '0' && c <= '9' || c == '-'):
		default:
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return true
}

// app is the site of what follows android://, SIGNATURE@PACKAGE/.
func app(s string) string {
	if i := strings.IndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	s = strings.ToLower(s[:authority(s)])
	if !hostName(s) {
		return ""
	}
	return android + s
}

// Host is the host name that a site stands for: an app's is its package from behind,
// org.example.vpn is vpn.example.org.
func Host(site string) string {
	pkg, ok := strings.CutPrefix(site, android)
	if !ok {
		return site
	}
	labels := strings.Split(pkg, ".")
	for i, j := 0, len(labels)-1; i < j; i, j = i+1, j-1 {
		labels[i], labels[j] = labels[j], labels[i]
	}
	return strings.Join(labels, ".")
}

// hostName tells whether s is a name of several labels.
func hostName(s string) bool {
	return strings.Contains(strings.Trim(s, "."), ".") && len(s) <= 253 && plainName(s)
}

// plainName tells whether s is made of what names of hosts are made of.
func plainName(s string) bool {
	if s == "" || len(s) > 253 || s[0] == '.' || s[0] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c >= 0x80:
		default:
			return false
		}
	}
	return !strings.Contains(s, "..")
}

func digits(s string) bool {
	return len(s) <= 5 && strings.Trim(s, "0123456789") == ""
}
