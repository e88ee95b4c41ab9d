package match

import (
	"bytes"
	"math/bits"
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
	if from > 0 && s.line[from-1] == '#' {
		s.digest(from+indicator.RelayedControl(s.line[from:to]), to)
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

// defanged says whether a line has one of the signs by which people keep an
// indicator from being clicked, except for those at a dot, which dots sees. They
// are those of indicator.Refang.
func (s *Searcher) defanged() bool {
	s.counted = false
	for w := range s.blocks {
		for open := s.blocks[w].open; open != 0; open &= open - 1 {
			at := w*blockSize + bits.TrailingZeros64(open)
			if at+2 >= len(s.line) {
				return false
			}
			c := s.line[at+1]
			if c != '"' && bracketed(s.line[at], s.line[at+1:]) {
				return true
			}
			s.counted = s.counted || isDigit(c) && s.line[at] == '('
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
