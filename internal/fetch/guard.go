package fetch

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
)

// Allow lists the exceptions from the rule that only public addresses are reached.
type Allow struct {
	Prefixes []netip.Prefix // addresses that may be reached although they are special
	Hosts    []string       // host names that may resolve to any address; lower case
}

// special are the ranges that are not public although Go's own predicates let
// them pass. Source: IANA special-purpose address registries; 168.63.129.16 is
// the Azure platform address.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("168.63.129.16/32"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"),
	netip.MustParsePrefix("5f00::/16"),
	netip.MustParsePrefix("fec0::/10"),
}

// public reports whether ip is an ordinary address of the internet.
func public(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	return !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(ip) })
}

func (a Allow) permits(host string, ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	return public(ip) ||
		slices.Contains(a.Hosts, strings.ToLower(strings.TrimSuffix(host, "."))) ||
		slices.ContainsFunc(a.Prefixes, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// guard dials only addresses that Allow permits. It resolves the name itself and
// connects to the very address it has checked, so that a name cannot change its
// mind between the check and the connection.
type guard struct {
	allow   Allow
	proxy   string
	resolve func(ctx context.Context, host string) ([]net.IPAddr, error)
}

func (g *guard) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: 20 * time.Second, KeepAlive: 30 * time.Second}
	if g.proxy != "" && addr == g.proxy {
		return d.DialContext(ctx, network, addr)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	ips, err := g.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	var problems []error
	for _, ip := range ips {
		if !g.allow.permits(host, ip) {
			problems = append(problems, deniedAddress(host, ip))
			continue
		}
		conn, err := d.DialContext(ctx, network, net.JoinHostPort(ip.String(), port))
		if err == nil {
			return conn, nil
		}
		problems = append(problems, err)
	}
	return nil, errors.Join(problems...)
}

func (g *guard) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	found, err := g.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	var ips []netip.Addr
	for _, f := range found {
		if ip, ok := netip.AddrFromSlice(f.IP); ok {
			ips = append(ips, ip.Unmap())
		}
	}
	if len(ips) == 0 {
		return nil, &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	}
	return ips, nil
}

func deniedAddress(host string, ip netip.Addr) error {
	return errs.New(errs.Denied, "fetch_private_address",
		"%s is at %s, which is not a public address; list it under the allowed addresses if it is really meant.", shorten(host), ip)
}
