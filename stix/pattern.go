package stix

import (
	"strconv"
	"strings"
	"time"
)

// Pattern is a parsed STIX pattern (STIX 2.1, part 9). It is immutable.
type Pattern struct {
	Root  Observation
	text  string
	tests map[string]test // what Prepare has compiled, by operator and literal
	most  int             // steps of one evaluation; 0 = maxEvaluation
}

// String returns the pattern as it was written.
func (p Pattern) String() string { return p.text }

// Observation is a [Observed], a [Combined] or a [Qualified].
type Observation interface{ observation() }

// Observed is "[ … ]": one observation for which the expression holds.
type Observed struct{ Expr Expr }

// Combined joins two or more observation expressions.
type Combined struct {
	Op    Operator // And, Or or FollowedBy
	Terms []Observation
}

// Qualified limits when, or how often, an observation expression must hold.
// Exactly one of its three qualifiers is set.
type Qualified struct {
	Of      Observation
	Within  time.Duration // WITHIN n SECONDS
	Repeats int           // REPEATS n TIMES
	Start   time.Time     // START t …
	Stop    time.Time     // … STOP t
}

// Expr is a [Comparison] or a [Logic].
type Expr interface{ expr() }

// Logic joins two or more comparison expressions by And or Or.
type Logic struct {
	Op    Operator
	Terms []Expr
}

// Comparison compares what Path points to with Values, which has one element
// except for In (any number) and Exists (none).
type Comparison struct {
	Path    Path
	Negated bool
	Op      Operator
	Values  []Value
}

func (Observed) observation()  {}
func (Combined) observation()  {}
func (Qualified) observation() {}
func (Logic) expr()            {}
func (Comparison) expr()       {}

// Operator is an operator of the pattern language, as it is written.
type Operator string

// The operators.
const (
	And        Operator = "AND"
	Or         Operator = "OR"
	FollowedBy Operator = "FOLLOWEDBY"
	Equal      Operator = "="
	NotEqual   Operator = "!="
	Less       Operator = "<"
	LessEqual  Operator = "<="
	More       Operator = ">"
	MoreEqual  Operator = ">="
	In         Operator = "IN"
	Like       Operator = "LIKE"
	Matches    Operator = "MATCHES"
	IsSubset   Operator = "ISSUBSET"
	IsSuperset Operator = "ISSUPERSET"
	Exists     Operator = "EXISTS"
)

// Path is an object path such as file:hashes.'SHA-256' or
// windows-registry-key:values[*].name.
type Path struct {
	Object string // the object type before the colon
	Steps  []Step
}

// Step is one property of a path, or one index of a list.
type Step struct {
	Name  string // property name; empty for an index
	Index int    // list index; AnyIndex for [*]
}

// AnyIndex is the index written [*].
const AnyIndex = -1

// Value is one literal. Kind says which of the fields holds it.
type Value struct {
	Kind  ValueKind
	Text  string // String, and the literal's text for all other kinds
	Int   int64
	Float float64
	Bool  bool
	Bytes []byte // Hex, Binary
	Time  time.Time
}

// ValueKind is the kind of a literal.
type ValueKind uint8

// The kinds of literals.
const (
	String ValueKind = iota
	Integer
	Float
	Boolean
	Hex
	Binary
	Timestamp
)

// PathValue is one plain value that a pattern looks for. Op is Equal, or IsSubset
// for a network in which the value must lie.
type PathValue struct {
	Path  Path
	Op    Operator
	Value Value
}

// Values returns the values a pattern looks for, if the pattern says nothing but
// "any one of these": a single comparison by =, IN or ISSUBSET, or several joined
// by OR, none of them negated or qualified. Otherwise ok is false: then no value
// alone is what the pattern means.
func (p Pattern) Values() (values []PathValue, ok bool) {
	values, ok = observationValues(nil, p.Root)
	if !ok {
		return nil, false
	}
	return values, true
}

func observationValues(out []PathValue, o Observation) ([]PathValue, bool) {
	switch o := o.(type) {
	case Observed:
		return exprValues(out, o.Expr)
	case Combined:
		ok := o.Op == Or
		for i := 0; ok && i < len(o.Terms); i++ {
			out, ok = observationValues(out, o.Terms[i])
		}
		return out, ok
	}
	return nil, false
}

func exprValues(out []PathValue, e Expr) ([]PathValue, bool) {
	switch e := e.(type) {
	case Logic:
		ok := e.Op == Or
		for i := 0; ok && i < len(e.Terms); i++ {
			out, ok = exprValues(out, e.Terms[i])
		}
		return out, ok
	case Comparison:
		op := e.Op
		if op == In {
			op = Equal
		}
		if e.Negated || op != Equal && op != IsSubset {
			return nil, false
		}
		for _, v := range e.Values {
			out = append(out, PathValue{e.Path, op, v})
		}
		return out, true
	}
	return nil, false
}

// String writes the path as it stands in a pattern.
func (p Path) String() string {
	var b strings.Builder
	b.WriteString(p.Object)
	b.WriteByte(':')
	for i, s := range p.Steps {
		switch {
		case s.Name == "" && s.Index == AnyIndex:
			b.WriteString("[*]")
			continue
		case s.Name == "":
			b.WriteString("[" + strconv.Itoa(s.Index) + "]")
			continue
		case i > 0:
			b.WriteByte('.')
		}
		if isPlainName(s.Name) {
			b.WriteString(s.Name)
		} else {
			b.WriteString(Quote(s.Name))
		}
	}
	return b.String()
}

func isPlainName(s string) bool {
	for i := range len(s) {
		if !isWordStart(s[i]) && (i == 0 || !isDigit(s[i])) {
			return false
		}
	}
	return s != ""
}

// Quote writes s as a string literal of the pattern language.
func Quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
