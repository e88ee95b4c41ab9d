package stix

import (
	"fmt"
	"regexp/syntax"
	"strings"
)

const (
	// maxPrepared bounds the steps of one evaluation of a prepared pattern, which is
	// matched against every event and may come from anywhere.
	maxPrepared = 200_000
	// maxStates bounds a regular expression: what its repetitions make of it.
	maxStates = 20_000
)

// Prepare returns the pattern with its regular expressions compiled, for one that is
// matched again and again, and with the letters of its texts made small where fold is
// set, for data whose letters are small too. The error is a regular expression that
// RE2 does not have or that grows too large, or a range that is none.
func (p Pattern) Prepare(fold bool) (Pattern, error) {
	q := Pattern{text: p.text, tests: map[string]test{}, most: maxPrepared}
	var err error
	q.Root = mapComparisons(p.Root, func(c Comparison) Comparison {
		if fold {
			c = folded(c)
		}
		if c.Op == Matches {
			if bad := bounded(c.Values[0].Text); bad != nil {
				if err == nil {
					err = bad
				}
				return c
			}
		}
		if c.Op == Like || c.Op == Matches || c.Op == IsSubset || c.Op == IsSuperset {
			t, bad := testOf(c)
			if bad != nil && err == nil {
				err = bad
			}
			q.tests[testKey(c)] = t
		}
		return c
	})
	return q, err
}

func testKey(c Comparison) string { return string(c.Op) + " " + c.Values[0].Text }

func (e *evaluation) test(c Comparison) (test, error) {
	if len(e.tests) > 0 && len(c.Values) == 1 {
		if t := e.tests[testKey(c)]; t != nil {
			return t, nil
		}
	}
	return testOf(c)
}

// folded makes the letters of a comparison's texts small. Those of a regular
// expression mean something: it is told to disregard case instead.
func folded(c Comparison) Comparison {
	values := make([]Value, len(c.Values))
	for i, v := range c.Values {
		switch {
		case v.Kind != String:
		case c.Op == Matches:
			v.Text = "(?i)" + v.Text
		default:
			v.Text = strings.ToLower(v.Text)
		}
		values[i] = v
	}
	c.Values = values
	return c
}

// mapComparisons returns o with fn's answer in the place of every comparison.
func mapComparisons(o Observation, fn func(Comparison) Comparison) Observation {
	switch o := o.(type) {
	case Observed:
		return Observed{mapExpr(o.Expr, fn)}
	case Combined:
		out := Combined{Op: o.Op}
		for _, t := range o.Terms {
			out.Terms = append(out.Terms, mapComparisons(t, fn))
		}
		return out
	case Qualified:
		o.Of = mapComparisons(o.Of, fn)
		return o
	}
	return o
}

func mapExpr(x Expr, fn func(Comparison) Comparison) Expr {
	switch x := x.(type) {
	case Comparison:
		return fn(x)
	case Logic:
		out := Logic{Op: x.Op}
		for _, t := range x.Terms {
			out.Terms = append(out.Terms, mapExpr(t, fn))
		}
		return out
	}
	return x
}

// bounded refuses a regular expression that takes much memory and time once compiled.
func bounded(text string) error {
	re, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return fmt.Errorf("%s %q: %w", Matches, clip(text), err)
	}
	if states(re) > maxStates {
		return fmt.Errorf("%s %q: its repetitions make it too large", Matches, clip(text))
	}
	return nil
}

func states(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		n += states(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, maxStates+1)
}
