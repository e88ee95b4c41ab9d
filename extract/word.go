package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// word is a run of letters and digits.
type word struct {
	from, to int
	joint    bool // what stands before it may be inside a name: one blank, a hyphen ...
}

// words cuts a text into words.
func words(s string) []word {
	out := make([]word, 0, len(s)/6)
	last := 0
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		if !inWord(r) {
			i += n
			continue
		}
		from := i
		for i < len(s) {
			r, n = rune(s[i]), 1
			if r >= utf8.RuneSelf {
				r, n = utf8.DecodeRuneInString(s[i:])
			}
			if !inWord(r) {
				break
			}
			i += n
		}
		out = append(out, word{from, i, len(out) > 0 && joins(s[last:from])})
		last = i
	}
	return out
}

func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// joins says whether what stands between two words may be inside a name.
func joins(gap string) bool {
	switch gap {
	case " ", "-", "_", ".", "'", "\n", "\u2019", "\u2010", "\u2011", "\u00a0", "/", " & ", "+":
		return true
	}
	return false
}

// hashWord continues the hash of a name with its next word, in lower case (FNV-1a).
func hashWord(h uint64, s string) uint64 {
	if h != 0 {
		h = (h ^ ' ') * prime
	} else {
		h = offset
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			return hashBytes(h, strings.ToLower(s[i:]))
		}
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		h = (h ^ uint64(c)) * prime
	}
	return h
}

func hashBytes(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * prime
	}
	return h
}

const (
	offset = 14695981039346656037
	prime  = 1099511628211
)

// hashName returns the hash of a whole name and how many words it has; 0 for one
// without any.
func hashName(s string) (hash uint64, n int) {
	for _, w := range words(s) {
		hash = hashWord(hash, s[w.from:w.to])
		n++
	}
	return hash, n
}
