package sigma

import (
	"errors"
	"fmt"
	"strings"
)

// Problem is why a rule, or a whole file, could not be read or compiled.
type Problem struct {
	File string
	Line int    // from 1; 0 when it concerns the file as a whole
	Rule string // title, else id; "" when there is none yet
	Text string // what is wrong and what to do
	// Names are what correlations may call what was left out; none when it is no rule.
	Names []string
}

func (p *Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if p.Rule != "" {
		fmt.Fprintf(&b, "rule %q: ", p.Rule)
	}
	b.WriteString(p.Text)
	return b.String()
}

// Problems are all that was wrong. It is an error of its own.
type Problems []*Problem

func (p Problems) Error() string {
	switch len(p) {
	case 0:
		return "no problem"
	case 1:
		return p[0].Error()
	}
	return fmt.Sprintf("%v (and %d more)", p[0], len(p)-1)
}

// Unwrap lets errors.As find each [Problem].
func (p Problems) Unwrap() []error {
	out := make([]error, len(p))
	for i, q := range p {
		out[i] = q
	}
	return out
}

// fault is a problem that does not know yet in which file and rule it is.
type fault struct {
	line int
	text string
}

func (f *fault) Error() string { return f.text }

func faultf(line int, format string, args ...any) error {
	return &fault{line, fmt.Sprintf(format, args...)}
}

func (p *parser) problem(err error) *Problem {
	q := problemOf(err, &Rule{File: p.file})
	q.Rule, q.Names = p.rule, p.names
	return q
}

// problemOf is why a rule, or a correlation, was left out.
func problemOf(err error, r *Rule) *Problem {
	p := &Problem{File: r.File, Rule: r.Title, Text: err.Error()}
	for _, name := range []string{r.ID, r.Name, r.Title} {
		if name != "" {
			p.Names = append(p.Names, name)
		}
	}
	var f *fault
	if errors.As(err, &f) {
		p.Line = f.line
	}
	return p
}
