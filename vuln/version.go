package vuln

import (
	"cmp"
	"strings"
)

// maxVersion bounds the spelling of a version.
const maxVersion = 128

// CompareVersions orders two versions by their numbers and words; ok is false for what
// has no order: a commit, a word, nothing.
func CompareVersions(a, b string) (order int, ok bool) {
	x, okA := parts(a)
	y, okB := parts(b)
	if !okA || !okB {
		return 0, false
	}
	for i := range max(len(x), len(y)) {
		if c := at(x, i).compare(at(y, i)); c != 0 {
			return c, true
		}
	}
	return 0, true
}

// part of a version: a number, or a word.
type part struct {
	number string // without leading zeros
	word   string
}

// early are words that stand before the version itself.
var early = map[string]bool{"a": false, "alpha": true, "b": false, "beta": true, "rc": true, "pre": true, "preview": true, "dev": true, "snapshot": true, "m": false}

func (p part) class() int {
	switch {
	case p.word == "":
		return 1 // number; a missing one is 0
	case early[p.word]:
		return 0
	}
	return 2
}

func (p part) compare(q part) int {
	if p.word == "" && q.word == "" {
		return cmp.Or(cmp.Compare(len(p.number), len(q.number)), strings.Compare(p.number, q.number))
	}
	if p.class() != q.class() {
		return cmp.Compare(p.class(), q.class())
	}
	return strings.Compare(p.word, q.word)
}

func at(list []part, i int) part {
	if i < len(list) {
		return list[i]
	}
	return part{}
}

// parts splits "v10.0.2k-rc1+build" into numbers and words. It must begin with a
// number; what follows a plus or a blank is of the build.
func parts(s string) ([]part, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimPrefix(s, "v")
	if i := strings.IndexAny(s, "+ "); i >= 0 {
		s = s[:i]
	}
	if s == "" || len(s) > maxVersion || s[0] < '0' || s[0] > '9' {
		return nil, false
	}
	var out []part
	for i := 0; i < len(s); {
		j := i
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			for j < len(s) && s[j] >= '0' && s[j] <= '9' {
				j++
			}
			out = append(out, part{number: strings.TrimLeft(s[i:j], "0")})
		case c >= 'a' && c <= 'z':
			for j < len(s) && s[j] >= 'a' && s[j] <= 'z' {
				j++
			}
			out = append(out, part{word: s[i:j]})
		default:
			j++
		}
		i = j
	}
	return out, true
}
