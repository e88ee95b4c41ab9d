package sigma

import (
	"fmt"
	"math/bits"
	"slices"
	"time"
)

// Limits on the combination of a temporal correlation.
const (
	maxCombined = 64 // rules
	maxTerms    = 64 // ways in which it holds
)

// term is one way in which a combination holds: rules that must be seen, and rules of
// which none may be, as bits by their index in the correlation's Rules.
type term struct{ seen, not uint64 }

// combine reads the combination of a temporal correlation, which asks for rules by
// name: "guessing and (success or reset) and not maintenance". Rules that the
// correlation does not list are those of the combination, in its order.
func (c *Correlation) combine(text string) error {
	e, err := ParseCondition(text)
	if err != nil {
		return err
	}
	named, err := e.rules(nil)
	if err != nil {
		return err
	}
	if len(c.Rules) == 0 {
		c.Rules = named
	}
	if len(c.Rules) > maxCombined {
		return fmt.Errorf("more than %d rules", maxCombined)
	}
	for _, name := range named {
		if !slices.Contains(c.Rules, name) {
			return fmt.Errorf("%q is not one of the correlation's rules", name)
		}
	}
	for _, name := range c.Rules {
		if !slices.Contains(named, name) {
			return fmt.Errorf("it says nothing of the rule %q", name)
		}
	}
	c.Combination = text
	_, err = c.terms()
	return err
}

// rules lists the rules that a combination names, each once.
func (e *Expr) rules(out []string) ([]string, error) {
	if e.Op == Of {
		return nil, fmt.Errorf("\"of %s\": name the rules, or say how many with a condition such as {gte: 2}", e.Name)
	}
	if e.Op == Name && !slices.Contains(out, e.Name) {
		out = append(out, e.Name)
	}
	var err error
	for _, a := range e.Args {
		if out, err = a.rules(out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// terms are the ways in which the combination holds; nil without one.
func (c *Correlation) terms() ([]term, error) {
	if c.Combination == "" {
		return nil, nil
	}
	e, err := ParseCondition(c.Combination)
	if err != nil {
		return nil, err
	}
	out, err := c.ways(e, false)
	switch {
	case err != nil:
		return nil, err
	case len(out) == 0:
		return nil, fmt.Errorf("it never holds")
	}
	for _, t := range out {
		if t.seen == 0 {
			return nil, fmt.Errorf("it would hold where nothing is seen: let one rule be there that must be")
		}
	}
	return out, nil
}

// ways are the terms of an expression, or of its opposite.
func (c *Correlation) ways(e *Expr, not bool) ([]term, error) {
	switch e.Op {
	case Name:
		i := slices.Index(c.Rules, e.Name)
		if i < 0 || i >= maxCombined {
			return nil, fmt.Errorf("%q is not one of the correlation's rules", e.Name)
		}
		bit := uint64(1) << i
		if not {
			return []term{{not: bit}}, nil
		}
		return []term{{seen: bit}}, nil
	case Not:
		return c.ways(e.Args[0], !not)
	}
	var out []term
	for i, a := range e.Args {
		more, err := c.ways(a, not)
		if err != nil {
			return nil, err
		}
		switch {
		case i == 0:
			out = more
		case (e.Op == And) != not:
			out = both(out, more)
		default:
			out = shortest(slices.Concat(out, more))
		}
		if len(out) > maxTerms {
			return nil, fmt.Errorf("it can hold in more than %d ways: make several correlations of it", maxTerms)
		}
	}
	return out, nil
}

// both are the ways in which one of a and one of b hold together.
func both(a, b []term) []term {
	var out []term
	for _, x := range a {
		for _, y := range b {
			if t := (term{x.seen | y.seen, x.not | y.not}); t.seen&t.not == 0 {
				out = append(out, t)
			}
		}
	}
	return shortest(out)
}

// shortest leaves out the ways that ask for all that another one asks for, and more.
func shortest(list []term) []term {
	slices.SortStableFunc(list, func(x, y term) int {
		return bits.OnesCount64(x.seen) + bits.OnesCount64(x.not) - bits.OnesCount64(y.seen) - bits.OnesCount64(y.not)
	})
	var out []term
	for _, t := range list {
		if !slices.ContainsFunc(out, func(had term) bool { return had.seen&^t.seen == 0 && had.not&^t.not == 0 }) {
			out = append(out, t)
		}
	}
	return out
}

// CanHold says whether the correlation can hold when only some of its rules fire.
func (c *Correlation) CanHold(fires func(rule string) bool) bool {
	var live uint64
	n := 0
	for i, name := range c.Rules {
		if fires(name) {
			n++
			if i < maxCombined {
				live |= 1 << i
			}
		}
	}
	if terms, err := c.terms(); err == nil && terms != nil {
		return slices.ContainsFunc(terms, func(t term) bool { return t.seen&^live == 0 })
	}
	if c.temporal() && len(c.Conditions) == 0 {
		return n == len(c.Rules)
	}
	return n > 0
}

// meet finds hits such as a temporal correlation wants, in a window that ends at a time
// or later; where a way to hold says that of some rules there must be none, near is all
// of the window.
func (p *correlationPlan) meet(near []seen, at time.Time) []seen {
	find := func(look *correlationPlan, near []seen) []seen {
		if p.Type == "temporal" {
			return look.together(near, at)
		}
		return look.inOrder(near)
	}
	if p.terms == nil {
		return find(p, near)
	}
	for _, t := range p.terms {
		var part []seen
		spoilt := false
		for _, s := range near {
			bit := uint64(1) << s.rule
			spoilt = spoilt || t.not&bit != 0
			if t.seen&bit != 0 {
				part = append(part, s)
			}
		}
		if spoilt {
			continue
		}
		look := *p
		look.need = bits.OnesCount64(t.seen)
		if held := find(&look, part); held != nil {
			return held
		}
	}
	return nil
}
