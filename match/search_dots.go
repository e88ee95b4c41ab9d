package match

import (
	"math/bits"
	"sync"

	"github.com/vedette-soc/vedette/indicator"
)

// dots goes from dot to dot and looks at the token around each.
func (s *Searcher) dots() {
	next := 0
	for w := range s.blocks {
		dots := s.blocks[w].dot
		if at := w * blockSize; next > at {
			dots &= ^uint64(0) << (next - at)
		}
		for dots != 0 {
			from, to := s.tokenAt(w, uint(bits.TrailingZeros64(dots)))
			if !s.dotted(from, to) {
				return
			}
			next = to
			dots &= ^uint64(0) << (next - w*blockSize)
		}
	}
}

// tokenAt returns the token that a byte of a block is in.
func (s *Searcher) tokenAt(w int, bit uint) (from, to int) {
	token, at := s.blocks[w].token, w*blockSize
	from = at
	if gap := ^token << (63 - bit); gap != 0 {
		from += int(bit) + 1 - bits.LeadingZeros64(gap)
	} else if at > 0 {
		from = runStart(s.blocks, at, tokenKind)
	}
	if gap := ^token >> bit; gap != 0 {
		return from, at + int(bit) + bits.TrailingZeros64(gap)
	}
	return from, runEnd(s.blocks, at+blockSize, tokenKind)
}

func tokenKind(b *block) uint64 { return b.token }

// dotted looks at a token with a dot. It returns false when the record must be
// read in any case.
func (s *Searcher) dotted(from, to int) bool {
	line := s.line
	if to < len(line) && line[to] == ']' && line[to-1] == '.' || from > 0 && line[from-1] == '\\' && line[from] == '.' {
		s.mustRead() // one of the ways to defang a dot
		return false
	}
	n := to - from
	if n < 3 || s.isKey(from, to) {
		return true
	}
	if n > blockSize {
		s.token(from, to, s.kinds(from, to))
	} else {
		s.short(from, uint(n))
	}
	if from > 0 && (line[from-1] == '\\' || line[from-1] == '%' || line[from-1] == '#') {
		s.escaped(from, to)
	}
	return true
}

// isKey says whether a token is the name of a field, such as "id.orig_h", which is
// no value.
func (s *Searcher) isKey(from, to int) bool {
	line := s.line
	return to+1 < len(line) && line[to+1] == ':' && line[to] == '"' && from > 0 && line[from-1] == '"' && hasLetter(line[from:to])
}

func hasLetter(token []byte) bool {
	for _, c := range token {
		if isLetter(c) {
			return true
		}
	}
	return false
}

// short is token for one of at most 64 bytes, whose maps fit into a word each.
func (s *Searcher) short(from int, n uint) {
	b, o := s.blocks[from/blockSize:][:2], uint(from%blockSize)
	all := ^uint64(0) >> (blockSize - n)
	dots := (b[0].dot>>o | b[1].dot<<(blockSize-o)) & all
	digits := (b[0].digit>>o | b[1].digit<<(blockSize-o)) & all
	if dots|digits == all {
		s.numbers(from, n, dots)
		return
	}
	to := from + int(n)
	hyphens := (b[0].hyphen>>o | b[1].hyphen<<(blockSize-o)) & all
	if trailing(s.line[to-1]) || dots&(dots>>1) != 0 {
		s.token(from, to, s.kinds(from, to))
		return
	}
	if tld := uint(bits.Len64(dots)); s.x.uses(spaceDigitLabel) || digits>>tld&1 == 0 {
		s.labels(from, n, dots)
	}
	if hyphens == 0 {
		return
	}
	if dashed(s.line[from:to]) {
		s.mustRead()
		return
	}
	whole := hyphens&1 == 0 && digits>>(n-1) == 0 && n < blockSize // else a reader may take it apart, see wholeName
	if !whole || bits.Len64(hyphens) > bits.TrailingZeros64(dots) && !usualEnd(s.line[from+bits.Len64(dots):to]) {
		s.hyphens(from, to)
	}
}

// usualEnd says whether a last label is one of the top-level domains that most
// names have: a reader never takes such a name apart.
func usualEnd(tld []byte) bool {
	switch len(tld) {
	case 2:
		a, b := tld[0]|0x20-'a', tld[1]|0x20-'a'
		return a < letters && b < letters && countries()[a]>>b&1 != 0
	case 3:
		switch uint32(tld[0])<<16 | uint32(tld[1])<<8 | uint32(tld[2]) | 0x202020 {
		case 'c'<<16 | 'o'<<8 | 'm', 'n'<<16 | 'e'<<8 | 't', 'o'<<16 | 'r'<<8 | 'g':
			return true
		}
	}
	return false
}

const letters = 26

// countries has a bit for the second letter of each top-level domain of two, by the
// first.
var countries = sync.OnceValue(func() *[letters]uint32 {
	var c [letters]uint32
	for a := range letters {
		for b := range letters {
			if indicator.KnownTLD(string([]byte{'a' + byte(a), 'a' + byte(b)})) {
				c[a] |= 1 << b
			}
		}
	}
	return &c
})

// labels asks for the last two labels of a name, as gates has them.
func (s *Searcher) labels(from int, n uint, dots uint64) {
	tld := uint(bits.Len64(dots))
	if tld == 1 {
		return // ".evil"
	}
	dots &^= 1 << (tld - 1)
	two := uint(bits.Len64(dots))
	token := s.line[from : from+int(n)]
	s.ask(foldHash(token[two:]), from, from+int(n), askName)
	if two > 0 && n-tld == 2 && tld-1-two <= 3 {
		three := bits.Len64(dots &^ (1 << (two - 1)))
		s.ask(foldHash(token[three:]), from, from+int(n), askName)
	}
}

// numbers looks at a token of digits and dots: most are times or versions.
func (s *Searcher) numbers(from int, n uint, dots uint64) {
	two := dots & (dots - 1)
	three := two & (two - 1)
	if dots&1 != 0 || dots>>(n-1) != 0 {
		s.address(from, from+int(n)) // the end of a sentence
		return
	}
	if n > uint(longestQuad) || three == 0 || three&(three-1) != 0 {
		return
	}
	b := s.line[from:][:n]
	i, j, k := bits.TrailingZeros64(dots), bits.TrailingZeros64(two), bits.TrailingZeros64(three)
	block := octet(b[:i])<<8 | octet(b[i+1:j])
	if block > 0xffff || !s.x.hosts.near(block<<16) {
		return
	}
	if rest := octet(b[j+1:k])<<8 | octet(b[k+1:]); rest <= 0xffff {
		s.putAddress(block<<16|rest, from, from+int(n))
	}
}

const longestQuad = len("255.255.255.255")

// octet reads one number of an address; it is 1<<16 or more when it is none.
func octet(b []byte) uint32 {
	const wrong = 1 << 16
	switch len(b) {
	case 1:
		return uint32(b[0] - '0')
	case 2:
		if b[0] != '0' {
			return uint32(b[0]-'0')*10 + uint32(b[1]-'0')
		}
	case 3:
		if n := uint32(b[0]-'0')*100 + uint32(b[1]-'0')*10 + uint32(b[2]-'0'); b[0] != '0' && n <= 255 {
			return n
		}
	}
	return wrong
}
