package match

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/indicator"
)

// maxToken bounds one word of a line; longer ones are data, not observables,
// except that the URL at the start of one is still read to this length.
const maxToken = 4096

// Scan finds observables in a line of unknown form (JSON, key=value, syslog,
// CSV, prose) and passes each with its canonical value to emit, in order, as
// often as it is there: addresses with or without port, networks, names, URLs
// with and without scheme, e-mail addresses, MD5, SHA-1, SHA-256 and SHA-512.
//
// It takes whole words only, so 1.2.3.4 is not found in 11.2.3.45 nor in
// 1.2.3.4.5. JSON escapes (\/, \u002e) are undone first, also those of JSON inside
// JSON. A name needs a top-level domain of the Public Suffix List; one that is
// also the ending of files (.zip, .sh, .pl, see fileEndings) needs a reason to be
// a host: three labels, a port, or a key before it that speaks of hosts or names
// ("hostname":"…", query=…). What a field is called ("host.name":, user.id=) is
// no observable. A dotted quad is a version, not an address, when it follows a
// word and a slash and ends in .0 (Chrome/120.0.0.0); after an address, /24 with
// clear host bits is a network, /443 a port (as Cisco writes it).
//
// A URL is emitted alone: its host is found by [Index.Lookup]. URLs inside its
// path or query are emitted after it.
func Scan(line []byte, emit func(t indicator.Type, value string)) {
	s := scanner{line: unescape(line), emit: emit}
	for i := 0; i < len(s.line); {
		if classes[s.line[i]] == 0 {
			i++
			continue
		}
		end, has := i, uint8(0)
		for end < len(s.line) && classes[s.line[end]] != 0 {
			has |= classes[s.line[end]]
			end++
		}
		if has == wordByte && end-i < shortestHash {
			i = end // most words: no dot, colon or at sign in them
			continue
		}
		i = s.run(i, end)
	}
}

const (
	wordByte     = 1 // may stand in a word
	signByte     = 2 // and makes it worth a look
	shortestHash = 32
	longestHost  = 64 + len("@") + 253 // of an e-mail address
)

// classes marks the bytes a word may have.
var classes = func() (c [256]uint8) {
	for i := range c {
		b := byte(i)
		switch {
		case strings.IndexByte(".:@", b) >= 0:
			c[i] = wordByte | signByte
		case isDigit(b), isLetter(b), b >= utf8.RuneSelf, strings.IndexByte("-_+", b) >= 0:
			c[i] = wordByte
		}
	}
	return c
}()

type scanner struct {
	line []byte
	emit func(t indicator.Type, value string)

	resume int // where to go on after a word
}

// run judges a word and returns where to go on.
func (s *scanner) run(from, to int) int {
	if s.line[to-1] == ':' && bytes.HasPrefix(s.line[to:], []byte("//")) {
		if end := s.url(from, to); end > 0 {
			return end
		}
		return to
	}
	if from >= 2 && s.line[from-1] == '%' && to-from >= 2 && isHexByte(s.line[from]) && isHexByte(s.line[from+1]) {
		from += 2 // the digits of a percent-encoding
	}
	if to-from > maxToken {
		return to
	}
	s.resume = to
	s.word(from, to)
	return s.resume
}

// url reads scheme://… where the word [from, to) ends in the scheme and its
// colon; 0 when it is none.
func (s *scanner) url(from, to int) int {
	start := to - 1
	for start > from && (isLetter(s.line[start-1]) || isDigit(s.line[start-1])) {
		start--
	}
	end := min(pathEnd(s.line, to+2), start+maxToken)
	raw := string(s.line[start:end])
	v, err := indicator.Canonical(indicator.URL, raw)
	if err != nil {
		return 0
	}
	s.emit(indicator.URL, v)
	if i := strings.LastIndex(raw, "://"); i > to-start {
		inner := scanner{line: []byte(raw[to-start+2:]), emit: s.emit}
		inner.innerURLs()
	}
	return end
}

// innerURLs finds the URLs in the rest of a URL.
func (s *scanner) innerURLs() {
	i := bytes.Index(s.line, []byte("://"))
	if i < 0 {
		return
	}
	start := i
	for start > 0 && isLetter(s.line[start-1]) {
		start--
	}
	if s.url(start, i+1) == 0 {
		s.line = s.line[i+3:]
		s.innerURLs()
	}
}

// pathEnd returns where a URL that has begun ends: at a byte that cannot be in
// one, without the punctuation of the sentence around it.
func pathEnd(line []byte, i int) int {
	for i < len(line) && line[i] > ' ' && line[i] != 0x7f && strings.IndexByte("\"'`<>\\|^{}", line[i]) < 0 {
		i++
	}
	for i > 0 && strings.IndexByte(".,;:!?)]", line[i-1]) >= 0 {
		i--
	}
	return i
}

// word judges [from, to) as a whole, then in parts.
func (s *scanner) word(from, to int) {
	for from < to && strings.IndexByte(".-:@+", s.line[from]) >= 0 && !bytes.HasPrefix(s.line[from:to], []byte("::")) {
		from++
	}
	for from < to && strings.IndexByte(".-_:@+", s.line[to-1]) >= 0 && !bytes.HasSuffix(s.line[from:to], []byte("::")) {
		to--
	}
	w := s.line[from:to]
	if len(w) < 4 || len(w) < shortestHash && !signs(w) || s.one(from, to) {
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
	end := min(pathEnd(s.line, to), from+maxToken)
	v, err := indicator.Canonical(indicator.URL, string(s.line[from:end]))
	if err != nil {
		return false
	}
	s.resume = end
	s.emit(indicator.URL, v)
	return true
}

func (s *scanner) atPath(to int) bool {
	return to+1 < len(s.line) && s.line[to] == '/' && s.line[to+1] > ' ' && strings.IndexByte("\"'`<>\\|^{}/", s.line[to+1]) < 0
}
