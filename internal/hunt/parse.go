package hunt

import (
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
)

// Query is a question that was understood. It never changes once its lists are
// bound, and is safe for concurrent use.
type Query struct {
	Text   string
	where  node // nil = every event
	stages []Stage
	lists  []*anyOf // values still to come from a list
}

// Stage is what is made of the events found.
type Stage struct {
	Kind  string        // "count", "top", "histogram"
	N     int           // top: how many
	By    []string      // count, top: fields
	Every time.Duration // histogram
}

// maxDepth bounds parentheses within parentheses.
const maxDepth = 50

// Parse reads a question:
//
//	source.ip:10.0.0.0/8 and not dns.question.name:*.example
//	process.command_line:"*-enc *" or (evil.example and destination.port >= 1024)
//	destination.ip in list:pasted | top 10 source.ip
//
// The error says in which column it is at a loss.
func Parse(text string) (*Query, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := parser{tokens: tokens, q: &Query{Text: strings.TrimSpace(text)}}
	if !p.is("|") && p.peek().kind != tokenEnd {
		if p.q.where, err = p.or(0); err != nil {
			return nil, err
		}
	}
	for p.is("|") {
		p.take()
		s, err := p.stage()
		if err != nil {
			return nil, err
		}
		if p.q.stages = append(p.q.stages, s); len(p.q.stages) > 5 {
			return nil, fault(p.peek().at, "at most five stages")
		}
	}
	if t := p.peek(); t.kind != tokenEnd {
		return nil, fault(t.at, "%q was not expected here", t.text)
	}
	return p.q, nil
}

type parser struct {
	tokens []token
	i      int
	q      *Query
}

func (p *parser) peek() token { return p.tokens[p.i] }

func (p *parser) take() token {
	t := p.tokens[p.i]
	if t.kind != tokenEnd {
		p.i++
	}
	return t
}

func (p *parser) is(sign string) bool {
	t := p.peek()
	return t.kind == tokenSign && t.text == sign
}

func (p *parser) word(w string) bool {
	t := p.peek()
	return t.kind == tokenWord && strings.EqualFold(t.text, w)
}

func (p *parser) or(depth int) (node, error) {
	var all []node
	for {
		n, err := p.and(depth)
		if err != nil {
			return nil, err
		}
		if all = append(all, n); !p.word("or") {
			break
		}
		p.take()
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return either(all), nil
}

func (p *parser) and(depth int) (node, error) {
	var all []node
	for {
		n, err := p.not(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
		if p.word("and") {
			p.take()
			continue
		}
		if t := p.peek(); t.kind == tokenEnd || p.is(")") || p.is("|") || p.word("or") {
			break
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return both(all), nil
}

func (p *parser) not(depth int) (node, error) {
	if depth > maxDepth {
		return nil, fault(p.peek().at, "too many parentheses or nots within each other")
	}
	if p.word("not") {
		p.take()
		n, err := p.not(depth + 1)
		return not{n}, err
	}
	if !p.is("(") {
		return p.term()
	}
	open := p.take()
	n, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	if !p.is(")") {
		return nil, fault(p.peek().at, "the parenthesis of column %d is not closed", open.at)
	}
	p.take()
	return n, nil
}

// term is one condition.
func (p *parser) term() (node, error) {
	t := p.take()
	switch {
	case t.kind == tokenQuoted:
		return rawText(t.text), nil
	case t.kind == tokenWord && (strings.EqualFold(t.text, "and") || strings.EqualFold(t.text, "or")):
		return nil, fault(t.at, "a condition is missing before %q", t.text)
	case t.kind == tokenWord && strings.EqualFold(t.text, "in"):
		return p.in("any")
	case t.kind == tokenEnd:
		return nil, fault(t.at, "a condition is missing at the end")
	case t.kind != tokenWord:
		return nil, fault(t.at, "a condition was expected, not %q", t.text)
	}
	if p.word("in") {
		p.take()
		return p.in(t.text)
	}
	next := p.peek()
	if next.kind != tokenSign || !strings.Contains(": >= <= != > < =", next.text) {
		return bare(t.text), nil
	}
	return p.compare(t)
}

// compare reads what follows the name of a field.
func (p *parser) compare(field token) (node, error) {
	op := p.take()
	if op.text == ":" && p.peek().kind == tokenSign && strings.Contains(">= <= > <", p.peek().text) {
		op = p.take()
	}
	v := p.take()
	if v.kind != tokenWord && v.kind != tokenQuoted {
		return nil, fault(v.at, "a value is missing after %s%s", field.text, op.text)
	}
	switch op.text {
	case ":", "=":
		return equal(field.text, v.text, v.kind == tokenQuoted), nil
	case "!=":
		return not{equal(field.text, v.text, v.kind == tokenQuoted)}, nil
	}
	b, err := newBound(field.text, op.text, v.text)
	if err != nil {
		return nil, fault(v.at, "%v", err)
	}
	return b, nil
}

// in reads "(a, b)" or "list:NAME".
func (p *parser) in(field string) (node, error) {
	if p.word("list") {
		p.take()
		if !p.is(":") {
			return nil, fault(p.peek().at, "a list is named list:NAME")
		}
		p.take()
		name := p.take()
		if name.kind != tokenWord && name.kind != tokenQuoted {
			return nil, fault(name.at, "the name of the list is missing")
		}
		n := &anyOf{field: field, list: name.text, at: name.at}
		p.q.lists = append(p.q.lists, n)
		return n, nil
	}
	if !p.is("(") {
		return nil, fault(p.peek().at, "after in comes (a, b) or list:NAME")
	}
	p.take()
	var values []string
	for {
		v := p.take()
		if v.kind != tokenWord && v.kind != tokenQuoted {
			return nil, fault(v.at, "a value was expected in the list")
		}
		if values = append(values, v.text); p.is(")") {
			p.take()
			n := &anyOf{field: field}
			n.fill(values)
			return n, nil
		}
		if p.is(",") {
			p.take()
		}
	}
}

// stage reads what follows a "|".
func (p *parser) stage() (Stage, error) {
	t := p.take()
	switch strings.ToLower(t.text) {
	case "count":
		s := Stage{Kind: "count"}
		if !p.word("by") {
			return s, nil
		}
		p.take()
		by, err := p.fields()
		s.By = by
		return s, err
	case "top":
		n := p.take()
		count, err := strconv.Atoi(n.text)
		if err != nil || count < 1 || count > maxGroups {
			return Stage{}, fault(n.at, "top is followed by a number from 1 to %d and a field", maxGroups)
		}
		by, err := p.fields()
		return Stage{Kind: "top", N: count, By: by}, err
	case "histogram":
		n := p.take()
		every, err := Duration(n.text)
		if err != nil || every < time.Second {
			return Stage{}, fault(n.at, "histogram is followed by a length of time such as 15m, 1h or 1d")
		}
		return Stage{Kind: "histogram", Every: every}, nil
	}
	return Stage{}, fault(t.at, "after | comes count, top or histogram, not %q", t.text)
}

func (p *parser) fields() ([]string, error) {
	var out []string
	for {
		t := p.take()
		if t.kind != tokenWord {
			return nil, fault(t.at, "the name of a field is missing")
		}
		if out = append(out, t.text); !p.is(",") {
			return out, nil
		}
		if len(out) == 4 {
			return nil, fault(t.at, "at most four fields")
		}
		p.take()
	}
}

// Duration reads 90s, 15m, 1h, 7d, 4w; also what time.ParseDuration reads.
func Duration(s string) (time.Duration, error) {
	if n, ok := strings.CutSuffix(s, "d"); ok {
		return days(n, 24*time.Hour)
	}
	if n, ok := strings.CutSuffix(s, "w"); ok {
		return days(n, 7*24*time.Hour)
	}
	return time.ParseDuration(s)
}

func days(n string, unit time.Duration) (time.Duration, error) {
	v, err := strconv.ParseUint(n, 10, 16)
	if err != nil || v > 36_500 {
		return 0, strconv.ErrSyntax
	}
	return time.Duration(v) * unit, nil
}

// Lists names the lists that a question asks for.
func (q *Query) Lists() []string {
	var out []string
	for _, l := range q.lists {
		out = append(out, l.list)
	}
	return out
}

// Bind gives the values of a list; false when the question does not ask for it.
func (q *Query) Bind(list string, values []string) bool {
	bound := false
	for _, l := range q.lists {
		if l.list == list {
			l.fill(values)
			bound = true
		}
	}
	return bound
}

// Stages returns what is to be made of the events found.
func (q *Query) Stages() []Stage { return q.stages }

// Moment reads a time, or how long before now: 24h, 7d. Nothing is the zero time.
func Moment(s string, now time.Time) (time.Time, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, nil
	}
	if t, ok := parseTime(s); ok {
		return t, nil
	}
	d, err := Duration(strings.TrimPrefix(s, "-"))
	if err != nil || d < 0 {
		return time.Time{}, errs.New(errs.Invalid, "time_invalid", "%q is neither a time such as 2026-03-01T12:00:00Z nor how long ago, such as 24h or 7d.", s)
	}
	return now.Add(-d).UTC(), nil
}
