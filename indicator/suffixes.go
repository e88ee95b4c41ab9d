package indicator

import (
	_ "embed"
	"encoding/binary"
	"math/bits"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// suffixes holds three bits of one of suffixWords numbers for each rule of the
// Public Suffix List that has a dot, under the version of the list and a line feed:
// most names are told from a public suffix without walking the list, which costs
// many times as much. TestSuffixes makes the file.
//
//go:embed suffixes.bin
var suffixes string

const suffixWords = 1 << 11

// suffixFilter is the numbers of suffixes, empty when golang.org/x/net carries
// another version of the list than these were made of: then all names walk the list.
var suffixFilter = func() (f []uint64) {
	version, words, _ := strings.Cut(suffixes, "\n")
	if version != publicsuffix.List.String() || len(words) != 8*suffixWords {
		return nil
	}
	for ; words != ""; words = words[8:] {
		f = append(f, eight(words))
	}
	return f
}()

// A rule *.ck counts as one of its own kind for ck.
const (
	suffixRule uint64 = iota
	suffixWildcard
)

// maySuffix is false only when no rule makes the whole name, whose first dot is at
// dot, a public suffix: none is the name, and none is a wildcard for what follows
// its first label.
func maySuffix(name string, dot int) bool {
	if len(suffixFilter) != suffixWords {
		return true
	}
	i, rule := suffixBits(name, suffixRule)
	j, wildcard := suffixBits(name[dot+1:], suffixWildcard)
	return suffixFilter[i]&rule == rule || suffixFilter[j]&wildcard == wildcard
}

// suffixBits returns which number has the bits of a rule, and the bits. It looks at
// the rule's length and ends only: what else has these is rare, and walks the list.
func suffixBits(rule string, kind uint64) (word int, mask uint64) {
	var first, last uint64
	switch n := len(rule); {
	case n >= 8:
		first, last = eight(rule), eight(rule[n-8:])
	case n >= 4:
		first, last = four(rule), four(rule[n-4:])
	case n > 0:
		first, last = uint64(rule[0])<<8|uint64(rule[n-1]), uint64(rule[n/2])
	}
	hi, lo := bits.Mul64(first^0x9e3779b97f4a7c15+uint64(len(rule)), last^0xd6e8feb86659fd93-kind)
	h := hi ^ lo
	return int(h >> 53), 1<<(h&63) | 1<<(h>>6&63) | 1<<(h>>12&63)
}

func eight(s string) uint64 {
	var b [8]byte
	copy(b[:], s[:8])
	return binary.LittleEndian.Uint64(b[:])
}

func four(s string) uint64 {
	var b [4]byte
	copy(b[:], s[:4])
	return uint64(binary.LittleEndian.Uint32(b[:]))
}
