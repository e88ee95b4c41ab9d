package indicator

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// SuffixFile is what suffixes.bin should hold for these rules.
func SuffixFile(rules []string) string {
	bits := make([]byte, suffixBytes)
	for _, rule := range rules {
		kind := uint64(suffixRule)
		if rest, ok := strings.CutPrefix(rule, "*."); ok {
			rule, kind = rest, suffixWildcard
		} else if strings.IndexByte(rule, '.') < 0 || rule[0] == '!' {
			continue
		}
		for _, bit := range suffixBits(rule, kind) {
			bits[bit/8] |= 1 << (bit % 8)
		}
	}
	return publicsuffix.List.String() + "\n" + string(bits)
}

// Suffixes is suffixes.bin.
var Suffixes = suffixes

// MaySuffix is maySuffix.
var MaySuffix = maySuffix
