package match

import (
	"math"
	"net/netip"
)

// hosts has a bit for each IPv4 /16 that anything in the index lies in: an address,
// a network, the host of a URL or with a port. What a Searcher sees most, the
// addresses of the organisation itself, is then settled without a question to the
// filter. Where there are many, so that most /16 have something, a bit for each
// /24 follows. It is empty when there is nothing of IPv4.
type hosts []byte

// manyHosts is how many addresses are worth the bits of all /24.
const manyHosts = 250_000

// near says whether anything lies in the /16 of an address, of which the second
// half does not count.
func (h hosts) near(addr uint32) bool {
	i := addr >> 16
	return len(h) >= blocks16 && h[i/8]>>(i%8)&1 != 0
}

// nearer says whether anything lies in the /24 of an address, as far as is known.
func (h hosts) nearer(addr uint32) bool {
	i := addr >> 8
	return len(h) != blocks16+blocks24 || h[blocks16+i/8]>>(i%8)&1 != 0
}

// whole says whether the size is one of those that there are.
func (h hosts) whole() bool {
	return len(h) == 0 || len(h) == blocks16 || len(h) == blocks16+blocks24
}

// hostList is hosts in the making.
type hostList struct {
	blocks hosts    // of /16
	fine   []byte   // of /24, once there are many
	few    []uint32 // before: first and last of what was added
}

// add notes the addresses from first to last.
func (l *hostList) add(first, last uint32) {
	l.make()
	mark(l.blocks, first>>16, last>>16)
	if l.fine != nil {
		mark(l.fine, first>>8, last>>8)
		return
	}
	if l.few = append(l.few, first, last); len(l.few) < 2*manyHosts {
		return
	}
	l.fine = make([]byte, blocks24)
	for i := 0; i < len(l.few); i += 2 {
		mark(l.fine, l.few[i]>>8, l.few[i+1]>>8)
	}
	l.few = nil
}

func mark(set []byte, first, last uint32) {
	for i := first; i <= last; i++ {
		set[i/8] |= 1 << (i % 8)
	}
}

func (l *hostList) make() {
	if l.blocks == nil {
		l.blocks = make(hosts, blocks16)
	}
}

func (l *hostList) done() hosts { return append(l.blocks, l.fine...) }

// addHost notes an address as a Searcher reads it; one that it does not take for
// an address it never asks for.
func (b *Builder) addHost(host string) {
	b.spaces |= 1 << spaceHost4
	b.hosts.make()
	if addr, ok := dottedQuad(host); ok {
		b.hosts.add(addr, addr)
	}
}

// begins6 has a bit for the first two bytes of each IPv6 address, alone or in
// something, and of every network. It is empty when there is nothing of IPv6.
type begins6 []byte

func (h *begins6) add(first, last uint16) {
	if *h == nil {
		*h = make(begins6, blocks16)
	}
	mark(*h, uint32(first), uint32(last))
}

// near says whether an address may begin so.
func (h begins6) near(first uint16) bool {
	return len(h) == blocks16 && h[first/8]>>(first%8)&1 != 0
}

// addHost6 notes an IPv6 address.
func (b *Builder) addHost6(host string) {
	b.spaces |= 1 << spaceHost6
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		first := uint16(networkOf(netip.PrefixFrom(a, a.BitLen())).hi >> 48)
		b.begins6.add(first, first)
	} else {
		b.begins6.add(0, math.MaxUint16) // whatever it is, it is not overlooked
	}
}
