package match

import (
	"bytes"
	"iter"
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
// with and without scheme, e-mail addresses, MD5, SHA-1, SHA-256 and SHA-512; before these names
// as Microsoft's DNS server writes them, (4)evil(3)com(0).
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
// path or query, also percent-encoded or wrapped by a mail gateway, and hashes there
// are emitted after it, as are hashes in names.
func Scan(line []byte, emit func(t indicator.Type, value string)) {
	s := scanner{line: unescape(line), emit: emit}
	if bytes.Contains(s.line, []byte("(0)")) {
		s.counted()
	}
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
			if end < len(s.line) && s.line[end] == '%' {
				end = s.encoded(i, end) // "http", and "%3A%2F%2F"
			}
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

// maxWasted is how many bytes of a line may be read in vain as URLs that overlap; from
// then on a URL is read to shortToken only.
const (
	maxWasted  = 1 << 20
	shortToken = 256
)

// maxTried bounds the percent-encoded URLs that are looked for in one line.
const maxTried = 256

type scanner struct {
	line []byte
	emit func(t indicator.Type, value string)

	resume int // where to go on after a word
	tried  int // percent-encoded URLs so far
	wasted int // bytes of what looked like URLs and were none
}

// run judges a word and returns where to go on.
func (s *scanner) run(from, to int) int {
	if from > 0 && s.line[from-1] == '#' {
		from = min(to-1, from+indicator.RelayedControl(s.line[from:to]))
	}
	if s.line[to-1] == ':' && twoSlashes(s.line[to:]) {
		if end := s.url(from, to); end > 0 {
			return end
		}
		if s.line[to] == '/' {
			return to
		}
	}
	if from >= 2 && s.line[from-1] == '%' && to-from >= 2 && isHexByte(s.line[from]) && isHexByte(s.line[from+1]) {
		from += indicator.EncodedDigits(s.line[from:to])
	}
	if to-from > maxToken {
		return to
	}
	if dashed(s.line[from:to]) {
		if v, _, end := indicator.DashedURL(string(s.line[from:to])); end > 0 {
			s.emit(indicator.URL, v)
			return to
		}
	}
	s.resume = to
	s.word(from, to)
	return s.resume
}

// twoSlashes says whether a text begins with two slashes, or backslashes, which a browser
// takes for them.
func twoSlashes(s []byte) bool {
	return len(s) > 1 && s[0] == s[1] && (s[0] == '/' || s[0] == '\\')
}

// url reads scheme://…, or http:\\…, where the word [from, to) ends in the scheme and its
// colon; 0 when it is none.
func (s *scanner) url(from, to int) int {
	start := to - 1
	for start > from && (isLetter(s.line[start-1]) || isDigit(s.line[start-1])) {
		start--
	}
	longest := maxToken
	if s.wasted > maxWasted {
		longest = shortToken
	}
	if to-start > longest {
		return 0
	}
	ends := &pathEnds
	if s.line[to] == '\\' {
		if scheme := string(s.line[start : to-1]); indicator.DefaultPort(strings.ToLower(scheme)) == 0 {
			return 0 // C:\\Windows
		}
		ends = &otherEnds
	}
	end := pathEnd(s.line[:min(len(s.line), start+longest+len("//"))], to+2, ends)
	raw := string(s.line[start:end])
	v, err := indicator.Canonical(indicator.URL, raw)
	if err != nil {
		s.wasted += len(raw)
		return 0
	}
	s.emit(indicator.URL, v)
	s.inside(raw)
	return end
}

// inside finds what a URL carries.
func (s *scanner) inside(raw string) {
	indicator.URLsInside(raw, s.emit)
	indicator.HashesInside(raw, s.emit)
}

// counted emits the names that have the length of each label before it.
func (s *scanner) counted() {
	for name := range countedNames(s.line) {
		if v, err := indicator.Canonical(indicator.Domain, name); err == nil && indicator.KnownTLD(v) {
			s.emit(indicator.Domain, v)
		}
	}
}

// countedNames are the names of a line that have the length of each label before it.
func countedNames(line []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := line; ; {
			i := bytes.IndexByte(rest, '(')
			if i < 0 {
				return
			}
			name, n := indicator.CountedName(rest[i:])
			if n > 0 && !yield(name) {
				return
			}
			rest = rest[i+max(n, 1):]
		}
	}
}

// encoded reads a percent-encoded URL where the word [from, to) is its scheme, and
// returns where to go on.
func (s *scanner) encoded(from, to int) int {
	if n, _ := indicator.EncodedSlashes(s.line[to:]); n == 0 || s.tried >= maxTried {
		return to
	}
	s.tried++
	v, start, end := indicator.EncodedURL(string(s.line[from:min(len(s.line), to+maxToken)]))
	if end == 0 || start > to-from {
		return to
	}
	s.emit(indicator.URL, v)
	indicator.HashesInside(v, s.emit)
	return from + end
}

// pathEnd returns where a URL that has begun ends: at a byte that cannot be in
// one, without the punctuation of the sentence around it.
func pathEnd(line []byte, i int, ends *[256]bool) int {
	for i < len(line) && !ends[line[i]] {
		i++
	}
	for i > 0 && strings.IndexByte(".,;:!?)]", line[i-1]) >= 0 {
		i--
	}
	return i
}

// pathEnds are the bytes that end a URL, otherEnds those that end one with backslashes.
var pathEnds, otherEnds = endsOf("\"'`<>\\|^{}"), endsOf("\"'`<>|^{}")

func endsOf(marks string) (ends [256]bool) {
	for c := range ends {
		ends[c] = c <= ' ' || c == 0x7f || strings.IndexByte(marks, byte(c)) >= 0
	}
	return ends
}
