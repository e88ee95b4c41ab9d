package match

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/zeebo/xxh3"
)

// A gate is the hash of the last labels of a name, without regard to case nor to
// hyphens, underscores and dots at its end. Every name in the index has its gate
// in the filter, so that most names cost one probe, not one a label.
//
// It is of two labels, and of three for a name under what looks like co.uk or
// com.br, since in every set of indicators somebody is below that. A short name
// like ab.ru has that look as well: a name below such a pair has two gates.

// gates returns where the last two labels of a name begin, its end without what
// may trail, and where the last three begin when these count too, else -1.
func gates[T string | []byte](name T) (two, three, end int) {
	_, two, three, end = labels(name)
	return two, three, end
}

// labels returns where the last label of a name begins too.
func labels[T string | []byte](name T) (tld, two, three, end int) {
	end = len(name)
	for end > 0 && trailing(name[end-1]) {
		end--
	}
	tld = labelAt(name, end)
	two = labelAt(name, tld-1)
	if two > 0 && end-tld == 2 && tld-1-two <= 3 {
		return tld, two, labelAt(name, two-1), end
	}
	return tld, two, -1, end
}

// labelAt returns where the label that ends at end begins.
func labelAt[T string | []byte](name T, end int) int {
	for ; end >= 8; end -= 8 {
		if dots := dotsIn(name[end-8 : end]); dots != 0 {
			return end - bits.LeadingZeros64(dots)/8
		}
	}
	for end > 0 && name[end-1] != '.' {
		end--
	}
	return max(end, 0)
}

// dotsIn sets the highest bit of each of eight bytes that is a dot.
func dotsIn[T string | []byte](s T) uint64 {
	var b [8]byte
	copy(b[:], s[:8])
	w := binary.LittleEndian.Uint64(b[:])
	return equals(w&^tops, '.') &^ w & tops
}

// mayHold asks the filter for the gates of a name.
func (x *Index) mayHold(name string) bool {
	two, three, end := gates(name)
	return x.bloom.has(foldHash(name[two:end])) || three >= 0 && x.bloom.has(foldHash(name[three:end]))
}

func trailing(c byte) bool { return c == '.' || c == '-' || c == '_' }

// foldHash hashes ASCII letters without regard to case (and some punctuation
// alike: it is for the filter, where a collision costs time only). What is longer
// than eight bytes is read in eights of which the last two may overlap.
func foldHash[T string | []byte](s T) uint64 {
	const k1, k2 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	h, n := uint64(len(s))*k1, len(s)
	if n < 8 {
		return mix(h^foldShort(s), k1)
	}
	for i := 0; i < n-8; i += 8 {
		h = mix(h^fold8(s[i:]), k2)
	}
	return mix(h^fold8(s[n-8:]), k1)
}

func fold8[T string | []byte](s T) uint64 {
	var b [8]byte
	copy(b[:], s[:8])
	return binary.LittleEndian.Uint64(b[:]) | 0x2020202020202020
}

// foldShort packs less than eight bytes into a word.
func foldShort[T string | []byte](s T) (w uint64) {
	if n := len(s); n >= 4 {
		var b [8]byte
		copy(b[:4], s[:4])
		copy(b[4:], s[n-4:])
		return binary.LittleEndian.Uint64(b[:]) | 0x2020202020202020
	}
	for i := range len(s) {
		w |= uint64(s[i]|0x20) << (8 * i)
	}
	return w
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo ^ a>>32
}

// host notes the host of something, whatever kind of host it is.
func (b *Builder) host(s space, host string) {
	switch {
	case strings.IndexByte(host, ':') >= 0:
		b.addHost6(host)
	case isDotted(host):
		b.addHost(host)
		b.gate(hostHash(spaceIPv4, host))
	default:
		b.nameGate(s, host)
	}
}

// unbracketed takes the brackets off an IPv6 address.
func unbracketed(host string) string {
	if host == "" || host[0] != '[' && host[len(host)-1] != ']' {
		return host
	}
	return strings.Trim(host, "[]")
}

// nameGate: a name without a dot inside is none that a Searcher looks at.
func (b *Builder) nameGate(s space, name string) {
	tld, two, three, end := labels(name)
	if tld <= 1 {
		b.unseen |= 1 << s
	}
	b.spaces |= 1 << spaceGate
	if tld < end && isDigit(name[tld]) {
		b.spaces |= 1 << spaceDigitLabel
	}
	if three >= 0 {
		two = three
	}
	b.gate(foldHash(name[two:end]))
}

// gate notes a hash for the filter; feeds name the hosts of one domain together.
func (b *Builder) gate(h uint64) {
	if h != b.lastGate {
		b.lastGate = h
		b.gates[h>>(64-partBits)].add(h)
	}
}

// unseenSpaces are those of which a Searcher cannot see what they hold.
const unseenSpaces = 1<<spaceCertSHA1 | 1<<spaceCertSHA256 | 1<<spaceJA4 | 1<<spaceASN | 1<<spaceMAC | 1<<spaceUserAccount |
	1<<spaceMutex | 1<<spaceRegistryKey | 1<<spaceUserAgent | 1<<spaceVulnerability | 1<<spacePattern

// maxAnchored is the longest value that has an anchor: a longer one may be cut
// where it is read.
const maxAnchored = 1024

// anchor notes the part of a file name or path by which a Searcher recognises
// it: a stretch of letters, digits, hyphens, underscores and dots, with a dot
// inside, that stands as a token of its own wherever the value does.
func (b *Builder) anchor(s space, value string) {
	if len(value) <= maxAnchored {
		for rest := value; rest != ""; {
			var token string
			token, rest = nextToken(rest)
			name := strings.TrimRight(token, ".-_")
			if i := strings.LastIndexByte(name, '.'); i > 0 && name[i-1] != '.' {
				b.nameGate(s, name)
				if s == spaceFileName { // the case of a path counts
					b.gate(hostHash(spaceAnchor, strings.ToLower(name)))
				} else {
					b.gate(xxh3.HashStringSeed(name, segmentSeed(0)))
				}
				return
			}
		}
		if s == spacePath && b.segment(value) {
			return
		}
	}
	b.unseen |= 1 << s
}

// segment notes a part of a path without a name in it: the longest token behind a
// slash, else one behind another mark. What consists of letters of another script
// is known by these alone.
func (b *Builder) segment(value string) bool {
	var longest string
	var mark byte
	foreign := false
	for i := 1; i < len(value); i++ {
		c := value[i-1]
		if c == '%' {
			foreign = foreign || value[i] >= '8'
			i += 2
			continue
		}
		if tokens[c] != 0 || tokens[value[i]] == 0 || c >= utf8.RuneSelf {
			continue
		}
		token := leadingToken(value[i:])
		if c == '/' && mark != '/' && token != "" || len(token) > len(longest) && (c == '/' || mark != '/') {
			longest, mark = token, c
		}
	}
	switch {
	case longest != "":
		b.marks[mark/64] |= 1 << (mark % 64)
		if mark == '/' { // a backslash stands for the first slash of a path too
			b.marks['\\'/64] |= 1 << ('\\' % 64)
		}
		b.gate(xxh3.HashStringSeed(longest, segmentSeed(mark)))
	case foreign:
		b.spaces |= 1 << spaceForeign
	default:
		return false
	}
	return true
}

// segmentSeed is the seed for a token behind a mark; 0 for one that is a name.
func segmentSeed(mark byte) uint64 {
	if mark == '\\' {
		mark = '/'
	}
	return uint64(spaceSegment) + uint64(mark)<<8
}

func leadingToken(s string) string {
	n := 0
	for n < len(s) && tokens[s[n]] != 0 {
		n++
	}
	return strings.TrimRight(s[:n], ".-_")
}

// nextToken cuts the first token off; the two digits of a percent-encoding
// belong to none.
func nextToken(s string) (token, rest string) {
	i := 0
	for i < len(s) && tokens[s[i]] == 0 {
		i++
		if s[i-1] == '%' && i+1 < len(s) && isHexByte(s[i]) && isHexByte(s[i+1]) {
			i += 2
		}
	}
	end := i
	for end < len(s) && tokens[s[end]] != 0 {
		end++
	}
	return s[i:end], s[end:]
}
