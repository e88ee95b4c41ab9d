package match

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/vedette-soc/vedette/indicator"
)

// digests looks at every 32nd byte: a hash has one of them in it.
func (s *Searcher) digests() {
	line := s.line
	for i := 0; i < len(line); i += shortestHash {
		const half = shortestHash / 2
		if i >= half && i+half < len(line) {
			b := line[i-half : i+half+1]
			if hexes[b[16]]&(hexes[b[0]]&hexes[b[4]]&hexes[b[8]]&hexes[b[12]]|hexes[b[20]]&hexes[b[24]]&hexes[b[28]]&hexes[b[32]]) == 0 {
				continue // neither half of it is here
			}
		} else if hexes[line[i]] == 0 {
			continue
		}
		from, to := i, i+1
		for from > 0 && hexes[line[from-1]] != 0 {
			from--
		}
		for to < len(line) && hexes[line[to]] != 0 {
			to++
		}
		if to-from < shortestHash {
			continue
		}
		s.digest(from, to)
		if from > 0 && line[from-1] == '\\' {
			s.digest(from+1, to) // the letter of \b or \f
		}
		if from > 0 && line[from-1] == '%' {
			s.digest(from+2, to)
		}
		i = (to - 1) / shortestHash * shortestHash
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

// colons goes from colon to colon and looks for IPv6 addresses.
func (s *Searcher) colons() {
	line := s.line
	for i := 0; i < len(line); {
		c := bytes.IndexByte(line[i:], ':')
		if c < 0 {
			return
		}
		from, to := i+c, i+c+1
		for from > 0 && partOf6(line[from-1]) {
			from--
		}
		for to < len(line) && partOf6(line[to]) {
			to++
		}
		i = to
		if n := bytes.Count(line[from:to], []byte(":")); n >= 6 || n >= 2 && bytes.Contains(line[from:to], []byte("::")) {
			s.address6(from, to, n)
		}
	}
}

func partOf6(c byte) bool { return isHexByte(c) || c == ':' || c == '.' }

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
			if end-start < 2 || end-start > 45 {
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
func defanged(line []byte) bool {
	return bracketed(line, '[', "./:@dDaA") || bracketed(line, '(', ".:@dDaA") || bracketed(line, '{', ".@dDaA")
}

func bracketed(line []byte, open byte, next string) bool {
	for {
		i := bytes.IndexByte(line, open)
		if i < 0 || i+2 >= len(line) {
			return false
		}
		line = line[i+1:]
		c := line[0]
		if c == '"' || c != '\\' && strings.IndexByte(next, c) < 0 {
			continue
		}
		inner := bytes.TrimLeft(line[:min(len(line), 24)], `\`)
		if bytes.HasPrefix(inner, []byte(".")) && open == '[' {
			return true
		}
		inner = bytes.ReplaceAll(inner, []byte(`\`), nil)
		for _, sign := range signsOf {
			if bytes.HasPrefix(inner, []byte(sign)) {
				return true
			}
		}
	}
}

// signsOf are what may stand behind the opening bracket.
var signsOf = [...]string{
	".]", ".)", ".}", "/]", ":]", ":)", "://]", "@]", "@)", "@}",
	"dot]", "dot)", "dot}", "DOT]", "DOT)", "DOT}", "at]", "at)", "at}", "AT]", "AT)", "AT}",
}
