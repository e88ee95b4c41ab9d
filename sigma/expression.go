package sigma

import (
	"fmt"
	"regexp"
	"regexp/syntax"
)

// maxProgram bounds the instructions of a regular expression: each byte of a
// value costs so many steps at most.
const maxProgram = 10_000

// expression is a compiled regular expression: a table where that is not too
// large, else package regexp's.
type expression struct {
	table *automaton
	re    *regexp.Regexp
	need  [][]byte // one of these folded texts is in all that it matches
}

func newExpression(s string, tree *syntax.Regexp) (*expression, error) {
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	if len(prog.Inst) > maxProgram {
		return nil, fmt.Errorf("the regular expression %q is too large once its repetitions are written out (%d steps, %d at most)", s, len(prog.Inst), maxProgram)
	}
	re, err := regexp.Compile(s)
	if err != nil {
		return nil, err
	}
	return &expression{table: newAutomaton(prog), re: re, need: required(tree)}, nil
}

func (e *expression) match(text []byte) bool {
	if e.table != nil {
		return e.table.match(text)
	}
	return e.re.Match(text)
}
