package pattern

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/stix"
)

// need is what must be in an event for an expression to hold: one of texts, their
// letters small. Without texts nothing is known; never says that no event can hold it.
type need struct {
	texts []string
	never bool
}

// maxTexts bounds the alternatives of one expression.
const maxTexts = 4096

// usable reports whether the need can be looked for.
func (n need) usable() bool {
	for _, t := range n.texts {
		if len(t) < leastText {
			return false
		}
	}
	return len(n.texts) > 0 && len(n.texts) <= maxTexts
}

// better reports whether n tells more than m.
func (n need) better(m need) bool {
	if n.never || m.never {
		return n.never
	}
	if n.usable() != m.usable() {
		return n.usable()
	}
	return shortest(n.texts) > shortest(m.texts)
}

func shortest(texts []string) int {
	least := 0
	for i, t := range texts {
		if i == 0 || len(t) < least {
			least = len(t)
		}
	}
	return least
}

func needOf(x stix.Expr) need {
	switch x := x.(type) {
	case stix.Comparison:
		return needOfComparison(x)
	case stix.Logic:
		if x.Op == stix.And {
			best := needOf(x.Terms[0])
			for _, t := range x.Terms[1:] {
				if n := needOf(t); n.better(best) {
					best = n
				}
			}
			return best
		}
		all := need{never: true}
		for _, t := range x.Terms {
			n := needOf(t)
			switch {
			case n.never:
			case len(n.texts) == 0:
				return need{}
			default:
				all = need{texts: append(all.texts, n.texts...)}
			}
		}
		return all
	}
	return need{}
}

func needOfComparison(c stix.Comparison) need {
	if !observed[c.Path.Object] {
		return need{never: true}
	}
	if c.Negated {
		return need{}
	}
	var texts []string
	switch c.Op {
	case stix.Equal, stix.In:
		for _, v := range c.Values {
			if v.Kind != stix.String || v.Text == "" {
				return need{}
			}
			texts = append(texts, strings.ToLower(v.Text))
		}
	case stix.Like:
		texts = []string{longest(strings.FieldsFunc(strings.ToLower(c.Values[0].Text), func(r rune) bool { return r == '%' || r == '_' }))}
	case stix.Matches:
		re, err := syntax.Parse("(?s)"+c.Values[0].Text, syntax.Perl)
		if err != nil {
			return need{}
		}
		texts = required(re.Simplify())
	default:
		return need{}
	}
	if slices.Contains(texts, "") {
		return need{}
	}
	return need{texts: texts}
}

// required returns texts, letters small, of which whatever re matches must hold one;
// nil when there are none to be had.
func required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{strings.ToLower(string(re.Rune))}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			one := required(sub)
			if one == nil {
				return nil
			}
			all = append(all, one...)
		}
		return all
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if one := required(sub); shortest(one) > shortest(best) {
				best = one
			}
		}
		return best
	}
	return nil
}

func longest(texts []string) string {
	best := ""
	for _, t := range texts {
		if len(t) > len(best) {
			best = t
		}
	}
	return best
}

// longestPlain returns the longest run of bytes that stand in a record as they are, but
// for backslashes, which are left out: of what a log escapes they are all that is added.
func longestPlain(text string) string {
	return longest(strings.FieldsFunc(strings.ReplaceAll(text, `\`, ""), func(r rune) bool { return r < ' ' || r >= utf8.RuneSelf }))
}
