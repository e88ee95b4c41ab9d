package match

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"net/netip"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/vedette-soc/vedette/indicator"
)

// digests looks for runs of digits that are long enough for a hash: such a run
// fills a quarter of a block from end to end.
func (s *Searcher) digests() {
	const lows, highs = 0x0001000100010001, 0x8000800080008000
	next := 0
	for w := range s.blocks {
		hex := s.blocks[w].hex
		for full := (^hex - lows) & hex & highs; full != 0; full &= full - 1 {
			at := w*blockSize + bits.TrailingZeros64(full)
			if at < next {
				continue
			}
			from := runStart(s.blocks, at, hexKind)
			next = runEnd(s.blocks, at, hexKind)
			if next-from >= shortestHash {
				s.digits(from, next)
			}
		}
	}
}

func hexKind(b *block) uint64 { return b.hex }

// digits looks at a run of digits.
func (s *Searcher) digits(from, to int) {
	s.digest(from, to)
	if from > 0 && s.line[from-1] == '\\' {
		s.digest(from+1, to) // the letter of \b or \f
	}
	if from > 0 && s.line[from-1] == '%' {
		s.digest(from+2, to)
	}
}

func digestSpaces(n int) []space {
	switch n {
	case 32:
		return []space{spaceMD5, spaceJA3}
	case 40:
		return []space{spaceSHA1}
	case 64:
		return []space{spaceSHA256}
	case 128:
		return []space{spaceSHA512}
	}
	return nil
}

func (s *Searcher) digest(from, to int) {
	spaces := digestSpaces(to - from)
	if spaces == nil {
		return
	}
	s.fold = append(s.fold[:0], s.line[from:to]...)
	for i := range s.fold {
		s.fold[i] |= 0x20
	}
	for _, space := range spaces {
		if s.x.uses(space) {
			s.ask(xxh3.HashSeed(s.fold, uint64(space)+1), from, to, askDigest)
		}
	}
}

// colons looks for IPv6 addresses: every one has two colons between which there are
// at most four digits.
func (s *Searcher) colons() {
	line, next := s.line, 0
	var before [longestGroup + 1]uint64
	for w := range s.blocks {
		for pairs := s.blocks[w].pairs(&before); pairs != 0; pairs &= pairs - 1 {
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
			if n := bytes.Count(line[from:to], []byte(":")); n >= 6 || n >= 2 && bytes.Contains(line[from:to], []byte("::")) {
				s.address6(from, to, n)
			}
		}
	}
}

// longestGroup is how many digits a group of an IPv6 address has at most.
const longestGroup = 4

// pairs marks the colons before which another stands with at most four digits
// between; before is what the block before leaves over.
func (b *block) pairs(before *[longestGroup + 1]uint64) (out uint64) {
	x := b.colon
	for i := range before {
		moved := x<<1 | before[i]
		before[i] = x >> 63
		out |= moved & b.colon
		x = moved & b.hex
	}
	return out
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

// defanged says whether a line has one of the signs by which people keep an
// indicator from being clicked, except for those at a dot, which dots sees. They
// are those of indicator.Refang.
func (s *Searcher) defanged() bool {
	for w := range s.blocks {
		for open := s.blocks[w].open; open != 0; open &= open - 1 {
			at := w*blockSize + bits.TrailingZeros64(open)
			if at+2 >= len(s.line) {
				return false
			}
			if c := s.line[at+1]; c != '"' && bracketed(s.line[at], s.line[at+1:]) {
				return true
			}
		}
	}
	return false
}

// bracketed says whether what stands behind an opening bracket is such a sign.
func bracketed(open byte, rest []byte) bool {
	next := ".:@dDaA\\"
	switch open {
	case '[':
		next = "./:@dDaA\\"
	case '{':
		next = ".@dDaA\\"
	}
	if strings.IndexByte(next, rest[0]) < 0 {
		return false
	}
	inner := bytes.TrimLeft(rest[:min(len(rest), 24)], `\`)
	if bytes.HasPrefix(inner, []byte(".")) && open == '[' {
		return true
	}
	inner = bytes.ReplaceAll(inner, []byte(`\`), nil)
	for _, sign := range signsOf {
		if bytes.HasPrefix(inner, []byte(sign)) {
			return true
		}
	}
	return false
}

// signsOf are what may stand behind the opening bracket.
var signsOf = [...]string{
	".]", ".)", ".}", "/]", ":]", ":)", "://]", "@]", "@)", "@}",
	"dot]", "dot)", "dot}", "DOT]", "DOT)", "DOT}", "at]", "at)", "at}", "AT]", "AT)", "AT}",
}
