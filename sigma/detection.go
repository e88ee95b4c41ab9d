package sigma

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/event"
)

// Limits on one detection.
const (
	maxSearches = 1000
	maxValues   = 50_000  // of all items together
	maxText     = 1 << 16 // bytes of one value
)

// Detection is what a rule looks for: named searches and how they combine.
type Detection struct {
	Searches   []Search // in the order of the file
	Conditions []*Expr  // the rule matches when one of them holds
	Timeframe  string   // of a deprecated aggregation
}

// Search is one named part of a detection: it holds when one of its groups does.
type Search struct {
	Name string
	Any  []Group
	Line int
}

// Group holds when all of its items do.
type Group []Item

// Item compares one field, or with an empty Field every value of the event, with
// values: one of them must fit, or each with the modifier all.
type Item struct {
	Field     string
	Modifiers []Modifier
	Values    []Value
	Line      int
}

// Has says whether the item has a modifier.
func (it *Item) Has(m Modifier) bool {
	for _, have := range it.Modifiers {
		if have == m {
			return true
		}
	}
	return false
}

// Kind is the kind of a value in a rule.
type Kind uint8

// The kinds of values.
const (
	Text   Kind = iota // with Sigma's wildcards * and ? and the escape \
	Number             // in decimal
	Bool               // "true" or "false"
	Null               // the field has no value
)

// Value is one value of an item.
type Value struct {
	Kind Kind
	Text string // as the rule has it
}

func readDetection(n *node) (Detection, []*aggregation, error) {
	var d Detection
	if n.kind != mapping {
		return d, nil, faultf(n.line, "detection is a mapping of searches and a condition, this is a %s", n.kind)
	}
	budget := maxValues
	for _, p := range n.pairs {
		switch p.key {
		case "condition":
			continue
		case "timeframe":
			d.Timeframe = p.value.text
			continue
		}
		s, err := readSearch(p, &budget)
		if err != nil {
			return d, nil, err
		}
		if d.Searches = append(d.Searches, s); len(d.Searches) > maxSearches {
			return d, nil, faultf(p.line, "more than %d searches", maxSearches)
		}
	}
	aggregations, err := d.readConditions(n)
	return d, aggregations, err
}

func (d *Detection) readConditions(n *node) ([]*aggregation, error) {
	texts := n.strings("condition")
	if len(texts) == 0 {
		return nil, faultf(n.line, "detection has no condition: say which searches must hold")
	}
	line := n.get("condition").line
	var aggregations []*aggregation
	for _, text := range texts {
		text, agg, err := cutAggregation(text)
		if err != nil {
			return nil, faultf(line, "condition: %v", err)
		}
		expr, err := ParseCondition(text)
		if err == nil {
			err = expr.resolve(d.Searches)
		}
		if err != nil {
			return nil, faultf(line, "condition: %v", err)
		}
		d.Conditions = append(d.Conditions, expr)
		if agg != nil {
			aggregations = append(aggregations, agg)
		}
	}
	if len(aggregations) > 0 && len(aggregations) < len(texts) {
		return nil, faultf(line, "some conditions aggregate and some do not: make rules of their own of them")
	}
	return aggregations, nil
}

func readSearch(p pair, budget *int) (Search, error) {
	s := Search{Name: p.key, Line: p.line}
	if p.value.kind != list {
		g, err := readGroup(p.value, budget)
		s.Any = []Group{g}
		return s, wrap(err, p.key)
	}
	var words []*node
	for _, item := range p.value.items {
		if item.kind == scalar {
			words = append(words, item)
			continue
		}
		g, err := readGroup(item, budget)
		if err != nil {
			return s, wrap(err, p.key)
		}
		s.Any = append(s.Any, g)
	}
	if len(words) > 0 {
		item, err := readItem(pair{"", p.line, &node{kind: list, items: words, line: p.line}}, budget)
		if err != nil {
			return s, wrap(err, p.key)
		}
		s.Any = append(s.Any, Group{item})
	}
	if len(s.Any) == 0 {
		return s, faultf(p.line, "search %q is empty", p.key)
	}
	return s, nil
}

func wrap(err error, search string) error {
	if f, ok := err.(*fault); ok {
		return &fault{f.line, fmt.Sprintf("search %q: %s", search, f.text)}
	}
	return err
}

// readGroup reads a mapping of items, or one keyword.
func readGroup(n *node, budget *int) (Group, error) {
	switch n.kind {
	case scalar:
		item, err := readItem(pair{"", n.line, n}, budget)
		return Group{item}, err
	case list:
		return nil, faultf(n.line, "a list inside of a list: write one list")
	}
	var g Group
	for _, p := range n.pairs {
		item, err := readItem(p, budget)
		if err != nil {
			return nil, err
		}
		g = append(g, item)
	}
	if len(g) == 0 {
		return nil, faultf(n.line, "an empty mapping matches nothing: name a field")
	}
	return g, nil
}

func readItem(p pair, budget *int) (Item, error) {
	it := Item{Line: p.line}
	var err error
	if it.Field, it.Modifiers, err = parseKey(p.key); err != nil {
		return it, faultf(p.line, "%v", err)
	}
	values := []*node{p.value}
	if p.value.kind == list {
		values = p.value.items
	}
	if len(values) == 0 {
		return it, faultf(p.line, "%q has no value", p.key)
	}
	if *budget -= len(values); *budget < 0 {
		return it, faultf(p.line, "more than %d values in one rule: make several of it", maxValues)
	}
	for _, n := range values {
		v, err := readValue(n)
		if err != nil {
			return it, err
		}
		if it.Has(Exists) {
			v = v.truth()
		}
		it.Values = append(it.Values, v)
	}
	if err := it.check(); err != nil {
		return it, faultf(p.line, "%q: %v", p.key, err)
	}
	return it, nil
}

func readValue(n *node) (Value, error) {
	if n.kind != scalar {
		return Value{}, faultf(n.line, "a value is a text, number, true, false or null, this is a %s", n.kind)
	}
	if len(n.text) > maxText {
		return Value{}, faultf(n.line, "a value longer than %d bytes", maxText)
	}
	switch n.tag {
	case "!!null":
		return Value{Kind: Null}, nil
	case "!!bool":
		return Value{Bool, strings.ToLower(n.text)}, nil
	case "!!int", "!!float":
		return Value{Number, decimal(n.text)}, nil
	}
	return Value{Text, n.text}, nil
}

// truth makes a boolean of the words that older YAML took for one.
func (v Value) truth() Value {
	switch strings.ToLower(v.Text) {
	case "true", "yes", "on":
		return Value{Bool, "true"}
	case "false", "no", "off":
		return Value{Bool, "false"}
	}
	return v
}

// decimal spells a YAML number as logs do: 0x10 and 0b10000 are 16. What is no
// number after all (".inf") stays as it is.
func decimal(text string) string {
	clean := strings.ReplaceAll(text, "_", "")
	digits := strings.TrimLeft(clean, "+-0123456789")
	if digits == "" && !strings.HasPrefix(clean, "+") {
		return clean
	}
	if i, err := strconv.ParseInt(clean, 0, 64); err == nil {
		return strconv.FormatInt(i, 10)
	}
	if f, err := strconv.ParseFloat(clean, 64); err == nil {
		return string(event.AppendFloat(nil, f))
	}
	return text
}
