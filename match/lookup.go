package match

import (
	"net/netip"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

func (x *Index) lookup(t indicator.Type, value string, dst []Hit) []Hit {
	switch t {
	case indicator.IPv4, indicator.IPv6:
		return x.address(t, value, false, dst)
	case indicator.Domain:
		return x.name(value, false, dst)
	case indicator.URL:
		return x.url(value, dst)
	case indicator.IPv4Port, indicator.IPv6Port, indicator.DomainPort:
		return x.hostPort(t, value, dst)
	case indicator.Email:
		dst = x.exact(t, value, dst)
		return x.name(value[strings.LastIndexByte(value, '@')+1:], true, dst)
	case indicator.FileName, indicator.UserAccount:
		dst = x.exact(t, value, dst)
		if i := strings.LastIndexAny(value, `\/`); i >= 0 {
			dst = x.exact(t, value[i+1:], dst)
		}
		return dst
	}
	return x.exact(t, value, dst)
}

func (x *Index) exact(t indicator.Type, value string, dst []Hit) []Hit {
	s := spaceOf(t)
	if !x.uses(s) {
		return dst
	}
	if id, ok := x.find(key{space: s, host: value}); ok {
		dst = append(dst, Hit{ID: id})
	}
	return dst
}

func (x *Index) address(t indicator.Type, value string, viaHost bool, dst []Hit) []Hit {
	if s := spaceOf(t); x.uses(s) {
		if id, ok := x.find(key{space: s, host: value}); ok {
			dst = append(dst, Hit{ID: id, ViaHost: viaHost})
		}
	}
	if x.nets.n == 0 {
		return dst
	}
	if strings.IndexByte(value, '/') >= 0 {
		if p, err := netip.ParsePrefix(value); err == nil {
			return x.nets.lookup(p.Masked(), viaHost, dst)
		}
		return dst
	}
	a, err := netip.ParseAddr(value)
	if err != nil {
		return dst
	}
	a = a.Unmap().WithZone("")
	return x.nets.lookup(netip.PrefixFrom(a, a.BitLen()), viaHost, dst)
}

func (x *Index) name(name string, viaHost bool, dst []Hit) []Hit {
	if !x.uses(spaceDomain) || !x.mayHold(name) {
		return dst
	}
	kind := Exact
	for rest := name; ; kind = Parent {
		if id, ok := x.find(key{space: spaceDomain, host: rest}); ok {
			dst = append(dst, Hit{ID: id, Kind: kind, ViaHost: viaHost})
		}
		i := strings.IndexByte(rest, '.')
		if i < 0 {
			return dst
		}
		rest = rest[i+1:]
	}
}

func (x *Index) hostPort(t indicator.Type, value string, dst []Hit) []Hit {
	i := strings.LastIndexByte(value, ':')
	if i < 0 {
		return dst
	}
	host, port := value[:i], value[i:]
	if t == indicator.DomainPort {
		dst = x.namePort(host, port, false, dst)
		return x.name(host, true, dst)
	}
	dst = x.addressPort(t, host, port, false, dst)
	t = indicator.IPv4
	if host != "" && host[0] == '[' {
		t, host = indicator.IPv6, strings.Trim(host, "[]")
	}
	return x.address(t, host, true, dst)
}

// addressPort: host as in a URL (IPv6 in brackets), port is ":443".
func (x *Index) addressPort(t indicator.Type, host, port string, viaHost bool, dst []Hit) []Hit {
	s := spaceOf(t)
	if !x.uses(s) {
		return dst
	}
	if id, ok := x.find(key{space: s, host: host, port: port}); ok {
		dst = append(dst, Hit{ID: id, ViaHost: viaHost})
	}
	return dst
}

// namePort: port is ":443".
func (x *Index) namePort(name, port string, viaHost bool, dst []Hit) []Hit {
	if !x.uses(spaceDomainPort) || !x.mayHold(name) {
		return dst
	}
	kind := Exact
	for rest := name; ; kind = Parent {
		if id, ok := x.find(key{space: spaceDomainPort, host: rest, port: port}); ok {
			dst = append(dst, Hit{ID: id, Kind: kind, ViaHost: viaHost})
		}
		i := strings.IndexByte(rest, '.')
		if i < 0 {
			return dst
		}
		rest = rest[i+1:]
	}
}
