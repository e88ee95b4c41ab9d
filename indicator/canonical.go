package indicator

import (
	"slices"
	"strings"
)

const maxValue = 8192

// Canonical returns the one spelling of a value of type t. Applying it twice
// gives the same as once, and any two spellings of one thing give one value:
//
//   - values of the network are refanged, and freed of quotes, spaces and invisible characters first
//   - addresses: see the rules at canonicalAddress; [ReasonWrongType] when the family is not t's
//   - names: lower case, A-labels, no trailing dot, no leading "*."
//   - host and port: "1.2.3.4:80", "[2001:db8::1]:80", "example.com:443"
//   - URLs: scheme://host/path, host/path or /path, see [URLParts]
//   - hashes and JA3: lower-case digits, length checked; JA4: format checked
//   - e-mail addresses in lower case; "AS123"; "aa:bb:cc:dd:ee:ff"; "CVE-2024-1234"
//   - registry keys: short root, rest in lower case; file and account names in lower case
//   - mutexes, user agents and patterns: trimmed
//
// The error is a [*ValueError].
func Canonical(t Type, raw string) (string, error) {
	got, v, err := canonical(t, raw)
	if err != nil {
		return "", err
	}
	if got != t {
		return "", refuse(ReasonWrongType, raw)
	}
	return v, nil
}

// Identify returns type and canonical value of what a source says is of type t.
// It differs from [Canonical] in that a value decides its own family: an
// ipv6-addr that is IPv4-mapped comes back as ipv4-addr, a domain-name that is
// an address as that. An empty t means [Detect].
func Identify(t Type, raw string) (Type, string, error) {
	if t == "" {
		return Detect(raw)
	}
	if t == Domain {
		if s, ok := clean(raw); ok && len(raw) <= maxValue && looksLikeAddress(s) {
			return canonicalAddress(s)
		}
	}
	return canonical(t, raw)
}

func canonical(t Type, raw string) (Type, string, error) {
	if len(raw) > maxValue {
		return "", "", refuse(ReasonTooLong, raw)
	}
	if !slices.Contains(Types, t) {
		return "", "", refuse(ReasonUnknownType, raw)
	}
	s, ok := tidy(raw), true
	if isNetwork(t) {
		s, ok = clean(raw)
	}
	if !ok {
		return "", "", refuse(ReasonText, raw)
	}
	if s == "" {
		return "", "", refuse(ReasonEmpty, raw)
	}
	return canonicalClean(t, s)
}

func canonicalClean(t Type, s string) (Type, string, error) {
	var v string
	var err error
	switch t {
	case IPv4, IPv6:
		return canonicalAddress(s)
	case IPv4Port, IPv6Port, DomainPort:
		return canonicalPort(s)
	case Domain:
		v, err = canonicalDomain(s)
	case URL:
		v, err = canonicalURL(s)
	case Email:
		v, err = canonicalEmail(s)
	case MD5, SHA1, SHA256, SHA512, CertSHA1, CertSHA256, JA3:
		v, err = canonicalHex(t, s)
	case JA4:
		v, err = canonicalJA4(s)
	case ASN:
		v, err = canonicalASN(s)
	case MAC:
		v, err = canonicalMAC(s)
	case Vulnerability:
		v, err = canonicalCVE(s)
	case RegistryKey:
		v, err = canonicalRegistryKey(s)
	default:
		v, err = canonicalText(t, s)
	}
	if err != nil {
		return "", "", err
	}
	if len(v) > maxValue {
		return "", "", refuse(ReasonTooLong, s)
	}
	return t, v, nil
}

func isNetwork(t Type) bool {
	switch t {
	case IPv4, IPv6, IPv4Port, IPv6Port, Domain, DomainPort, URL, Email:
		return true
	}
	return false
}

// clean refangs and trims until nothing changes, so that what one step lays
// open another still sees. A fragment goes here, before the last trim. ok is
// false for a value wrapped so often that somebody means harm.
func clean(s string) (_ string, ok bool) {
	if bare(s) {
		return s, true
	}
	return unwrap(s, func(s string) string {
		s = strings.TrimRight(strings.TrimLeft(visible(s), quotes), quotes+",;")
		s = Refang(s)
		if i := strings.IndexByte(s, '#'); i > 0 {
			s = s[:i]
		}
		return s
	})
}

// bare says that a value has nothing that clean would take away, as most have not.
func bare(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && !isDigit(c) && c != '.' && c != '-' && c != ':' && c != '_' {
			return false
		}
	}
	return true
}

func tidy(s string) string { return strings.Trim(visible(s), quotes) }

// Check says whether a canonical value may become an indicator: a public suffix
// or a network wider than IPv4 /8 or IPv6 /19 would accuse everybody. The error
// is a [*ValueError].
func Check(t Type, value string) error {
	switch t {
	case IPv4, IPv6:
		_, bits, found := strings.Cut(value, "/")
		n, _ := decimal(bits, 128)
		if found && (t == IPv4 && n < 8 || t == IPv6 && n < 19) {
			return refuse(ReasonTooWide, value)
		}
	case URL, DomainPort, Domain:
		host, name, ok := HostOf(t, value)
		if !ok || host != Domain {
			return nil
		}
		if t != URL && IsPublicSuffix(name) || t == URL && strings.IndexByte(name, '.') < 0 {
			return refuse(ReasonPublicSuffix, value)
		}
	}
	return nil
}
