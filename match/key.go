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
	// The others are in the filter only: what a look-up or a Searcher asks for
	// before, or instead of, the key itself.
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

// typeSpaces has a place for each type, found by typePlace; what is taken, the next.
// Adding an indicator begins with this question, and types come in any order.
var typeSpaces = func() (table [64]typeSpace) {
	for _, e := range [...]typeSpace{
		{indicator.IPv4, spaceIPv4},
		{indicator.IPv6, spaceIPv6},
		{indicator.Domain, spaceDomain},
		{indicator.Email, spaceEmail},
		{indicator.MD5, spaceMD5},
		{indicator.SHA1, spaceSHA1},
		{indicator.SHA256, spaceSHA256},
		{indicator.SHA512, spaceSHA512},
		{indicator.FileName, spaceFileName},
		{indicator.CertSHA1, spaceCertSHA1},
		{indicator.CertSHA256, spaceCertSHA256},
		{indicator.JA3, spaceJA3},
		{indicator.JA4, spaceJA4},
		{indicator.ASN, spaceASN},
		{indicator.MAC, spaceMAC},
		{indicator.UserAccount, spaceUserAccount},
		{indicator.Mutex, spaceMutex},
		{indicator.RegistryKey, spaceRegistryKey},
		{indicator.UserAgent, spaceUserAgent},
		{indicator.Vulnerability, spaceVulnerability},
		{indicator.IPv4Port, spaceIPv4Port},
		{indicator.IPv6Port, spaceIPv6Port},
		{indicator.DomainPort, spaceDomainPort},
		{indicator.Pattern, spacePattern},
		{indicator.URL, spaceURL},
	} {
		i := typePlace(e.Type)
		for table[i%64].Type != "" {
			i++
		}
		table[i%64] = e
	}
	return table
}()

type typeSpace struct {
	indicator.Type
	space
}

func typePlace(t indicator.Type) uint {
	if t == "" {
		return 0
	}
	return uint(len(t))*9 + uint(t[0])*2 + uint(t[len(t)-1])
}

// spaceOf returns the space of a type, that with a scheme for URLs; spaceNone for
// what is no type.
func spaceOf(t indicator.Type) space {
	for i := typePlace(t); ; i++ {
		if e := &typeSpaces[i%64]; e.Type == t || e.Type == "" {
			return e.space
		}
	}
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
	switch s := spaceOf(t); s {
	case spaceURL:
		u := cutURL(value)
		k := key{spaceAnyURL, u.scheme, u.host, u.port, u.path}
		switch {
		case u.host == "":
			k.space = spacePath
		case u.scheme != "":
			k.space = spaceURL
		}
		return k, u.path != ""
	case spaceIPv4Port, spaceIPv6Port, spaceDomainPort:
		i := strings.LastIndexByte(value, ':')
		if i < 0 {
			return key{}, false
		}
		return key{space: s, host: value[:i], port: value[i:]}, true
	default:
		return key{space: s, host: value}, s != spaceNone
	}
}
