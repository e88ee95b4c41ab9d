package sigma

import (
	"math"
	"regexp/syntax"
	"unicode/utf8"
)

// maxRequired bounds the texts of which one must be in a value.
const maxRequired = 24

// required returns folded texts of which every text that re matches has one; nil
// when there are none to be had. Rare ones are preferred.
func required(re *syntax.Regexp) [][]byte {
	set := requiredOf(re.Simplify())
	if least(set) < 1 {
		return nil
	}
	out := make([][]byte, len(set))
	for i, s := range set {
		out[i] = []byte(s)
	}
	return out
}

// least is the rarity of the commonest text, 0 for none.
func least(set []string) float64 {
	if len(set) == 0 {
		return 0
	}
	n := math.Inf(1)
	for _, s := range set {
		if s == "" {
			return 0
		}
		n = min(n, rarity(s))
	}
	return n - math.Log2(float64(len(set)))
}

func better(a, b []string) []string {
	if least(b) > least(a) {
		return b
	}
	return a
}

func requiredOf(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{foldRunes(re.Rune)}
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return nil
	case syntax.OpCapture, syntax.OpPlus:
		return requiredOf(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return requiredOf(re.Sub[0])
		}
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			set := requiredOf(sub)
			if len(set) == 0 || len(out)+len(set) > maxRequired {
				return nil
			}
			out = append(out, set...)
		}
		return out
	case syntax.OpConcat:
		return requiredOfConcat(re.Sub)
	}
	return nil
}

// requiredOfConcat joins neighbouring literals, and letters in either case, to
// longer ones.
func requiredOfConcat(subs []*syntax.Regexp) []string {
	var best []string
	run := ""
	for _, sub := range subs {
		if s, ok := oneText(sub); ok {
			run += s
			continue
		}
		best = better(best, []string{run})
		run = ""
		best = better(best, requiredOf(sub))
	}
	best = better(best, []string{run})
	if least(best) <= 0 {
		return nil
	}
	return best
}

// oneText returns the text that is all a part can match once letter case is
// gone: a literal, or a class such as [Ee].
func oneText(re *syntax.Regexp) (string, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		return foldRunes(re.Rune), true
	case syntax.OpEmptyMatch:
		return "", true
	case syntax.OpCapture:
		return oneText(re.Sub[0])
	case syntax.OpCharClass:
		one := rune(-1)
		for i := 0; i+1 < len(re.Rune); i += 2 {
			if re.Rune[i+1]-re.Rune[i] > 4 {
				return "", false
			}
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				f := foldRune(r)
				if one >= 0 && f != one {
					return "", false
				}
				one = f
			}
		}
		if one >= 0 {
			return string(one), true
		}
	}
	return "", false
}

func foldRunes(rs []rune) string {
	var b []byte
	for _, r := range rs {
		b = utf8.AppendRune(b, foldRune(r))
	}
	return string(b)
}
