package match

import (
	"math/bits"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/vedette-soc/vedette/indicator"
)

// space keeps apart values that are spelled alike and mean different things.
type space uint8

const (
	spaceNone space = iota
	spaceIPv4
	spaceIPv6
	spaceDomain
	spaceEmail
	spaceMD5
	spaceSHA1
	spaceSHA256
	spaceSHA512
	spaceFileName
	spaceCertSHA1
	spaceCertSHA256
	spaceJA3
	spaceJA4
	spaceASN
	spaceMAC
	spaceUserAccount
	spaceMutex
	spaceRegistryKey
	spaceUserAgent
	spaceVulnerability
	spaceIPv4Port
	spaceIPv6Port
	spaceDomainPort
	spacePattern
	spaceURL    // with a scheme
	spaceAnyURL // host and path
	spacePath   // path only
	// The others are in the filter only, see Builder.addGates.
	spaceURLGate  // host of every URL
	spacePortGate // host of every host and port
	spaceMailGate // host of every e-mail address
	spaceAnchor   // a part of a file name or path, see anchor
	spaceSegment  // a segment of a path without a dot
	// And these are only marks of what there is.
	spaceGate  // anything that has a name
	spaceHost4 // anything that has an IPv4 address
	spaceHost6
	spaceForeign    // a path of nothing but letters of another script
	spaceDigitLabel // a name whose last label begins with a digit
	spaceCount
)

func spaceOf(t indicator.Type) space {
	switch t {
	case indicator.IPv4:
		return spaceIPv4
	case indicator.IPv6:
		return spaceIPv6
	case indicator.Domain:
		return spaceDomain
	case indicator.Email:
		return spaceEmail
	case indicator.MD5:
		return spaceMD5
	case indicator.SHA1:
		return spaceSHA1
	case indicator.SHA256:
		return spaceSHA256
	case indicator.SHA512:
		return spaceSHA512
	case indicator.FileName:
		return spaceFileName
	case indicator.CertSHA1:
		return spaceCertSHA1
	case indicator.CertSHA256:
		return spaceCertSHA256
	case indicator.JA3:
		return spaceJA3
	case indicator.JA4:
		return spaceJA4
	case indicator.ASN:
		return spaceASN
	case indicator.MAC:
		return spaceMAC
	case indicator.UserAccount:
		return spaceUserAccount
	case indicator.Mutex:
		return spaceMutex
	case indicator.RegistryKey:
		return spaceRegistryKey
	case indicator.UserAgent:
		return spaceUserAgent
	case indicator.Vulnerability:
		return spaceVulnerability
	case indicator.IPv4Port:
		return spaceIPv4Port
	case indicator.IPv6Port:
		return spaceIPv6Port
	case indicator.DomainPort:
		return spaceDomainPort
	case indicator.Pattern:
		return spacePattern
	}
	return spaceNone
}

// key is a value in a space, in parts, so that a look-up need not put them
// together: scheme "://" host port rest. What is no URL and has no port is all
// host.
type key struct {
	space  space
	scheme string
	host   string
	port   string // ":443"
	rest   string // path and query of a URL
}

func (k key) len() int {
	n := len(k.host) + len(k.port) + len(k.rest)
	if k.scheme != "" {
		n += len(k.scheme) + len("://")
	}
	return n
}

func (k key) hash() uint64 {
	h := hostHash(k.space, k.host)
	if len(k.port)|len(k.rest)|len(k.scheme) == 0 {
		return h
	}
	for _, part := range [...]string{k.port, k.rest, k.scheme} {
		if part != "" {
			h = bits.RotateLeft64(h, 23) ^ xxh3.HashStringSeed(part, h)
		}
	}
	return h
}

// hostHash is the hash of a key that is all host.
func hostHash(s space, host string) uint64 { return xxh3.HashStringSeed(host, uint64(s)+1) }

// is compares a key with a stored value of the same length.
func (k key) is(v []byte) bool {
	if k.scheme != "" {
		if string(v[:len(k.scheme)]) != k.scheme {
			return false
		}
		v = v[len(k.scheme)+len("://"):]
	}
	h, p := len(k.host), len(k.host)+len(k.port)
	return string(v[:h]) == k.host && string(v[h:p]) == k.port && string(v[p:]) == k.rest
}

// keyOf cuts an indicator's value into its key.
func keyOf(t indicator.Type, value string) (key, bool) {
	switch t {
	case indicator.URL:
		u := cutURL(value)
		k := key{spaceAnyURL, u.scheme, u.host, u.port, u.path}
		switch {
		case u.host == "":
			k.space = spacePath
		case u.scheme != "":
			k.space = spaceURL
		}
		return k, u.path != ""
	case indicator.IPv4Port, indicator.IPv6Port, indicator.DomainPort:
		i := strings.LastIndexByte(value, ':')
		if i < 0 {
			return key{}, false
		}
		return key{space: spaceOf(t), host: value[:i], port: value[i:]}, true
	}
	s := spaceOf(t)
	return key{space: s, host: value}, s != spaceNone
}
