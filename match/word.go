package match

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/indicator"
)

// word judges [from, to) as a whole, then in parts.
func (s *scanner) word(from, to int) {
	for from < to && strings.IndexByte(".-:@+", s.line[from]) >= 0 && !bytes.HasPrefix(s.line[from:to], []byte("::")) {
		from++
	}
	for from < to && strings.IndexByte(".-_:@+", s.line[to-1]) >= 0 && !bytes.HasSuffix(s.line[from:to], []byte("::")) {
		to--
	}
	w := s.line[from:to]
	if len(w) < 4 || len(w) < shortestHash && !signs(w) {
		return
	}
	known := s.one(from, to)
	if len(w) > shortestHash && bytes.ContainsAny(w, "._") && (known || !bytes.ContainsAny(w, "@+:-")) { // else its parts are words
		indicator.HashesInside(string(w), s.emit)
	}
	if known {
		return
	}
	for _, separator := range []byte("@+:-") {
		if i := bytes.IndexByte(w, separator); i >= 0 {
			s.word(from, from+i)
			s.word(from+i+1, to)
			return
		}
	}
	if i, n := foreign(w); n > 0 {
		s.word(from, from+i)
		s.word(from+i+n, to)
	}
}

func signs(w []byte) bool {
	colons := 0
	for _, c := range w {
		switch c {
		case '.', '@':
			return true
		case ':':
			colons++
		}
	}
	return colons > 1
}

// foreign returns the first stretch of non-ASCII bytes.
func foreign(w []byte) (at, n int) {
	for at < len(w) && w[at] < utf8.RuneSelf {
		at++
	}
	for at+n < len(w) && w[at+n] >= utf8.RuneSelf {
		n++
	}
	return at, n
}

// one judges a word that is one thing.
func (s *scanner) one(from, to int) bool {
	w := s.line[from:to]
	if len(w) > longestHost {
		return false
	}
	colons, dots := bytes.Count(w, []byte(":")), bytes.Count(w, []byte("."))
	switch {
	case bytes.IndexByte(w, '@') >= 0:
		return s.email(w)
	case colons >= 2:
		return s.ipv6(w)
	case dots == 0:
		return colons == 0 && s.digest(w)
	case colons == 1:
		return s.hostPort(w)
	case dots == 3 && onlyDigitsAndDots(w):
		return s.ipv4(from, to)
	}
	return s.name(from, to)
}

func (s *scanner) email(w []byte) bool {
	v, err := indicator.Canonical(indicator.Email, string(w))
	if err != nil || !indicator.KnownTLD(v[strings.LastIndexByte(v, '@')+1:]) {
		return false
	}
	s.emit(indicator.Email, v)
	return true
}

func (s *scanner) ipv6(w []byte) bool {
	if len(w) > 45 {
		return false
	}
	a, err := netip.ParseAddr(string(w))
	if err != nil || a.IsUnspecified() {
		return false
	}
	a = a.Unmap()
	if a.Is4() {
		s.emit(indicator.IPv4, a.String())
		return true
	}
	s.emit(indicator.IPv6, a.String())
	return true
}

// digest: a hash of one of the usual lengths. Digits alone are a number.
func (s *scanner) digest(w []byte) bool {
	var t indicator.Type
	switch len(w) {
	case 32:
		t = indicator.MD5
	case 40:
		t = indicator.SHA1
	case 64:
		t = indicator.SHA256
	case 128:
		t = indicator.SHA512
	default:
		return false
	}
	letters := false
	for _, c := range w {
		if !isHexByte(c) {
			return false
		}
		letters = letters || !isDigit(c)
	}
	if letters {
		s.emit(t, strings.ToLower(string(w)))
	}
	return letters
}

func (s *scanner) hostPort(w []byte) bool {
	i := bytes.IndexByte(w, ':')
	if len(w)-i > 6 || !onlyDigits(w[i+1:]) {
		return false
	}
	t, v, err := indicator.Detect(string(w))
	if err != nil || t == indicator.DomainPort && !indicator.KnownTLD(v[:strings.LastIndexByte(v, ':')]) {
		return false
	}
	s.emit(t, v)
	return true
}

// ipv4 emits a dotted quad with what follows it: a prefix length, a port after a
// slash, or a path.
func (s *scanner) ipv4(from, to int) bool {
	w := string(s.line[from:to])
	a, err := netip.ParseAddr(w)
	if err != nil {
		return true // 300.1.1.1 is no name either
	}
	if s.isVersion(from, to) {
		return true
	}
	digits := 0
	if to < len(s.line) && s.line[to] == '/' {
		for digits < 6 && to+1+digits < len(s.line) && isDigit(s.line[to+1+digits]) {
			digits++
		}
	}
	after := to + 1 + digits
	if digits > 0 && (after == len(s.line) || classes[s.line[after]] == 0 && s.line[after] != '/' && s.line[after] != '?') {
		n, _ := strconv.Atoi(string(s.line[to+1 : after]))
		switch p := netip.PrefixFrom(a, n); {
		case n > 32 && n < 1<<16:
			s.emit(indicator.IPv4Port, a.String()+":"+strconv.Itoa(n))
			return true
		case n > 0 && n < 32 && p == p.Masked():
			s.emit(indicator.IPv4, p.String())
			return true
		}
		s.emit(indicator.IPv4, a.String())
		return true
	}
	if s.withPath(from, to) {
		return true
	}
	s.emit(indicator.IPv4, a.String())
	return true
}

// isVersion: "Chrome/120.0.0.0".
func (s *scanner) isVersion(from, to int) bool {
	return from >= 2 && s.line[from-1] == '/' && isLetter(s.line[from-2]) && bytes.HasSuffix(s.line[from:to], []byte(".0"))
}

func (s *scanner) name(from, to int) bool {
	v, err := indicator.Canonical(indicator.Domain, string(s.line[from:to]))
	if err != nil || !indicator.KnownTLD(v) {
		return false
	}
	if s.isKey(to) {
		return true
	}
	if fileEndings[v[strings.LastIndexByte(v, '.')+1:]] && !s.meansHost(from, v) {
		return true
	}
	if s.withPath(from, to) {
		return true
	}
	s.emit(indicator.Domain, v)
	return true
}

// withPath emits a host that a path follows, and nothing stands before, as a URL
// without scheme.
func (s *scanner) withPath(from, to int) bool {
	if !s.atPath(to) || from > 0 && (s.line[from-1] == '/' || s.line[from-1] == '\\') {
		return false
	}
	end := min(pathEnd(s.line, to, &pathEnds), from+maxToken)
	v, err := indicator.Canonical(indicator.URL, string(s.line[from:end]))
	if err != nil {
		return false
	}
	s.resume = end
	s.emit(indicator.URL, v)
	s.inside(string(s.line[to:end]))
	return true
}

func (s *scanner) atPath(to int) bool {
	return to+1 < len(s.line) && s.line[to] == '/' && s.line[to+1] > ' ' && strings.IndexByte("\"'`<>\\|^{}/", s.line[to+1]) < 0
}
