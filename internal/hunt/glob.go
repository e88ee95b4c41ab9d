package hunt

import (
	"strings"
	"unicode"
)

// glob is a pattern in which * stands for any text, whatever the case of letters.
type glob struct {
	parts      []string // folded
	start, end bool     // the pattern begins, ends with *
}

func newGlob(pattern string) glob {
	g := glob{start: strings.HasPrefix(pattern, "*"), end: strings.HasSuffix(pattern, "*")}
	for p := range strings.SplitSeq(fold(pattern), "*") {
		if p != "" {
			g.parts = append(g.parts, p)
		}
	}
	return g
}

func (g *glob) match(s string) bool {
	s = fold(s)
	for i, p := range g.parts {
		first, last := i == 0 && !g.start, i == len(g.parts)-1 && !g.end
		switch {
		case first && last:
			return s == p
		case first:
			rest, ok := strings.CutPrefix(s, p)
			if !ok {
				return false
			}
			s = rest
		case last:
			return strings.HasSuffix(s, p)
		default:
			at := strings.Index(s, p)
			if at < 0 {
				return false
			}
			s = s[at+len(p):]
		}
	}
	return len(g.parts) > 0 || g.start || s == ""
}

// fold makes spellings that differ in case only alike. What is no ASCII never
// becomes ASCII: the Kelvin sign is no k.
func fold(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' || c >= 0x80 {
			return strings.Map(foldRune, s)
		}
	}
	return s
}

func foldRune(r rune) rune {
	if r < 0x80 {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}
	if l := unicode.ToLower(r); l >= 0x80 {
		return l
	}
	return r
}
