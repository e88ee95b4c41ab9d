package stix

import (
	"net"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/stix"
)

// conjunction reads a pattern that asks for several things of one observation, if
// some of its values say as much as all of it:
//
//   - a file with a hash: the hash is the file, whatever else is said of it;
//   - a host and a port; the type of an address beside the address says nothing;
//   - a name and the addresses it resolves to: the name; a registry key and what
//     it holds: the key. Both fire where the whole might not, and are what their
//     authors look for.
//
// Any other conjunction means more than its parts.
func conjunction(p stix.Pattern) ([]value, bool) {
	seen, ok := p.Root.(stix.Observed)
	if !ok {
		return nil, false
	}
	all, ok := seen.Expr.(stix.Logic)
	if !ok || all.Op != stix.And {
		return nil, false
	}
	c := facts{}
	for _, term := range all.Terms {
		x, ok := term.(stix.Comparison)
		if !ok || x.Negated || x.Op != stix.Equal || len(x.Values) != 1 || !c.add(x) {
			return nil, false
		}
	}
	return c.values()
}

// facts are the comparisons of a conjunction, by what they are about.
type facts struct {
	hashes []value
	hosts  []string
	port   string
	name   string // of a domain
	key    string // of the registry
	file   bool   // something else of a file
	around bool   // of a name or key: what it resolves to or holds
}

// add takes one comparison; false when it is about something else.
func (f *facts) add(c stix.Comparison) bool {
	path, v := c.Path.String(), c.Values[0]
	if h, ok := pathValue(stix.PathValue{Path: c.Path, Op: stix.Equal, Value: v}); ok && c.Path.Object == "file" && h.kind != indicator.FileName {
		f.hashes = append(f.hashes, h)
		return true
	}
	switch path {
	case "network-traffic:dst_ref.value", "network-traffic:src_ref.value", "ipv4-addr:value", "ipv6-addr:value":
		f.hosts = append(f.hosts, v.Text)
	case "network-traffic:dst_ref.type", "network-traffic:src_ref.type":
		return v.Text == "ipv4-addr" || v.Text == "ipv6-addr" || v.Text == "domain-name"
	case "network-traffic:dst_port", "network-traffic:src_port":
		if f.port != "" {
			return false
		}
		f.port = v.Text
	case "domain-name:value":
		f.name = v.Text
	case "domain-name:resolves_to_refs[*].value", "windows-registry-key:values.data", "windows-registry-key:values[*].data", "windows-registry-key:values.name", "windows-registry-key:values[*].name":
		f.around = true
	case "windows-registry-key:key":
		f.key = v.Text
	default:
		if c.Path.Object != "file" {
			return false
		}
		f.file = true
	}
	return true
}

// values are those that say as much as all facts together.
func (f *facts) values() ([]value, bool) {
	host := f.name
	if len(f.hosts) == 1 && host == "" {
		host = f.hosts[0]
	} else if len(f.hosts) > 0 {
		return nil, false
	}
	file := len(f.hashes) > 0 || f.file
	switch {
	case file:
		return f.hashes, len(f.hashes) > 0 && host == "" && f.key == "" && f.port == ""
	case f.key != "":
		return []value{{indicator.RegistryKey, f.key}}, host == "" && f.port == ""
	case host == "":
		return nil, false
	case f.port != "":
		v, ok := endpoint(host, f.port)
		return []value{v}, ok && !f.around
	case f.name != "":
		return []value{{indicator.Domain, f.name}}, true
	}
	return []value{{"", host}}, !strings.Contains(host, "/")
}

// endpoint is a host with a port.
func endpoint(host, port string) (value, bool) {
	t, _, err := indicator.Detect(host)
	if err != nil || strings.Contains(host, "/") || !slices.Contains([]indicator.Type{indicator.IPv4, indicator.IPv6, indicator.Domain}, t) {
		return value{}, false
	}
	return value{t + ":port", net.JoinHostPort(host, port)}, true
}
