package sigma

import (
	"fmt"
	"strings"
)

// Coverage says of one rule where it can match.
type Coverage struct {
	Rule    int
	Sources []LogSource // of the pipelines, that the rule is for
	// Never says why the rule cannot match anything; "" when it can.
	Never string
}

// Coverage returns, for every rule in order, whether it can ever match and if not
// why: no pipeline offers its log source, a placeholder has no values, or fields
// that it cannot do without exist in none of its sources.
func (e *Engine) Coverage() []Coverage {
	out := make([]Coverage, len(e.rules))
	possible := make([]bool, len(e.rules))
	lacking := make([][]string, len(e.rules))
	for i := range e.rules {
		out[i].Rule = i
		for _, s := range e.sources {
			if e.rules[i].LogSource.Covers(s.LogSource) {
				out[i].Sources = append(out[i].Sources, s.LogSource)
			}
		}
	}
	for _, v := range e.views {
		for _, r := range v.rules {
			if v.possible(r.root) {
				possible[r.rule] = true
			} else {
				lacking[r.rule] = v.absent(r.root, nil)
			}
		}
	}
	for i := range out {
		switch {
		case e.closed[i] != "":
			out[i].Never = fmt.Sprintf("the placeholder %%%s%% has no values: give it some", e.closed[i])
		case len(out[i].Sources) == 0 && !possible[i]:
			out[i].Never = fmt.Sprintf("no pipeline has the log source %s: add one that names it", e.rules[i].LogSource)
		case !possible[i]:
			out[i].Never = fmt.Sprintf("the pipelines of %s have no field for %s", e.rules[i].LogSource, strings.Join(lacking[i], ", "))
		}
	}
	return out
}

// possible says whether a node can hold when fields without candidates have no
// value.
func (v *view) possible(n int32) bool {
	node := &v.nodes[n]
	if node.op == opAsk {
		p := &v.asks[node.at]
		return p.sort != askNothing && (p.sort == askNull || v.offered(p.slot))
	}
	count := int32(0)
	for _, k := range v.kidsOf(node) {
		if v.possible(k) {
			count++
		}
	}
	switch node.op {
	case opAnd:
		return count == node.size
	case opOr:
		return count > 0
	case opOf:
		return count >= node.count
	}
	return true // not: what is denied may well be absent
}

func (v *view) offered(slot int32) bool {
	return v.slots[slot].keyword || len(v.slots[slot].candidates) > 0
}

// absent lists the fields for want of which a node cannot hold.
func (v *view) absent(n int32, out []string) []string {
	node := &v.nodes[n]
	if v.possible(n) {
		return out
	}
	if node.op == opAsk {
		name := v.slots[v.asks[node.at].slot].name
		for _, had := range out {
			if had == name {
				return out
			}
		}
		return append(out, name)
	}
	for _, k := range v.kidsOf(node) {
		out = v.absent(k, out)
	}
	return out
}
