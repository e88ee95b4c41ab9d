package extract

import (
	"slices"
	"strings"
)

// featureBits is how many bits of a hash name a feature. With some ten thousand
// features known, one in four hundred words never seen takes the place of one.
const featureBits = 24

// longestFeatures bounds the words of a sentence that are looked at.
const longestFeatures = 200

// Features returns the features of a sentence for a technique model: its words
// without their endings, and each two that follow each other, as sorted numbers
// without repetition. Training and use share it.
func Features(sentence string) []uint32 {
	var out []uint32
	var last uint64
	for i, w := range words(sentence) {
		if i == longestFeatures {
			break
		}
		h := hashBytes(offset, stem(sentence[w.from:w.to]))
		out = append(out, fold(h))
		if last != 0 {
			out = append(out, fold(hashPair(last, h)))
		}
		last = h
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func hashPair(a, b uint64) uint64 {
	h := a
	for range 8 {
		h = (h ^ b&0xff) * prime
		b >>= 8
	}
	return h
}

func fold(h uint64) uint32 {
	return uint32((h ^ h>>featureBits ^ h>>(2*featureBits)) & (1<<featureBits - 1))
}

// stem takes the endings off an English word so that "downloads", "downloaded"
// and "downloading" are one, and makes all numbers one.
func stem(s string) string {
	s = strings.ToLower(s)
	if s[0] >= '0' && s[0] <= '9' && strings.Trim(s, "0123456789") == "" {
		return "0"
	}
	n := len(s)
	switch {
	case n > 5 && strings.HasSuffix(s, "ing"):
		s = undouble(s[:n-3])
	case n > 4 && strings.HasSuffix(s, "ied"), n > 4 && strings.HasSuffix(s, "ies"):
		s = s[:n-3] + "y"
	case n > 4 && strings.HasSuffix(s, "ed"):
		s = undouble(s[:n-2])
	case n > 4 && strings.HasSuffix(s, "es"):
		s = s[:n-2]
	case n > 3 && strings.HasSuffix(s, "s") && s[n-2] != 's':
		s = s[:n-1]
	}
	if len(s) > 3 {
		s = strings.TrimSuffix(s, "e")
	}
	return s
}

func undouble(s string) string {
	n := len(s)
	if n > 3 && s[n-1] == s[n-2] && s[n-1] != 's' && s[n-1] != 'l' {
		return s[:n-1]
	}
	return s
}
