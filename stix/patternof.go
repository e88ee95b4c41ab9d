package stix

import (
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// patternPaths are the object paths under which a type is written. Paths that
// begin with x_ are not in the standard, which has no place for these values.
var patternPaths = map[indicator.Type]string{
	indicator.IPv4: "ipv4-addr:value", indicator.IPv6: "ipv6-addr:value", indicator.Domain: "domain-name:value",
	indicator.URL: "url:value", indicator.Email: "email-addr:value", indicator.MAC: "mac-addr:value",
	indicator.MD5: "file:hashes.MD5", indicator.SHA1: "file:hashes.'SHA-1'", indicator.SHA256: "file:hashes.'SHA-256'",
	indicator.SHA512: "file:hashes.'SHA-512'", indicator.FileName: "file:name",
	indicator.CertSHA1: "x509-certificate:hashes.'SHA-1'", indicator.CertSHA256: "x509-certificate:hashes.'SHA-256'",
	indicator.JA3: "network-traffic:x_ja3", indicator.JA4: "network-traffic:x_ja4",
	indicator.Mutex: "mutex:name", indicator.RegistryKey: "windows-registry-key:key", indicator.UserAccount: "user-account:account_login",
	indicator.UserAgent:     "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'",
	indicator.Vulnerability: "vulnerability:name",
}

// PatternOf returns the pattern that looks for a canonical value, "" for a type
// that no pattern can name. A range of addresses is matched by what lies in it.
func PatternOf(t indicator.Type, value string) string {
	switch t {
	case indicator.Pattern:
		return value
	case indicator.ASN:
		return "[autonomous-system:number = " + strings.TrimPrefix(value, "AS") + "]"
	case indicator.IPv4Port, indicator.IPv6Port, indicator.DomainPort:
		i := strings.LastIndexByte(value, ':')
		if i < 0 {
			return ""
		}
		host := Quote(strings.Trim(value[:i], "[]"))
		return "[network-traffic:dst_ref.value = " + host + " AND network-traffic:dst_port = " + value[i+1:] + "]"
	}
	path := patternPaths[t]
	if path == "" {
		return ""
	}
	op := " = "
	if (t == indicator.IPv4 || t == indicator.IPv6) && strings.Contains(value, "/") {
		op = " ISSUBSET "
	}
	return "[" + path + op + Quote(value) + "]"
}
