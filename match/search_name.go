package match

import (
	"bytes"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/vedette-soc/vedette/indicator"
)

// escaped looks at a token without its first bytes where they belong to an
// escape before it: \nevil.example, %2Fevil.example, #011evil.example.
func (s *Searcher) escaped(from, to int) {
	line := s.line
	switch {
	case line[from-1] == '\\' && strings.IndexByte("nrtbf", line[from]) >= 0:
		from++
	case line[from-1] == '#' && indicator.RelayedControl(line[from:to]) > 0:
		from += indicator.RelayedControl(line[from:to])
	case line[from-1] == '%' && to-from > 2 && isHexByte(line[from]) && isHexByte(line[from+1]):
		from += min(indicator.EncodedDigits(line[from:to]), to-from)
	default:
		return
	}
	s.part(from, to)
}

// part is token for a part of one.
func (s *Searcher) part(from, to int) {
	var has uint8
	for _, c := range s.line[from:to] {
		has |= tokens[c]
	}
	if has&dotByte != 0 {
		s.token(from, to, has)
	}
}

// token looks at one token; has are the kinds of bytes in it.
func (s *Searcher) token(from, to int, has uint8) {
	if has == digitByte|dotByte {
		s.address(from, to)
		return
	}
	s.name(from, to)
	if has&hyphenByte == 0 {
		return
	}
	if dashed(s.line[from:to]) {
		s.mustRead()
		return
	}
	if !wholeName(s.line[from:to]) {
		s.hyphens(from, to)
	}
}

// dashed says whether a token may be a URL as a mail gateway writes it, see
// indicator.DashedURL.
func dashed(token []byte) bool {
	i := bytes.IndexByte(token, '-')
	return i >= 0 && (bytes.Contains(token[i:], []byte("-3A__")) || bytes.Contains(token[i:], []byte("-3a__")))
}

// wholeName says whether a token is surely read as one name. A reader of plain
// text takes 1.2.3.4-1.2.3.9 and evil.example-setup.exe apart at the hyphens, and
// whatever is no name; a hyphen before the first dot of a name is its own.
func wholeName(token []byte) bool {
	token = bytes.TrimRight(token, ".")
	n := len(token)
	return n > 0 && n <= 63 && isLetter(token[n-1]) && token[0] != '-' &&
		bytes.LastIndexByte(token, '-') < bytes.IndexByte(token, '.') && !bytes.Contains(token, []byte(".."))
}

// hyphens looks at every part of a token between two hyphens.
func (s *Searcher) hyphens(from, to int) {
	cuts := append(make([]int, 0, 18), from-1)
	for i := from; i < to; i++ {
		if s.line[i] == '-' {
			cuts = append(cuts, i)
		}
	}
	if len(cuts) > 16 {
		s.mustRead()
		return
	}
	cuts = append(cuts, to)
	for i, before := range cuts {
		for _, after := range cuts[i+1:] {
			if has := s.kinds(before+1, after); before+1 == from && after == to || has&dotByte == 0 {
				continue
			} else if has&^lowByte == digitByte|dotByte {
				s.address(before+1, after)
			} else {
				s.name(before+1, after)
			}
		}
	}
}

func (s *Searcher) kinds(from, to int) (has uint8) {
	for _, c := range s.line[from:to] {
		has |= tokens[c]
	}
	return has
}

// name asks for the last two labels of a token.
func (s *Searcher) name(from, to int) {
	line := s.line
	for to > from && trailing(line[to-1]) {
		to--
	}
	last := bytes.LastIndexByte(line[from:to], '.')
	if last <= 0 {
		return
	}
	if onlyDigitsAndDots(line[from:to]) { // "1.2.3.4_"
		s.address(from, to)
	}
	if isDigit(line[from+last+1]) && !s.x.uses(spaceDigitLabel) {
		return // 23.358464Z
	}
	if two, three, _ := gates(line[from:to]); line[from+two] != '.' {
		s.ask(foldHash(line[from+two:to]), from, to, askName)
		if three >= 0 {
			s.ask(foldHash(line[from+three:to]), from, to, askName)
		}
	}
}

// address asks for a dotted quad.
func (s *Searcher) address(from, to int) {
	line := s.line
	for from < to && line[from] == '.' {
		from++
	}
	for to > from && trailing(line[to-1]) {
		to--
	}
	if addr, ok := dottedQuad(line[from:to]); ok && s.x.hosts.near(addr) {
		s.putAddress(addr, from, to)
	}
}

// dottedQuad reads an address as indicator.Canonical does: four numbers up to 255
// without leading zeros.
func dottedQuad[T string | []byte](b T) (addr uint32, ok bool) {
	if len(b) < 7 || len(b) > longestQuad {
		return 0, false
	}
	n, digits, dots := uint32(0), 0, 0
	for i := range len(b) {
		c := b[i]
		if c == '.' {
			if digits == 0 {
				return 0, false
			}
			addr = addr<<8 | n
			n, digits = 0, 0
			dots++
			continue
		}
		if digits > 0 && n == 0 {
			return 0, false
		}
		n = n*10 + uint32(c-'0')
		if digits++; n > 255 {
			return 0, false
		}
	}
	return addr<<8 | n, dots == 3 && digits > 0
}

// longestToken is the longest token that confirmName looks at.
const longestToken = 1024

// confirmName: a name at or below an indicator's, the host of something, or the
// anchor of a file name or path. [from, to) is without what may trail.
func (s *Searcher) confirmName(line []byte, from, to int) bool {
	end := to // with the hyphens that a name may well end in
	for end < len(line) && (line[end] == '-' || line[end] == '_') {
		end++
	}
	if end-from > longestToken {
		return true
	}
	mail := from > 0 && line[from-1] == '@'
	if s.confirmHost(line[from:to], mail) {
		return true
	}
	return end > to && s.confirmHost(line[from:end], mail)
}

func (s *Searcher) confirmHost(token []byte, mail bool) bool {
	s.fold = append(s.fold[:0], token...)
	for i, c := range s.fold {
		if c-'A' <= 'Z'-'A' {
			s.fold[i] = c | 0x20
		}
	}
	x, whole := s.x, string(s.fold)
	if x.uses(spaceFileName) && x.bloom.has(key{space: spaceAnchor, host: whole}.hash()) ||
		x.uses(spacePath) && x.bloom.has(xxh3.HashSeed(token, segmentSeed(0))) {
		return true
	}
	whole = strings.TrimLeft(whole, ".")
	if (x.uses(spaceURL) || x.uses(spaceAnyURL)) && x.bloom.has(key{space: spaceURLGate, host: whole}.hash()) {
		return true
	}
	if mail && x.bloom.has(key{space: spaceMailGate, host: whole}.hash()) {
		return true
	}
	for rest := whole; rest != ""; {
		if _, ok := x.find(key{space: spaceDomain, host: rest}); ok {
			return true
		}
		if x.uses(spaceDomainPort) && x.bloom.has(key{space: spacePortGate, host: rest}.hash()) {
			return true
		}
		_, rest, _ = strings.Cut(rest, ".")
	}
	return false
}
