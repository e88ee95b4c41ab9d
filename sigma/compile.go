package sigma

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Compiler compiles rules, and keeps what it made of each, and of those for one log
// source, until the next time: with the same rules again but for a few, it is done
// anew for these only. Rules are the same when they are of the same run of Parse, of
// which nothing may be changed then. The zero value is ready; not safe for concurrent
// use.
type Compiler struct {
	made         made
	number       int // of drafts so far
	placeholders map[string][]string
}

// made is what compiling has made that does not hang on the other rules.
type made struct {
	drafts map[detectionKey]*draft
	views  map[string]*view // by the drafts in them
}

// compiler is what compiling rules once has in common.
type compiler struct {
	opt         Options
	filters     []Filter
	regexps     map[string]*expression
	texts       map[string][]compiled
	sets        map[string]*textSet
	number      int // of the next draft
	before, now made

	drafts []*draft   // by rule of the engine
	wants  [][]string // by the same: fields that correlations want of it besides
}

// Compile is the function Compile.
func (c *Compiler) Compile(rules Collection, opt Options) (*Engine, error) {
	if !maps.EqualFunc(c.placeholders, opt.Placeholders, slices.Equal) {
		*c = Compiler{placeholders: maps.Clone(opt.Placeholders)}
	}
	cp := &compiler{
		opt: opt, filters: rules.Filters, regexps: map[string]*expression{}, texts: map[string][]compiled{}, sets: map[string]*textSet{},
		number: c.number, before: c.made, now: made{map[detectionKey]*draft{}, map[string]*view{}},
	}
	e, err := cp.compile(rules)
	c.made, c.number = cp.now, cp.number
	return e, err
}

// viewKey tells views apart by their rules, in order, and what correlations want of these.
func (cp *compiler) viewKey(rules []int32) string {
	var key []byte
	for _, i := range rules {
		key = binary.AppendUvarint(key, uint64(cp.drafts[i].number))
		key = binary.AppendUvarint(key, uint64(len(cp.wants[i])))
		for _, f := range cp.wants[i] {
			key = binary.AppendUvarint(key, uint64(len(f)))
			key = append(key, f...)
		}
	}
	return string(key)
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
	for _, v := range it.Values {
		nodes, err := b.value(it, slot, v)
		if err != nil {
			return 0, faultf(it.Line, "%s: %v", it.Field, err)
		}
		if it.Has(All) {
			nodes = []int32{b.join(opOr, nodes)}
		}
		kids = append(kids, nodes...)
	}
	if !it.Has(All) {
		kids = b.gather(slot, kids)
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

// gather makes one predicate of many whole texts, and one each of many parts,
// beginnings and ends.
func (b *builder) gather(slot int32, kids []int32) []int32 {
	var rest []int32
	var wholes []string
	nodes := map[fit][]int32{}
	texts := map[fit][]string{}
	for _, n := range kids {
		p := b.askOf(n)
		if p == nil || p.sort != askText || p.cased || p.text.fit > fitPart || p.text.fit == fitPart && len(p.text.lit) < gram {
			rest = append(rest, n)
			continue
		}
		nodes[p.text.fit] = append(nodes[p.text.fit], n)
		texts[p.text.fit] = append(texts[p.text.fit], string(p.text.lit))
	}
	if wholes = texts[fitWhole]; len(wholes) > 4 {
		set := map[string]struct{}{}
		for _, s := range wholes {
			set[s] = struct{}{}
		}
		nodes[fitWhole] = []int32{b.ask(predicate{slot: slot, sort: askSet, set: set, gate: -1}, setKey(set))}
	}
	for _, place := range []fit{fitPrefix, fitSuffix, fitPart} {
		if list := texts[place]; len(list) >= 6 {
			slices.Sort(list)
			list = slices.Compact(list)
			key := fmt.Sprintf("%d %q", place, list)
			if b.sets[key] == nil {
				b.sets[key] = newTextSet(place, list)
			}
			nodes[place] = []int32{b.ask(predicate{slot: slot, sort: askTexts, texts: b.sets[key], gate: -1}, key)}
		}
	}
	return slices.Concat(nodes[fitWhole], nodes[fitPrefix], nodes[fitSuffix], nodes[fitPart], rest)
}

func (b *builder) askOf(n int32) *predicate {
	if node := &b.draft.nodes[n]; node.op == opAsk {
		return &b.draft.asks[node.at]
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
		return []int32{b.ask(predicate{slot: slot, sort: askNull, gate: -1}, "")}, nil
	}
	sort, _ := it.one(sorts)
	switch {
	case sort == Exists:
		n := b.ask(predicate{slot: slot, sort: askExists, gate: -1}, "")
		if v.Text == "false" {
			n = b.join(opNot, []int32{n})
		}
		return []int32{n}, nil
	case sort == FieldRef:
		p := predicate{slot: slot, gate: -1, sort: askField, other: b.slot(v.Text), cased: it.Has(Cased)}
		place, _ := it.one(places)
		p.fit = map[Modifier]fit{StartsWith: fitPrefix, EndsWith: fitSuffix, Contains: fitPart}[place]
		return []int32{b.ask(p, fmt.Sprint(p.fit, " ", v.Text))}, nil
	case slices.Contains(orders, sort) || it.has(calendar):
		p := predicate{slot: slot, gate: -1, sort: askOrder, order: sort}
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
		out = append(out, b.ask(predicate{slot: slot, sort: askNothing, gate: -1}, ""))
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
		return []int32{b.ask(predicate{slot: slot, sort: askNet, net: net, gate: -1}, net.String())}, nil
	}
	texts, err := b.compileTexts(it, s)
	if err != nil {
		return nil, err
	}
	var out []int32
	for _, c := range texts {
		p := predicate{slot: slot, sort: askText, cased: it.Has(Cased), text: c.text, gate: -1, alien: !ascii(c.text.lit)}
		if c.text.fit == fitGlob {
			if lead, ok := clueOfText(&c.text, p.cased); ok && lead.sort == cluePart {
				p.gate = b.part(slot, []byte(lead.lit))
			}
		}
		out = append(out, b.ask(p, c.key))
	}
	return out, nil
}

// compiled is a text and what tells it from others.
type compiled struct {
	text text
	key  string
}

// compileTexts makes of one text of a rule the texts of which one must fit.
func (cp *compiler) compileTexts(it *Item, s string) ([]compiled, error) {
	place, _ := it.one(places)
	if it.Field == "" {
		place = Contains
	}
	memo := string(place) + "|" + s
	for _, m := range it.Modifiers {
		memo += "|" + string(m)
	}
	if out, ok := cp.texts[memo]; ok {
		return out, nil
	}
	patterns, err := encode(it, s)
	if err != nil {
		return nil, err
	}
	var out []compiled
	for _, p := range patterns {
		p.widen(place)
		if !it.Has(Cased) {
			p.fold()
		}
		t, err := compileText(p)
		if err != nil {
			return nil, err
		}
		out = append(out, compiled{t, p.key()})
	}
	cp.texts[memo] = out
	return out, nil
}

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
		if re, err = newExpression(s, tree); err != nil {
			return 0, err
		}
		b.regexps[s] = re
	}
	p := predicate{slot: slot, sort: askRegexp, re: re, need: re.need, gate: -1}
	if len(re.need) == 1 && len(re.need[0]) >= gram {
		p.gate = b.part(slot, re.need[0])
	}
	return b.ask(p, s), nil
}

// part returns the predicate that a text is part of a value.
func (b *builder) part(slot int32, lit []byte) int32 {
	t := text{fit: fitPart, lit: lit}
	p := pattern{[]piece{nil, nil, nil}}
	for _, r := range string(lit) {
		p.pieces[1] = append(p.pieces[1], element{exactly, r})
	}
	n := b.ask(predicate{slot: slot, sort: askText, text: t, gate: -1}, p.key())
	return b.draft.nodes[n].at
}
