package match

import (
	"net/netip"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/vedette-soc/vedette/indicator"
)

// A history turns the question of Lookup round: not which indicators does this
// value touch, but which of a hundred million values does this indicator touch. To
// answer it, the history files each value under its traces and orders the values
// of a type by their places, both of which depend on the value only; a [Reach]
// tells for a set of indicators which traces and places they can have to do with.
//
// Both are kept in files: what they give for a value must not change without a new
// version of those.

// traceKind keeps apart hashes of what is spelled alike.
type traceKind uint64

const (
	traceAddress traceKind = iota + 1
	traceName
	tracePath
	traceBelow
	traceValue
)

// traceLevels is how many segments of a path count in the traces of a URL.
const traceLevels = 6

// TraceBits is how many of the low bits of a trace count. Among the 200,000 traces
// of a segment one that is not there is taken for one of them in 1 of 340,000
// cases, which costs time only.
const TraceBits = 36

func trace(k traceKind, s string) uint64 {
	return xxh3.HashStringSeed(s, uint64(k)) >> (64 - TraceBits)
}

func traceOf(t indicator.Type, s string) uint64 {
	return trace(traceValue, string(t)+"\x00"+s)
}

// Traces appends the traces of an observable: every indicator that Lookup finds for
// it has one of them, networks excepted.
func Traces(t indicator.Type, value string, dst []uint64) []uint64 {
	switch t {
	case indicator.IPv4, indicator.IPv6:
		return append(dst, trace(traceAddress, value))
	case indicator.Domain:
		return nameTraces(value, dst)
	case indicator.Email:
		return nameTraces(value[strings.LastIndexByte(value, '@')+1:], append(dst, traceOf(t, value)))
	case indicator.IPv4Port, indicator.IPv6Port, indicator.DomainPort:
		i := strings.LastIndexByte(value, ':')
		if i < 0 {
			return dst
		}
		if t == indicator.DomainPort {
			return nameTraces(value[:i], dst)
		}
		return append(dst, trace(traceAddress, strings.Trim(value[:i], "[]")))
	case indicator.URL:
		return urlTraces(cutURL(value), dst)
	case indicator.FileName, indicator.UserAccount:
		dst = append(dst, traceOf(t, value))
		if i := strings.LastIndexAny(value, `\/`); i >= 0 {
			dst = append(dst, traceOf(t, value[i+1:]))
		}
		return dst
	}
	return append(dst, traceOf(t, value))
}

// nameTraces: a name answers to itself and to all names above it.
func nameTraces(name string, dst []uint64) []uint64 {
	for {
		dst = append(dst, trace(traceName, name))
		i := strings.IndexByte(name, '.')
		if i < 0 {
			return dst
		}
		name = name[i+1:]
	}
}

func urlTraces(u urlView, dst []uint64) []uint64 {
	path, _, _ := strings.Cut(u.path, "?")
	dst = append(dst, trace(tracePath, path))
	if u.host == "" {
		return dst
	}
	for i, levels := 0, 0; i <= len(path) && levels < traceLevels; i++ {
		if i == len(path) || path[i] == '/' && i > 0 && path[i-1] != '/' {
			if base := strings.TrimRight(path[:i], "/"); base != "" {
				dst = append(dst, below(u.host, base))
				levels++
			}
		}
	}
	if numeric(u.host) {
		return append(dst, trace(traceAddress, strings.Trim(u.host, "[]")))
	}
	return nameTraces(u.host, dst)
}

// below is the trace of a URL in or under a path on a host.
func below(host, base string) uint64 {
	return xxh3.HashStringSeed(base, xxh3.HashStringSeed(host, uint64(traceBelow))) >> (64 - TraceBits)
}

// baseOf is the path of a URL indicator as far as it counts in traces, without query
// and slashes at its end; "" for the whole host.
func baseOf(path string) string {
	path, _, _ = strings.Cut(path, "?")
	levels := 0
	for i := 1; i < len(path); i++ {
		if path[i] != '/' || path[i-1] == '/' || strings.Trim(path[:i], "/") == "" {
			continue
		}
		if levels++; levels == traceLevels {
			path = path[:i]
			break
		}
	}
	return strings.TrimRight(path, "/")
}

// numeric says whether the host of a URL is looked up as an address.
func numeric(host string) bool { return host[0] == '[' || isDotted(host) }

// Place appends the place of a value among those of its type, as bytes: what one
// indicator touches lies together. Names lie by their labels from the last to the
// first, addresses by number, URLs and e-mail addresses by host.
func Place(t indicator.Type, value string, dst []byte) []byte {
	switch t {
	case indicator.IPv4, indicator.IPv6:
		return addressPlace(value, dst)
	case indicator.Domain:
		return namePlace(value, dst)
	case indicator.Email:
		i := strings.LastIndexByte(value, '@')
		dst = namePlace(value[i+1:], dst)
		return append(append(dst, 0), value[:max(i, 0)]...)
	case indicator.IPv4Port, indicator.IPv6Port, indicator.DomainPort:
		host := value[:max(strings.LastIndexByte(value, ':'), 0)]
		if t == indicator.DomainPort {
			dst = namePlace(host, dst)
		} else {
			dst = addressPlace(strings.Trim(host, "[]"), dst)
		}
		return append(dst, value[len(host):]...)
	case indicator.URL:
		u := cutURL(value)
		return append(hostPlace(u.host, dst), u.path...)
	case indicator.FileName, indicator.UserAccount:
		i := strings.LastIndexAny(value, `\/`) + 1
		dst = append(append(dst, value[i:]...), 0)
		return append(dst, value[:i]...)
	}
	return append(dst, value...)
}

// hostPlace is the place of the host of a URL.
func hostPlace(host string, dst []byte) []byte {
	switch {
	case host == "":
		return append(dst, 'p')
	case numeric(host):
		return addressPlace(strings.Trim(host, "[]"), dst)
	}
	return namePlace(host, dst)
}

// namePlace: the name backwards, and a dot, so that what lies below a name begins
// with the name's place and nothing else does.
func namePlace(name string, dst []byte) []byte {
	dst = append(dst, 'n')
	for i := len(name) - 1; i >= 0; i-- {
		dst = append(dst, name[i])
	}
	return append(dst, '.')
}

// addressPlace: the address as number, by family. A network lies where it begins.
func addressPlace(value string, dst []byte) []byte {
	if strings.IndexByte(value, '/') >= 0 {
		if p, err := netip.ParsePrefix(value); err == nil {
			return append(numberPlace(p.Masked().Addr(), dst), byte(p.Bits()))
		}
	} else if a, err := netip.ParseAddr(value); err == nil {
		return numberPlace(a.Unmap(), dst)
	}
	return append(append(dst, 'x'), value...)
}

func numberPlace(a netip.Addr, dst []byte) []byte {
	if a.Is4() {
		b := a.As4()
		return append(append(dst, '4'), b[:]...)
	}
	b := a.As16()
	return append(append(dst, '6'), b[:]...)
}
