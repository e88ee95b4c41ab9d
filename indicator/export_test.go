package indicator

import (
	"encoding/binary"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// SuffixFile is what suffixes.bin should hold for these rules.
func SuffixFile(rules []string) string {
	words := make([]uint64, suffixWords)
	for _, rule := range rules {
		kind := suffixRule
		if rest, ok := strings.CutPrefix(rule, "*."); ok {
			rule, kind = rest, suffixWildcard
		} else if strings.IndexByte(rule, '.') < 0 || rule[0] == '!' {
			continue
		}
		word, mask := suffixBits(rule, kind)
		words[word] |= mask
	}
	file := []byte(publicsuffix.List.String() + "\n")
	for _, w := range words {
		file = binary.LittleEndian.AppendUint64(file, w)
	}
	return string(file)
}

// Suffixes is suffixes.bin.
var Suffixes = suffixes

// MaySuffix is maySuffix.
func MaySuffix(name string) bool { return maySuffix(name, strings.IndexByte(name, '.')) }
