package stix

import "strings"

// comparisons reads comparison expressions joined by op, of which Or binds looser.
func (p *patternParser) comparisons(op Operator) (Expr, error) {
	operand := func() (Expr, error) {
		if op == Or {
			return p.comparisons(And)
		}
		return p.comparison()
	}
	first, err := operand()
	if err != nil {
		return nil, err
	}
	terms := []Expr{first}
	for {
		more, err := p.accept(string(op))
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		next, err := operand()
		if err != nil {
			return nil, err
		}
		terms = append(terms, next)
	}
	if len(terms) == 1 {
		return first, nil
	}
	return Logic{op, terms}, nil
}

func (p *patternParser) bracketed(end string, inner func() (Expr, error)) (Expr, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	e, err := inner()
	if err != nil {
		return nil, err
	}
	return e, p.require(end)
}

func (p *patternParser) comparison() (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if p.is("(") {
		return p.bracketed(")", func() (Expr, error) { return p.comparisons(Or) })
	}
	var c Comparison
	var err error
	if p.is("NOT") || p.is("EXISTS") {
		if c.Negated, err = p.accept("NOT"); err != nil {
			return nil, err
		}
		if err := p.require("EXISTS"); err != nil {
			return nil, err
		}
		c.Op = Exists
		c.Path, err = p.path()
		return c, err
	}
	if c.Path, err = p.path(); err != nil {
		return nil, err
	}
	if c.Negated, err = p.accept("NOT"); err != nil {
		return nil, err
	}
	err = p.operation(&c)
	return c, err
}

// comparisonOps maps how operators are written to what they are.
var comparisonOps = map[string]Operator{
	"=": Equal, "==": Equal, "!=": NotEqual, "<>": NotEqual, "<": Less, "<=": LessEqual, ">": More, ">=": MoreEqual,
	"IN": In, "LIKE": Like, "MATCHES": Matches, "ISSUBSET": IsSubset, "ISSUPERSET": IsSuperset,
}

func (p *patternParser) operation(c *Comparison) error {
	op, ok := comparisonOps[p.tok.text]
	if !ok || p.tok.kind != tokenWord && p.tok.kind != tokenSymbol {
		return p.expected("a comparison operator")
	}
	c.Op = op
	if err := p.advance(); err != nil {
		return err
	}
	if op == In {
		return p.set(c)
	}
	at := p.tok
	v, err := p.literal()
	if err != nil {
		return err
	}
	switch op {
	case Like, Matches, IsSubset, IsSuperset:
		if v.Kind != String {
			return patternError(at.pos, "%s needs a string", op)
		}
	case Less, LessEqual, More, MoreEqual:
		if v.Kind == Boolean {
			return patternError(at.pos, "%s cannot order true and false", op)
		}
	}
	c.Values = []Value{v}
	return nil
}

func (p *patternParser) set(c *Comparison) error {
	if err := p.require("("); err != nil {
		return err
	}
	if empty, err := p.accept(")"); err != nil || empty {
		return err
	}
	for {
		v, err := p.literal()
		if err != nil {
			return err
		}
		c.Values = append(c.Values, v)
		more, err := p.accept(",")
		if err != nil {
			return err
		}
		if !more {
			return p.require(")")
		}
	}
}

func (p *patternParser) literal() (Value, error) {
	t := p.tok
	if t.kind == tokenWord && (t.text == "true" || t.text == "false") {
		return Value{Kind: Boolean, Text: t.text, Bool: t.text == "true"}, p.advance()
	}
	if t.kind != tokenLiteral {
		return Value{}, p.expected("a value")
	}
	return t.value, p.advance()
}

func (p *patternParser) path() (Path, error) {
	var path Path
	if p.tok.kind != tokenWord {
		return path, p.expected("an object path such as ipv4-addr:value")
	}
	path.Object = p.tok.text
	if err := p.advance(); err != nil {
		return path, err
	}
	if err := p.require(":"); err != nil {
		return path, err
	}
	for {
		step, err := p.step()
		if err != nil {
			return path, err
		}
		path.Steps = append(path.Steps, step)
		for p.is("[") {
			if step, err = p.index(); err != nil {
				return path, err
			}
			path.Steps = append(path.Steps, step)
		}
		more, err := p.accept(".")
		if err != nil || !more {
			return path, err
		}
	}
}

func (p *patternParser) step() (Step, error) {
	t := p.tok
	word := t.kind == tokenWord && !strings.Contains(t.text, "-")
	if !word && (t.kind != tokenLiteral || t.value.Kind != String) {
		return Step{}, p.expected("a property name (in quotes if it has a hyphen)")
	}
	if t.text == "" {
		return Step{}, patternError(t.pos, "a property name is empty")
	}
	return Step{Name: t.text}, p.advance()
}

func (p *patternParser) index() (Step, error) {
	if err := p.advance(); err != nil {
		return Step{}, err
	}
	s := Step{Index: AnyIndex}
	if star, err := p.accept("*"); err != nil {
		return s, err
	} else if !star {
		v, err := p.literal()
		if err != nil {
			return s, err
		}
		if v.Kind != Integer || v.Int < 0 || v.Int > 1<<31-1 {
			return s, patternError(p.tok.pos, "a list index is a number or *")
		}
		s.Index = int(v.Int)
	}
	return s, p.require("]")
}
