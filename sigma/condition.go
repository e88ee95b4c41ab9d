package sigma

import (
	"fmt"
	"strconv"
	"strings"
)

// Op is what an [Expr] does.
type Op uint8

// The operations of conditions.
const (
	Name Op = iota // the search of that name holds
	And
	Or
	Not
	Of // at least Count of the searches that Name covers hold
)

// AllOf is the Count of "all of".
const AllOf = -1

// Expr is a condition: a tree of operations on named searches.
type Expr struct {
	Op    Op
	Args  []*Expr // of And, Or (two or more), Not (one)
	Name  string  // of Name; of Of a pattern with '*', or "them"
	Count int     // of Of: 1 or more, or AllOf
}

// Limits on one condition.
const (
	maxCondition = 1 << 14 // bytes
	maxNesting   = 64      // parentheses and nots
)

// ParseCondition reads a condition. Precedence is not, and, or; keywords have no
// letter case.
func ParseCondition(s string) (*Expr, error) {
	if len(s) > maxCondition {
		return nil, fmt.Errorf("longer than %d bytes", maxCondition)
	}
	words, err := conditionWords(s)
	if err != nil {
		return nil, err
	}
	p := &conditionParser{words: words}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if w := p.peek(); w != "" {
		return nil, fmt.Errorf("%q where and, or, or the end should be", w)
	}
	return e, nil
}

func wordByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c >= 0x80
}

func conditionWords(s string) ([]string, error) {
	var out []string
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '(' || c == ')':
			out = append(out, s[i:i+1])
			i++
		case wordByte(c) || c == '*' || c == '?':
			start := i
			for i < len(s) && (wordByte(s[i]) || s[i] == '*' || s[i] == '?') {
				i++
			}
			out = append(out, s[start:i])
		default:
			return nil, fmt.Errorf("%q has no meaning here", c)
		}
	}
	return out, nil
}

type conditionParser struct {
	words []string
	depth int
}

func (p *conditionParser) peek() string {
	if len(p.words) == 0 {
		return ""
	}
	return p.words[0]
}

func (p *conditionParser) accept(keyword string) bool {
	if !strings.EqualFold(p.peek(), keyword) {
		return false
	}
	p.words = p.words[1:]
	return true
}

func (p *conditionParser) or() (*Expr, error)  { return p.chain("or", Or, p.and) }
func (p *conditionParser) and() (*Expr, error) { return p.chain("and", And, p.not) }

func (p *conditionParser) chain(keyword string, op Op, next func() (*Expr, error)) (*Expr, error) {
	e, err := next()
	if err != nil {
		return nil, err
	}
	args := []*Expr{e}
	for p.accept(keyword) {
		if e, err = next(); err != nil {
			return nil, err
		}
		args = append(args, e)
	}
	if len(args) == 1 {
		return e, nil
	}
	return &Expr{Op: op, Args: args}, nil
}

func (p *conditionParser) not() (*Expr, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, fmt.Errorf("nested deeper than %d", maxNesting)
	}
	defer func() { p.depth-- }()
	if p.accept("not") {
		e, err := p.not()
		if err != nil {
			return nil, err
		}
		return &Expr{Op: Not, Args: []*Expr{e}}, nil
	}
	if p.accept("(") {
		e, err := p.or()
		if err != nil {
			return nil, err
		}
		if !p.accept(")") {
			return nil, fmt.Errorf("a ')' is missing")
		}
		return e, nil
	}
	return p.operand()
}

func (p *conditionParser) operand() (*Expr, error) {
	word := p.peek()
	switch {
	case word == "":
		return nil, fmt.Errorf("it ends where the name of a search should be")
	case strings.EqualFold(word, "and"), strings.EqualFold(word, "or"), word == ")":
		return nil, fmt.Errorf("%q where the name of a search should be", word)
	}
	p.words = p.words[1:]
	if strings.EqualFold(p.peek(), "of") {
		return p.of(word)
	}
	if strings.ContainsAny(word, "*?") {
		return nil, fmt.Errorf("%q: say how many: \"1 of %s\" or \"all of %s\"", word, word, word)
	}
	return &Expr{Op: Name, Name: word}, nil
}

func (p *conditionParser) of(quantity string) (*Expr, error) {
	p.words = p.words[1:]
	e := &Expr{Op: Of, Name: p.peek()}
	switch n, err := strconv.Atoi(quantity); {
	case strings.EqualFold(quantity, "all"):
		e.Count = AllOf
	case strings.EqualFold(quantity, "any"):
		e.Count = 1
	case err != nil || n < 1 || n > maxSearches:
		return nil, fmt.Errorf("%q of: want a number from 1, or all", quantity)
	default:
		e.Count = n
	}
	if e.Name == "" || e.Name == "(" || e.Name == ")" {
		return nil, fmt.Errorf("%q of what? Name a search such as selection*, or them", quantity)
	}
	p.words = p.words[1:]
	return e, nil
}

// covers says whether an Of expression counts the search of that name. One whose name
// begins with '_' is counted only when the pattern begins so too.
func (e *Expr) covers(name string) bool {
	if strings.HasPrefix(name, "_") && !strings.HasPrefix(e.Name, "_") {
		return false
	}
	return strings.EqualFold(e.Name, "them") || glob(e.Name, name)
}

// glob matches '*' with any text and '?' with one byte.
func glob(pattern, s string) bool {
	star, back := -1, 0
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, back = i, j
			i++
		case i < len(pattern) && (pattern[i] == '?' || pattern[i] == s[j]):
			i++
			j++
		case star >= 0:
			back++
			i, j = star+1, back
		default:
			return false
		}
	}
	return strings.Trim(pattern[i:], "*") == ""
}

// resolve says whether every name in the condition is that of a search.
func (e *Expr) resolve(searches []Search) error {
	for _, a := range e.Args {
		if err := a.resolve(searches); err != nil {
			return err
		}
	}
	if e.Op != Name && e.Op != Of {
		return nil
	}
	n := 0
	for _, s := range searches {
		if e.Op == Name && s.Name == e.Name || e.Op == Of && e.covers(s.Name) {
			n++
		}
	}
	switch {
	case n == 0 && e.Op == Of:
		return fmt.Errorf("no search is called like %q", e.Name)
	case n == 0:
		return fmt.Errorf("there is no search %q", e.Name)
	case e.Op == Of && e.Count > n:
		return fmt.Errorf("%d of %s: only %d searches are called so", e.Count, e.Name, n)
	}
	return nil
}
