package match

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// nets holds networks in an open-addressing table. A look-up asks once for each
// prefix length in use; for IPv4 a bitmap of the blocks that any network touches
// is asked first.
//
// A slot is the address (two numbers of 8 bytes), the id (8), the prefix length
// (1) and the family (1: 0 free, 4, 6), padded to 32 bytes.
type nets struct {
	slots  []byte
	blocks []byte // IPv4: a bit per /16, /20 or /24, by how many networks there are
	lens   [3]uint64
	len4   uint64 // prefix lengths in use
	n      int
	probes int
}

const (
	netSlot    = 32
	blocks16   = 1 << 16 / 8
	blocks20   = 1 << 20 / 8
	blocks24   = 1 << 24 / 8
	someNets   = 1000
	manyNets   = 50_000
	familyByte = 25
)

// network is a network with its indicator.
type network struct {
	hi, lo uint64
	id     uint64
	bits   uint8 // prefix length
	family uint8 // 4, 6
}

func (s *nets) size() int { return len(s.slots) + len(s.blocks) }

// build fills the table; of equal networks the first stays. It returns how many
// were there already.
func (s *nets) build(all []network) (dups int) {
	if len(all) == 0 {
		return 0
	}
	s.slots = make([]byte, netSlot*(len(all)*3/2+2))
	switch n := len(all); {
	case n > manyNets:
		s.blocks = make([]byte, blocks24)
	case n > someNets:
		s.blocks = make([]byte, blocks20)
	default:
		s.blocks = make([]byte, blocks16)
	}
	s.probes = len(s.slots) / netSlot
	longest := 0
	for _, e := range all {
		at, tries, found := s.seek(e)
		if found {
			dups++
			continue
		}
		longest = max(longest, tries)
		slot := s.slots[at : at+netSlot]
		binary.LittleEndian.PutUint64(slot, e.hi)
		binary.LittleEndian.PutUint64(slot[8:], e.lo)
		binary.LittleEndian.PutUint64(slot[16:], e.id)
		slot[24], slot[familyByte] = e.bits, e.family
		s.n++
		s.mark(e)
	}
	s.probes = longest + 1
	return dups
}

func (s *nets) mark(e network) {
	if e.family == 6 {
		s.lens[e.bits/64] |= 1 << (e.bits % 64)
		return
	}
	s.len4 |= 1 << e.bits
	width := s.width()
	first, count := e.lo>>(32-width), uint64(1)
	if int(e.bits) < width {
		count = 1 << (width - int(e.bits))
	}
	for i := first; i < first+count; i++ {
		s.blocks[i/8] |= 1 << (i % 8)
	}
}

// width is the prefix length of a block.
func (s *nets) width() int {
	switch len(s.blocks) {
	case blocks24:
		return 24
	case blocks20:
		return 20
	}
	return 16
}

// near4 says whether any network lies in or around the block of an address.
func (s *nets) near4(addr uint32) bool {
	if len(s.blocks) == 0 {
		return false
	}
	i := addr >> (32 - s.width())
	return s.blocks[i/8]>>(i%8)&1 != 0
}

// prefetch has the processor fetch the bits of addresses, all of them at once.
func (s *nets) prefetch(addresses []probe) {
	if len(s.blocks) > 0 && len(addresses) > 0 {
		prefetchBits(&s.blocks[0], 32-s.width(), &addresses[0], len(addresses))
	}
}

// seek finds the slot of a network, or the free one where it belongs.
func (s *nets) seek(e network) (at, tries int, found bool) {
	h := (e.hi ^ bits.RotateLeft64(e.lo, 29) ^ uint64(e.bits)<<8 ^ uint64(e.family)) * 0x9e3779b97f4a7c15
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 32
	h *= 0x94d049bb133111eb
	size := len(s.slots) / netSlot
	i := home(h, size)
	for tries = 1; tries <= s.probes; tries++ {
		slot := s.slots[i*netSlot : (i+1)*netSlot]
		if slot[familyByte] == 0 {
			return i * netSlot, tries, false
		}
		if binary.LittleEndian.Uint64(slot) == e.hi && binary.LittleEndian.Uint64(slot[8:]) == e.lo &&
			slot[24] == e.bits && slot[familyByte] == e.family {
			return i * netSlot, tries, true
		}
		if i++; i == size {
			i = 0
		}
	}
	return 0, tries, false
}

// lookup appends every network that holds p, the most specific first.
func (s *nets) lookup(p netip.Prefix, viaHost bool, dst []Hit) []Hit {
	if s.n == 0 || len(s.slots) == 0 {
		return dst
	}
	e := networkOf(p)
	if e.family == 4 && !s.near4(uint32(e.lo)) {
		return dst
	}
	for n := int(e.bits); n >= 0; n-- {
		if !s.inUse(e.family, n) {
			continue
		}
		if at, _, ok := s.seek(e.shorten(n)); ok {
			hit := Hit{ID: binary.LittleEndian.Uint64(s.slots[at+16:]), Kind: Network, ViaHost: viaHost}
			if n == p.Bits() {
				hit.Kind = Exact
			}
			dst = append(dst, hit)
		}
	}
	return dst
}

func (s *nets) inUse(family uint8, n int) bool {
	if family == 4 {
		return s.len4>>n&1 != 0
	}
	return s.lens[n/64]>>(n%64)&1 != 0
}

// shorten clears what lies behind the first n bits.
func (e network) shorten(n int) network {
	e.bits = uint8(n)
	if e.family == 4 {
		e.lo = e.lo >> (32 - n) << (32 - n)
		return e
	}
	if n <= 64 {
		e.hi, e.lo = e.hi>>(64-n)<<(64-n), 0
		return e
	}
	e.lo = e.lo >> (128 - n) << (128 - n)
	return e
}

func networkOf(p netip.Prefix) network {
	a := p.Addr()
	if a.Is4() {
		b := a.As4()
		return network{lo: uint64(binary.BigEndian.Uint32(b[:])), bits: uint8(p.Bits()), family: 4}
	}
	b := a.As16()
	return network{
		hi: binary.BigEndian.Uint64(b[:8]), lo: binary.BigEndian.Uint64(b[8:]),
		bits: uint8(p.Bits()), family: 6,
	}
}
