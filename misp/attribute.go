package misp

import "github.com/vedette-soc/vedette/indicator"

// typeSet is a set of indicator types, a bit for each place in indicator.Types.
type typeSet uint64

func (s typeSet) has(t indicator.Type) bool { return s&setOf(t) != 0 }

func setOf(types ...indicator.Type) typeSet {
	var s typeSet
	for _, t := range types {
		for i, known := range indicator.Types {
			if t == known {
				s |= 1 << i
			}
		}
	}
	return s
}

// The groups of types that an entry can speak of.
var (
	hosts     = setOf(indicator.Domain, indicator.DomainPort, indicator.URL, indicator.Email)
	addresses = setOf(indicator.IPv4, indicator.IPv6, indicator.IPv4Port, indicator.IPv6Port)
)

// typesOf returns the indicator types of a MISP attribute type. A composite one
// stands for each of its halves, as MISP tries them. An address also stands for
// address and port and for a URL at that address, a name for name and port: they
// are the same host.
func typesOf(attribute string) typeSet {
	switch attribute {
	case "ip-src", "ip-dst", "ip-src|port", "ip-dst|port":
		return addresses | setOf(indicator.URL)
	case "domain|ip":
		return addresses | setOf(indicator.Domain, indicator.DomainPort)
	case "domain", "hostname", "hostname|port":
		return setOf(indicator.Domain, indicator.DomainPort)
	case "url", "uri", "link":
		return setOf(indicator.URL)
	case "email", "email-src", "email-dst", "target-email", "whois-registrant-email", "dns-soa-email":
		return setOf(indicator.Email)
	case "md5", "filename|md5":
		return setOf(indicator.MD5)
	case "sha1", "filename|sha1":
		return setOf(indicator.SHA1)
	case "sha256", "filename|sha256":
		return setOf(indicator.SHA256)
	case "sha512", "filename|sha512":
		return setOf(indicator.SHA512)
	case "x509-fingerprint-sha1":
		return setOf(indicator.CertSHA1)
	case "x509-fingerprint-sha256":
		return setOf(indicator.CertSHA256)
	case "ja3-fingerprint-md5":
		return setOf(indicator.JA3)
	case "filename":
		return setOf(indicator.FileName)
	case "user-agent":
		return setOf(indicator.UserAgent)
	case "mutex":
		return setOf(indicator.Mutex)
	case "regkey":
		return setOf(indicator.RegistryKey)
	case "AS":
		return setOf(indicator.ASN)
	case "mac-address":
		return setOf(indicator.MAC)
	case "vulnerability":
		return setOf(indicator.Vulnerability)
	}
	return 0
}

// types returns what the list is about.
func (l WarningList) types() typeSet {
	if len(l.MatchingAttributes) == 0 {
		return ^typeSet(0)
	}
	var s typeSet
	for _, a := range l.MatchingAttributes {
		s |= typesOf(a)
	}
	if l.Type == ListCIDR {
		s &^= setOf(indicator.Domain, indicator.DomainPort)
	} else if s&setOf(indicator.Domain) != 0 && !l.concerns("url", "uri", "link") {
		s &^= setOf(indicator.URL)
	}
	return s
}

func (l WarningList) concerns(attributes ...string) bool {
	for _, have := range l.MatchingAttributes {
		for _, a := range attributes {
			if have == a {
				return true
			}
		}
	}
	return false
}
