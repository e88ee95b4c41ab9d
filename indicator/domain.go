package indicator

import (
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

const (
	maxName  = 253 // RFC 1035 §2.3.4, without the root's dot
	maxLabel = 63
)

// lookupNames is UTS 46 as for a look-up, but with underscores let through: DNS
// logs and service names have them.
var lookupNames = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// canonicalDomain: Unicode names become A-labels (UTS 46, non-transitional),
// letters lower case, one trailing dot goes, a leading "*." or "." goes (an
// indicator covers what is below it anyway). An A-label that does not decode
// stays as it is: it is what the log will say. The last label must not be all
// digits (RFC 3696 §2), so that 1.2.3 is no name.
func canonicalDomain(s string) (string, error) {
	raw := s
	s = strings.TrimPrefix(s, "*.")
	s = strings.TrimPrefix(s, ".")
	if !isASCII(s) {
		a, err := asciiName(s)
		if err != nil {
			return "", err
		}
		s = a
	}
	s = strings.TrimSuffix(s, ".")
	if !validName(s) {
		return "", refuse(ReasonDomain, raw)
	}
	return strings.ToLower(s), nil
}

// asciiName returns a name in A-labels.
func asciiName(s string) (string, error) {
	if utf8.ValidString(s) && len(s) <= 4*maxName {
		if a, err := lookupNames.ToASCII(s); err == nil {
			return a, nil
		}
	}
	return "", refuse(ReasonDomain, s)
}

func validName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	label, digits := 0, true
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '.':
			if label == 0 || label > maxLabel {
				return false
			}
			label, digits = 0, true
			continue
		case isDigit(c):
		case isLetter(c), c == '-', c == '_':
			digits = false
		default:
			return false
		}
		label++
	}
	return label > 0 && label <= maxLabel && !digits
}

// Parents yields name and then each name above it, down to the last label:
// "a.b.example", "b.example", "example".
func Parents(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for name != "" {
			if !yield(name) {
				return
			}
			_, rest, found := strings.Cut(name, ".")
			if !found {
				return
			}
			name = rest
		}
	}
}

// RegistrableDomain returns the part of a canonical name that somebody
// registered, by the Public Suffix List ("a.b.example.co.uk" -> "example.co.uk"),
// "" for a public suffix, a single label or an address.
func RegistrableDomain(name string) string {
	if !validName(name) {
		return ""
	}
	d, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return ""
	}
	return d
}

// IsPublicSuffix says whether a canonical name is one below which strangers
// register: a top-level domain, "co.uk", "github.io". Any single label counts.
func IsPublicSuffix(name string) bool {
	dot := strings.IndexByte(name, '.')
	if dot < 0 {
		return true
	}
	if !maySuffix(name, dot) {
		return false
	}
	suffix, _ := publicsuffix.PublicSuffix(name)
	return suffix == name
}

// knownTLD says whether the last label of name is in the Public Suffix List.
func knownTLD(name string) bool {
	tld := name[strings.LastIndexByte(name, '.')+1:]
	_, icann := publicsuffix.PublicSuffix(tld)
	return icann
}

// KnownTLD says whether the last label of a name is a top-level domain of the
// Public Suffix List. It is what tells "svchost.exe" from a name in plain text.
func KnownTLD(name string) bool { return name != "" && knownTLD(name) }

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool  { return c-'0' <= 9 }
func isLetter(c byte) bool { return c|0x20-'a' <= 25 }
func isHex(c byte) bool    { return isDigit(c) || c|0x20-'a' <= 5 }
