package indicator

import (
	_ "embed"
	"strings"

	"github.com/zeebo/xxh3"
	"golang.org/x/net/publicsuffix"
)

// suffixes holds three bits of 2^17 for each rule of the Public Suffix List that
// has a dot, under the version of the list and a line feed: most names are told
// from a public suffix without walking the list, which costs several times as much.
// TestSuffixes makes the file.
//
//go:embed suffixes.bin
var suffixes string

const suffixBytes = 1 << 17 / 8

// suffixFilter is the bits of suffixes, "" when golang.org/x/net carries another
// version of the list than these were made of: then all names walk the list.
var suffixFilter = func() string {
	version, bits, _ := strings.Cut(suffixes, "\n")
	if version != publicsuffix.List.String() || len(bits) != suffixBytes {
		return ""
	}
	return bits
}()

// A rule *.ck counts as one of its own kind for ck.
const (
	suffixRule = iota
	suffixWildcard
)

// maySuffix is false only when no rule makes the whole name a public suffix: none
// is the name, and none is a wildcard for what follows its first label.
func maySuffix(name string) bool {
	dot := strings.IndexByte(name, '.')
	return suffixFilter == "" || inSuffixes(name, suffixRule) || inSuffixes(name[dot+1:], suffixWildcard)
}

func inSuffixes(rule string, kind uint64) bool {
	for _, bit := range suffixBits(rule, kind) {
		if suffixFilter[bit/8]>>(bit%8)&1 == 0 {
			return false
		}
	}
	return true
}

func suffixBits(rule string, kind uint64) [3]uint64 {
	const mask = suffixBytes*8 - 1
	h := xxh3.HashStringSeed(rule, kind)
	return [...]uint64{h & mask, h >> 17 & mask, h >> 34 & mask}
}
