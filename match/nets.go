package match

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// nets holds networks in an open-addressing table. A look-up asks once for each
// prefix length in use; for IPv4 a bitmap of the /16 that any network touches is
// asked first.
type nets struct {
	slots []netSlot
	n     int
	wide4 [1 << 16 / 64]uint64 // IPv4 /16 blocks with a network in or around them
	len4  uint64               // prefix lengths in use
	len6  [3]uint64
}

type netSlot struct {
	hi, lo uint64
	id     uint32
	bits   uint8 // prefix length
	family uint8 // 0 free, 4, 6
}

func (s *nets) size() int { return 24 * len(s.slots) }

// build fills the table; of equal networks the first stays. It returns how many
// were there already.
func (s *nets) build(all []netSlot) (dups int) {
	if len(all) == 0 {
		return 0
	}
	s.slots = make([]netSlot, len(all)*3/2+2)
	for _, e := range all {
		i, found := s.seek(e)
		if found {
			dups++
			continue
		}
		s.slots[i] = e
		s.n++
		s.mark(e)
	}
	return dups
}

func (s *nets) mark(e netSlot) {
	if e.family == 6 {
		s.len6[e.bits/64] |= 1 << (e.bits % 64)
		return
	}
	s.len4 |= 1 << e.bits
	first, count := e.lo>>16, 1
	if e.bits < 16 {
		count = 1 << (16 - e.bits)
	}
	for i := range count {
		b := first + uint64(i)
		s.wide4[b/64] |= 1 << (b % 64)
	}
}

// seek finds the slot of a network, or the free one where it belongs.
func (s *nets) seek(e netSlot) (int, bool) {
	h := (e.hi ^ bits.RotateLeft64(e.lo, 29) ^ uint64(e.bits)<<8 ^ uint64(e.family)) * 0x9e3779b97f4a7c15
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 32
	h *= 0x94d049bb133111eb
	for i := home(h, len(s.slots)); ; i++ {
		if i == len(s.slots) {
			i = 0
		}
		o := &s.slots[i]
		if o.family == 0 {
			return i, false
		}
		if o.hi == e.hi && o.lo == e.lo && o.bits == e.bits && o.family == e.family {
			return i, true
		}
	}
}

// lookup appends every network that holds p, the most specific first.
func (s *nets) lookup(p netip.Prefix, viaHost bool, dst []Hit) []Hit {
	if s.n == 0 {
		return dst
	}
	e := slotOf(p)
	if e.family == 4 {
		block := e.lo >> 16
		if s.wide4[block/64]>>(block%64)&1 == 0 {
			return dst
		}
	}
	for n := int(e.bits); n >= 0; n-- {
		if !s.uses(e.family, n) {
			continue
		}
		if i, ok := s.seek(e.shorten(n)); ok {
			hit := Hit{ID: s.slots[i].id, Kind: Network, ViaHost: viaHost}
			if n == p.Bits() {
				hit.Kind = Exact
			}
			dst = append(dst, hit)
		}
	}
	return dst
}

func (s *nets) uses(family uint8, n int) bool {
	if family == 4 {
		return s.len4>>n&1 != 0
	}
	return s.len6[n/64]>>(n%64)&1 != 0
}

// shorten clears what lies behind the first n bits.
func (e netSlot) shorten(n int) netSlot {
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

func slotOf(p netip.Prefix) netSlot {
	a := p.Addr()
	if a.Is4() {
		b := a.As4()
		return netSlot{lo: uint64(binary.BigEndian.Uint32(b[:])), bits: uint8(p.Bits()), family: 4}
	}
	b := a.As16()
	return netSlot{
		hi: binary.BigEndian.Uint64(b[:8]), lo: binary.BigEndian.Uint64(b[8:]),
		bits: uint8(p.Bits()), family: 6,
	}
}
