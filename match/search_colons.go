package match

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"net/netip"

	"github.com/vedette-soc/vedette/indicator"
)

// colons looks for IPv6 addresses: every one has two colons between which there are
// at most four digits, either next to each other or so six times on end. The time of
// day has that once.
func (s *Searcher) colons() {
	var before [longestGroup + 1]uint64
	joined, n := uint64(0), 0
	for w := range s.blocks {
		pairs, double := s.blocks[w].pairs(&before)
		joined |= double
		n += bits.OnesCount64(pairs)
	}
	if joined != 0 || n >= fewestPairs {
		s.pairs()
	}
}

// fewestPairs has 0:0:0:0:0:ffff:1.2.3.4.
const fewestPairs = 5

// pairs looks at what stands around each such pair.
func (s *Searcher) pairs() {
	line, next := s.line, 0
	var before [longestGroup + 1]uint64
	for w := range s.blocks {
		for pairs, _ := s.blocks[w].pairs(&before); pairs != 0; pairs &= pairs - 1 {
			at := w*blockSize + bits.TrailingZeros64(pairs)
			if at < next {
				continue
			}
			from, to := at, at+1
			for from > 0 && partOf6(line[from-1]) {
				from--
			}
			for to < len(line) && partOf6(line[to]) {
				to++
			}
			next = to
			if from > 0 && line[from-1] == '#' {
				from += indicator.RelayedControl(line[from:to])
			}
			if n := bytes.Count(line[from:to], []byte(":")); n >= 6 || n >= 2 && bytes.Contains(line[from:to], []byte("::")) {
				s.address6(from, to, n)
			}
		}
	}
}

// longestGroup is how many digits a group of an IPv6 address has at most.
const longestGroup = 4

// pairs marks the colons before which another stands with at most four digits
// between, and those with none; before is what the block before leaves over.
func (b *block) pairs(before *[longestGroup + 1]uint64) (out, double uint64) {
	x := b.colon
	for i := range before {
		moved := x<<1 | before[i]
		before[i] = x >> 63
		out |= moved & b.colon
		if i == 0 {
			double = out
		}
		x = moved & b.hex
	}
	return out, double
}

// mapped says whether there is "ffff:" behind a colon, as in an IPv4 address
// written as IPv6 in hexadecimal.
func (s *Searcher) mapped() bool {
	const apart = longestGroup + 1
	last := uint64(0)
	for w := range s.blocks {
		colon := s.blocks[w].colon
		for far := colon & (colon<<apart | last>>(blockSize-apart)); far != 0; far &= far - 1 {
			at := w*blockSize + bits.TrailingZeros64(far)
			if group := binary.LittleEndian.Uint32(s.line[at-longestGroup:]); group|0x20202020 == 0x66666666 {
				return true
			}
		}
		last = colon
	}
	return false
}

func partOf6(c byte) bool { return isHexByte(c) || c == ':' || c == '.' }

const (
	longestIPv6 = 45
	mostColons  = 8 // as in ::2:3:4:5:6:7:8
)

// address6 tries every beginning of a stretch of digits and colons: what stands
// before an address may be digits too.
func (s *Searcher) address6(from, to, colons int) {
	line := s.line
	if colons > 32 {
		s.mustRead()
		return
	}
	ends := []int{to}
	for end := to; end > from && (line[end-1] == ':' || line[end-1] == '.'); {
		end--
		ends = append(ends, end)
	}
	if end := from + bytes.LastIndexByte(line[from:to], ':'); end > from {
		ends = append(ends, end) // a port, as in http://2001:db8::1:443/
	}
	try := func(start int) bool {
		if !s.mayBegin6(line[start:to]) {
			return false
		}
		for _, end := range ends {
			if end-start < 2 || end-start > longestIPv6 || bytes.Count(line[start:end], []byte(":")) > mostColons {
				continue
			}
			if a, err := netip.ParseAddr(string(line[start:end])); err == nil && s.hasAddress(a) {
				s.touch(start, end)
				return true
			}
		}
		return false
	}
	if try(from) || from > 0 && line[from-1] == '\\' && try(from+1) || from > 0 && line[from-1] == '%' && try(from+2) {
		return
	}
	for i := from; i < to; i++ {
		if line[i] == ':' && (try(i) || try(i+1)) {
			return
		}
		if line[i] == '.' && try(i+1) {
			return
		}
	}
}

// mayBegin6 says whether anything in the index may begin as these bytes do, read
// as an IPv6 address.
func (s *Searcher) mayBegin6(b []byte) bool {
	first := uint16(0)
	for i, c := range b[:min(len(b), longestGroup+1)] {
		switch {
		case isHexByte(c):
			first = first<<4 | uint16(unhex(c))
		case c != ':':
			return false
		case i == 0:
			return len(b) > 1 && b[1] == ':'
		default:
			return first == 0 || s.x.begins6.near(first) // 0: of IPv4, perhaps
		}
	}
	return false
}

func (s *Searcher) hasAddress(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	host, t := a.String(), indicator.IPv6
	if a.Is4() {
		t = indicator.IPv4
	}
	if s.hits = s.x.address(t, host, false, s.hits[:0]); len(s.hits) > 0 {
		return true
	}
	if t == indicator.IPv6 {
		host = "[" + host + "]"
	}
	return s.hasHost(host)
}
