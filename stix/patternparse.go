package stix

import "time"

// Bounds of a pattern, against hostile input.
const (
	maxPatternBytes = 1 << 20
	maxPatternDepth = 64
)

// ParsePattern reads a STIX pattern: the grammar of STIX 2.1 part 9, and the
// plain strings that STIX 2.0 writes after START and STOP. A *PatternError says
// where it is wrong.
func ParsePattern(s string) (Pattern, error) {
	if len(s) > maxPatternBytes {
		return Pattern{}, patternError(maxPatternBytes, "longer than %d bytes", maxPatternBytes)
	}
	p := &patternParser{lex: lexer{text: s}}
	if err := p.advance(); err != nil {
		return Pattern{}, err
	}
	root, err := p.observations(0)
	if err != nil {
		return Pattern{}, err
	}
	if p.tok.kind != tokenEnd {
		return Pattern{}, p.expected("AND, OR, FOLLOWEDBY, a qualifier or the end")
	}
	return Pattern{Root: root, text: s}, nil
}

type patternParser struct {
	lex   lexer
	tok   token
	depth int
}

func (p *patternParser) advance() (err error) {
	p.tok, err = p.lex.next()
	return err
}

func (p *patternParser) is(s string) bool {
	return (p.tok.kind == tokenWord || p.tok.kind == tokenSymbol) && p.tok.text == s
}

// accept reads s if it comes next.
func (p *patternParser) accept(s string) (bool, error) {
	if !p.is(s) {
		return false, nil
	}
	return true, p.advance()
}

func (p *patternParser) require(s string) error {
	if !p.is(s) {
		return p.expected(s)
	}
	return p.advance()
}

func (p *patternParser) expected(what string) error {
	if p.tok.kind == tokenEnd {
		return patternError(p.tok.pos, "ends where %s is expected", what)
	}
	return patternError(p.tok.pos, "%q stands where %s is expected", p.tok.text, what)
}

func (p *patternParser) enter() error {
	if p.depth++; p.depth > maxPatternDepth {
		return patternError(p.tok.pos, "nested deeper than %d", maxPatternDepth)
	}
	return nil
}

// observationOps are the operators between observations, loosest first.
var observationOps = [...]Operator{FollowedBy, Or, And}

func (p *patternParser) observations(level int) (Observation, error) {
	if level == len(observationOps) {
		return p.observation()
	}
	first, err := p.observations(level + 1)
	if err != nil {
		return nil, err
	}
	terms := []Observation{first}
	for {
		more, err := p.accept(string(observationOps[level]))
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		next, err := p.observations(level + 1)
		if err != nil {
			return nil, err
		}
		terms = append(terms, next)
	}
	if len(terms) == 1 {
		return first, nil
	}
	return Combined{observationOps[level], terms}, nil
}

func (p *patternParser) observation() (Observation, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	var o Observation
	switch {
	case p.is("["):
		e, err := p.bracketed("]", func() (Expr, error) { return p.comparisons(Or) })
		if err != nil {
			return nil, err
		}
		o = Observed{e}
	case p.is("("):
		if err := p.advance(); err != nil {
			return nil, err
		}
		inner, err := p.observations(0)
		if err != nil {
			return nil, err
		}
		if err := p.require(")"); err != nil {
			return nil, err
		}
		o = inner
	default:
		return nil, p.expected("[ or (")
	}
	return p.qualifiers(o)
}

func (p *patternParser) qualifiers(o Observation) (Observation, error) {
	for n := 0; ; n++ {
		q := Qualified{Of: o}
		var err error
		switch {
		case n == maxPatternDepth:
			return nil, patternError(p.tok.pos, "more than %d qualifiers", maxPatternDepth)
		case p.is("WITHIN"):
			err = p.within(&q)
		case p.is("REPEATS"):
			err = p.repeats(&q)
		case p.is("START"):
			err = p.startStop(&q)
		default:
			return o, nil
		}
		if err != nil {
			return nil, err
		}
		o = q
	}
}

func (p *patternParser) within(q *Qualified) error {
	v, err := p.literalAfter("WITHIN")
	if err != nil {
		return err
	}
	const most = float64(1<<63-1) / float64(time.Second) // what a Duration can hold
	if v.Kind != Integer && v.Kind != Float || v.Float <= 0 || v.Float >= most {
		return patternError(p.tok.pos, "WITHIN needs a positive number of seconds")
	}
	q.Within = time.Duration(v.Float * float64(time.Second))
	return p.require("SECONDS")
}

func (p *patternParser) repeats(q *Qualified) error {
	v, err := p.literalAfter("REPEATS")
	if err != nil {
		return err
	}
	if v.Kind != Integer || v.Int <= 0 {
		return patternError(p.tok.pos, "REPEATS needs a positive whole number")
	}
	q.Repeats = int(v.Int)
	return p.require("TIMES")
}

func (p *patternParser) startStop(q *Qualified) error {
	if err := p.instant("START", &q.Start); err != nil {
		return err
	}
	if err := p.instant("STOP", &q.Stop); err != nil {
		return err
	}
	if !q.Stop.After(q.Start) {
		return patternError(p.tok.pos, "STOP is not after START")
	}
	return nil
}

func (p *patternParser) instant(word string, to *time.Time) error {
	v, err := p.literalAfter(word)
	if err != nil {
		return err
	}
	if v.Kind == String { // STIX 2.0
		if v, err = prefixed('t', v.Text, p.tok.pos); err != nil {
			return err
		}
	}
	if v.Kind != Timestamp {
		return patternError(p.tok.pos, "%s needs a time like t'2026-01-02T15:04:05Z'", word)
	}
	*to = v.Time
	return nil
}

func (p *patternParser) literalAfter(word string) (Value, error) {
	if err := p.require(word); err != nil {
		return Value{}, err
	}
	return p.literal()
}
