package match

// hosts has a bit for each IPv4 /16 that anything in the index lies in: an address,
// a network, the host of a URL or with a port. What a Searcher sees most, the
// addresses of the organisation itself, is then settled without a question to the
// filter. It is empty when there is nothing of IPv4.
type hosts []byte

// add notes the /16 of an address, and those after it up to that of last.
func (h *hosts) add(first, last uint32) {
	h.make()
	for i := first >> 16; i <= last>>16; i++ {
		(*h)[i/8] |= 1 << (i % 8)
	}
}

func (h *hosts) make() {
	if *h == nil {
		*h = make(hosts, blocks16)
	}
}

func (h hosts) near(addr uint32) bool {
	i := addr >> 16
	return len(h) == blocks16 && h[i/8]>>(i%8)&1 != 0
}

// addHost notes an address as a Searcher reads it; one that it does not take for
// an address it never asks for.
func (b *Builder) addHost(host string) {
	b.spaces |= 1 << spaceHost4
	b.hosts.make()
	if addr, ok := dottedQuad(host); ok {
		b.hosts.add(addr, addr)
	}
}
