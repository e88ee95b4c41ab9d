package sigma

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
)

// compiler is what compiling rules has in common.
type compiler struct {
	opt     Options
	filters []Filter
	regexps map[string]*regexp.Regexp
	wants   map[string][]string // fields that correlations want of a rule, by Rule.Key
}

// try compiles a rule for nothing, to learn whether it can be; open names the
// first placeholder that has no values.
func (cp *compiler) try(r *Rule) (open string, err error) {
	if len(r.Detection.Conditions) == 0 {
		return "", faultf(r.Line, "no condition")
	}
	for _, d := range cp.detections(r) {
		for _, s := range d.Searches {
			for _, g := range s.Any {
				for i := range g {
					if name := cp.open(&g[i]); name != "" && open == "" {
						open = name
					}
				}
			}
		}
	}
	b := &builder{compiler: cp, view: &view{}, slots: map[string]int32{}, asks: map[string]int32{}}
	b.lookup = func(string) [][]int32 { return nil }
	_, err = b.rule(r)
	return open, err
}

func (cp *compiler) detections(r *Rule) []*Detection {
	out := []*Detection{&r.Detection}
	for i := range cp.filters {
		if cp.filters[i].applies(r) {
			out = append(out, &cp.filters[i].Detection)
		}
	}
	return out
}

// item compiles one item of a search.
func (b *builder) item(it *Item) (int32, error) {
	slot := b.slot(it.Field)
	var kids []int32
	whole := map[string]struct{}{}
	for _, v := range it.Values {
		nodes, err := b.value(it, slot, v)
		if err != nil {
			return 0, faultf(it.Line, "%s: %v", it.Field, err)
		}
		for _, n := range nodes {
			if p := b.askOf(n); p != nil && p.sort == askText && p.text.fit == fitWhole && !p.cased && !it.Has(All) {
				whole[string(p.text.lit)] = struct{}{}
			}
		}
		if it.Has(All) {
			nodes = []int32{b.join(opOr, nodes)}
		}
		kids = append(kids, nodes...)
	}
	if len(whole) > 4 {
		kids = slices.DeleteFunc(kids, func(n int32) bool {
			p := b.askOf(n)
			return p != nil && p.sort == askText && p.text.fit == fitWhole && !p.cased
		})
		kids = append(kids, b.ask(predicate{slot: slot, sort: askSet, set: whole}, setKey(whole)))
	}
	op := opOr
	if it.Has(All) {
		op = opAnd
	}
	n := b.join(op, kids)
	if it.Has(NotEqual) {
		n = b.join(opNot, []int32{n})
	}
	return n, nil
}

func (b *builder) askOf(n int32) *predicate {
	if node := &b.view.nodes[n]; node.op == opAsk {
		return &b.view.asks[node.ask]
	}
	return nil
}

func setKey(set map[string]struct{}) string {
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, strconv.Quote(k))
	}
	slices.Sort(keys)
	return strings.Join(keys, ",")
}

// value compiles a value of an item to nodes of which one must hold.
func (b *builder) value(it *Item, slot int32, v Value) ([]int32, error) {
	if v.Kind == Null {
		return []int32{b.ask(predicate{slot: slot, sort: askNull}, "")}, nil
	}
	sort, _ := it.one(sorts)
	switch {
	case sort == Exists:
		n := b.ask(predicate{slot: slot, sort: askExists}, "")
		if v.Text == "false" {
			n = b.join(opNot, []int32{n})
		}
		return []int32{n}, nil
	case sort == FieldRef:
		p := predicate{slot: slot, sort: askField, other: b.slot(v.Text), cased: it.Has(Cased)}
		place, _ := it.one(places)
		p.fit = map[Modifier]fit{StartsWith: fitPrefix, EndsWith: fitSuffix, Contains: fitPart}[place]
		return []int32{b.ask(p, fmt.Sprint(p.fit, " ", v.Text))}, nil
	case slices.Contains(orders, sort) || it.has(calendar):
		p := predicate{slot: slot, sort: askOrder, order: sort}
		p.part, _ = it.one(calendar)
		var ok bool
		if p.num, ok = parseNumber([]byte(v.Text)); !ok {
			return nil, fmt.Errorf("%q is not a decimal number", v.Text)
		}
		return []int32{b.ask(p, string(p.order)+string(p.part)+v.Text)}, nil
	}
	texts, err := b.expand(it, v.Text)
	if err != nil {
		return nil, err
	}
	var out []int32
	for _, s := range texts {
		nodes, err := b.text(it, slot, sort, s)
		if err != nil {
			return nil, err
		}
		out = append(out, nodes...)
	}
	if len(out) == 0 {
		out = append(out, b.ask(predicate{slot: slot, sort: askNothing}, ""))
	}
	return out, nil
}

func (b *builder) text(it *Item, slot int32, sort Modifier, s string) ([]int32, error) {
	switch sort {
	case Regexp:
		n, err := b.regexp(it, slot, s)
		return []int32{n}, err
	case CIDR:
		net, err := parseCIDR(s)
		if err != nil {
			return nil, err
		}
		return []int32{b.ask(predicate{slot: slot, sort: askNet, net: net}, net.String())}, nil
	}
	place, _ := it.one(places)
	if it.Field == "" {
		place = Contains
	}
	patterns, err := encode(it, s)
	if err != nil {
		return nil, err
	}
	var out []int32
	for _, p := range patterns {
		p.widen(place)
		if it.Has(WinDash) {
			p.dash()
		}
		if !it.Has(Cased) {
			p.fold()
		}
		t, err := compileText(p)
		if err != nil {
			return nil, err
		}
		out = append(out, b.ask(predicate{slot: slot, sort: askText, cased: it.Has(Cased), text: t}, fmt.Sprintf("%q", p.pieces)))
	}
	return out, nil
}

// maxProgram bounds the instructions of a regular expression: each byte of a
// value costs so many steps at most.
const maxProgram = 10_000

func (b *builder) regexp(it *Item, slot int32, s string) (int32, error) {
	tree, err := parseRegexp(s, it.Modifiers)
	if err != nil {
		return 0, err
	}
	flags := ""
	for _, m := range it.Modifiers {
		if m == IgnoreCase || m == MultiLine || m == DotAll {
			flags += string(m)
		}
	}
	if flags != "" {
		s = "(?" + flags + ")" + s
	}
	re := b.regexps[s]
	if re == nil {
		prog, err := syntax.Compile(tree.Simplify())
		if err != nil {
			return 0, err
		}
		if len(prog.Inst) > maxProgram {
			return 0, fmt.Errorf("the regular expression %q is too large once its repetitions are written out (%d steps, %d at most)", s, len(prog.Inst), maxProgram)
		}
		if re, err = regexp.Compile(s); err != nil {
			return 0, err
		}
		b.regexps[s] = re
	}
	return b.ask(predicate{slot: slot, sort: askRegexp, re: re, need: required(tree)}, s), nil
}
