package vuln

import "strings"

// CPE is what of a CPE name tells a product and its version.
type CPE struct{ Part, Vendor, Product, Version string }

// ParseCPE reads a CPE 2.3 name, or the 2.2 form "cpe:/a:vendor:product:version".
// Version is "" where the name says any or none.
func ParseCPE(s string) (CPE, bool) {
	s = strings.TrimSpace(s)
	low := strings.ToLower(s)
	var fields []string
	switch {
	case len(s) > 1024:
		return CPE{}, false
	case strings.HasPrefix(low, "cpe:2.3:"):
		fields = unescaped(low[len("cpe:2.3:"):])
	case strings.HasPrefix(low, "cpe:/"):
		fields = strings.Split(low[len("cpe:/"):], ":")
	default:
		return CPE{}, false
	}
	if len(fields) < 3 || !strings.Contains("aoh", fields[0]) || len(fields[0]) != 1 {
		return CPE{}, false
	}
	c := CPE{Part: fields[0], Vendor: fields[1], Product: fields[2]}
	if len(fields) > 3 && fields[3] != "*" && fields[3] != "-" {
		c.Version = fields[3]
		if len(fields) > 4 && strings.HasPrefix(low, "cpe:2.3:") && fields[4] != "*" && fields[4] != "-" && fields[4] != "" {
			c.Version += "-" + fields[4] // update
		}
	}
	return c, c.Vendor != "" && c.Product != "" && !strings.ContainsAny(c.Vendor+c.Product, "*?")
}

// unescaped splits at colons that no backslash escapes.
func unescaped(s string) []string {
	var out []string
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == ':':
			out = append(out, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	return append(out, b.String())
}

// fold makes names comparable: "Windows Server" and "windows_server" are one.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '_', '-', '.', ',', '\t':
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// packageOf splits a purl into what names the package, and its version.
func packageOf(purl string) (name, version string) {
	purl, _, _ = strings.Cut(purl, "#")
	purl, _, _ = strings.Cut(purl, "?")
	if i := strings.LastIndexByte(purl, '@'); i > strings.IndexByte(purl, '/') && i > 0 {
		purl, version = purl[:i], purl[i+1:]
	}
	return strings.ToLower(strings.ReplaceAll(purl, "%40", "@")), version
}
