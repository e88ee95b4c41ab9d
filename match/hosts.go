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

// prefetch has the processor fetch the bits of addresses, all of them at once.
func (h hosts) prefetch(addresses []probe) {
	if len(h) == blocks16+blocks24 && len(addresses) > 0 {
		prefetchBits(&h[blocks16], 8, &addresses[0], len(addresses))
	}
}

// whole says whether the size is one of those that there are.
func (h hosts) whole() bool {
	return len(h) == 0 || len(h) == blocks16 || len(h) == blocks16+blocks24
}

// hostList is hosts in the making. Addresses are kept as they come and marked
// together at the end: then the processor does not wait for one bit before it sets
// the next.
type hostList struct {
	any    bool
	alone  chain[uint32]
	ranges chain[[2]uint32] // first and last of networks
}

// done returns the bits of what was added; of nothing it returns nothing.
func (l *hostList) done() hosts {
	if !l.any {
		return nil
	}
	n := l.alone.len() + l.ranges.len()
	size := blocks16
	if n >= manyHosts {
		size += blocks24
	}
	h := make(hosts, size)
	h.mark(l, h[:blocks16], 16)
	if n >= manyHosts {
		h.mark(l, h[blocks16:], 8)
	}
	return h
}

// mark sets the bits of blocks, without the low bits of each address.
func (h hosts) mark(l *hostList, blocks []byte, low int) {
	l.alone.each(func(addrs []uint32) {
		for _, a := range addrs {
			a >>= low
			blocks[a/8] |= 1 << (a % 8)
		}
	})
	l.ranges.each(func(ranges [][2]uint32) {
		for _, r := range ranges {
			mark(blocks, r[0]>>low, r[1]>>low)
		}
	})
}

func mark(set []byte, first, last uint32) {
	for i := first; i <= last; i++ {
		set[i/8] |= 1 << (i % 8)
	}
}

// addHost notes an address as a Searcher reads it; one that it does not take for
// an address it never asks for.
func (b *Builder) addHost(host string) {
	b.spaces |= 1 << spaceHost4
	b.hosts.any = true
	if addr, ok := dottedQuad(host); ok {
		b.hosts.alone.add(addr)
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
