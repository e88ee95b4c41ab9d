package sigma

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Correlation asks for several matches that belong together.
type Correlation struct {
	Rule              // its metadata; LogSource and Detection are empty
	Type     string   // one of CorrelationTypes
	Rules    []string // ids or names
	GroupBy  []string
	Timespan time.Duration
	// Conditions hold all; empty for temporal correlations, which want every rule.
	Conditions []Threshold
	// Combination says which rules a temporal correlation wants, and which it does not
	// ("a and (b or not c)"); "" for all, or as many as Conditions say.
	Combination string
	Field       string  // whose values the value_ types look at
	Percentile  float64 // of value_percentile
	Aliases     []Alias
	Generate    bool // the rules also raise their own matches
}

// Threshold compares the count or value of a group.
type Threshold struct {
	Op    string // gt, gte, lt, lte, eq, neq
	Value float64
}

// Alias gives one name to fields that rules call differently.
type Alias struct {
	Name   string
	Fields []RuleField
}

// RuleField is the field of one rule, which is named by id or name.
type RuleField struct{ Rule, Field string }

// CorrelationTypes are the types of the specification.
var CorrelationTypes = []string{
	"event_count", "value_count", "temporal", "temporal_ordered",
	"value_sum", "value_avg", "value_percentile", "value_median",
}

var correlationKeys = []string{"type", "rules", "group-by", "timespan", "condition", "aliases", "generate"}

func readCorrelation(root *node, file string) (Correlation, error) {
	c := Correlation{Rule: Rule{File: file, Line: root.line}}
	c.metadata(root, append(ruleKeys, "correlation"))
	n := root.get("correlation")
	if n.kind != mapping {
		return c, faultf(n.line, "correlation is a mapping, this is a %s", n.kind)
	}
	if c.Title == "" {
		return c, faultf(root.line, "no title")
	}
	c.Type, c.Rules, c.GroupBy = n.scalar("type"), n.strings("rules"), n.strings("group-by")
	if !slices.Contains(CorrelationTypes, c.Type) {
		return c, faultf(n.line, "type %q is not one of %s", c.Type, strings.Join(CorrelationTypes, ", "))
	}
	for _, p := range n.pairs {
		if !slices.Contains(correlationKeys, p.key) {
			return c, faultf(p.line, "a correlation has no %q, only %s", p.key, strings.Join(correlationKeys, ", "))
		}
	}
	for _, at := range []*node{n.get("generate"), root.get("generate")} {
		if at == nil || at.text == "" {
			continue
		}
		v := Value{Text: at.text}.truth()
		if v.Kind != Bool {
			return c, faultf(at.line, "generate is true or false, not %q", at.text)
		}
		c.Generate = c.Generate || v.Text == "true"
	}
	var err error
	if c.Timespan, err = parseTimespan(n.scalar("timespan")); err != nil {
		return c, faultf(n.line, "timespan: %v", err)
	}
	if err := c.readCondition(n); err != nil {
		return c, err
	}
	if len(c.Rules) == 0 {
		return c, faultf(n.line, "the correlation names no rules")
	}
	return c, c.readAliases(n.get("aliases"))
}

var thresholds = []string{"gt", "gte", "lt", "lte", "eq", "neq"}

func (c *Correlation) readCondition(n *node) error {
	cond := n.get("condition")
	if cond == nil {
		if c.temporal() {
			return nil
		}
		return faultf(n.line, "%s needs a condition such as {gte: 10}", c.Type)
	}
	if cond.kind == scalar && c.temporal() {
		if err := c.combine(cond.text); err != nil {
			return faultf(cond.line, "condition: %v", err)
		}
		return nil
	}
	if cond.kind != mapping {
		return faultf(cond.line, "the condition of a correlation is a mapping such as {gte: 10}")
	}
	for _, p := range cond.pairs {
		switch {
		case p.key == "field":
			if fields := cond.strings("field"); len(fields) > 0 {
				c.Field = strings.Join(fields, ",")
			}
			continue
		case !slices.Contains(append(thresholds, "percentile"), p.key):
			return faultf(p.line, "condition: %q is not field, percentile or one of %s", p.key, strings.Join(thresholds, ", "))
		}
		v, err := strconv.ParseFloat(p.value.text, 64)
		if err != nil {
			return faultf(p.line, "condition: %s: %q is not a number", p.key, p.value.text)
		}
		if p.key == "percentile" {
			if c.Percentile = v; v < 0 || v > 100 {
				return faultf(p.line, "condition: percentile: %q is not from 0 to 100", p.value.text)
			}
			continue
		}
		if v > maxCount && strings.HasSuffix(c.Type, "_count") {
			return faultf(p.line, tooMany, maxCount)
		}
		c.Conditions = append(c.Conditions, Threshold{p.key, v})
	}
	if len(c.Conditions) == 0 && !c.temporal() {
		return faultf(cond.line, "the condition compares with nothing: one of %s", strings.Join(thresholds, ", "))
	}
	if strings.HasPrefix(c.Type, "value_") && c.Field == "" {
		return faultf(cond.line, "%s needs a field in its condition", c.Type)
	}
	if c.Type == "value_percentile" && cond.get("percentile") == nil {
		return faultf(cond.line, "value_percentile does not say which: add percentile: 95 to its condition")
	}
	return nil
}

func (c *Correlation) temporal() bool { return strings.HasPrefix(c.Type, "temporal") }

func (c *Correlation) readAliases(n *node) error {
	if n == nil {
		return nil
	}
	if n.kind != mapping {
		return faultf(n.line, "aliases is a mapping, this is a %s", n.kind)
	}
	for _, p := range n.pairs {
		if p.value.kind != mapping {
			return faultf(p.line, "alias %s: want what the field is called for each rule, such as {%s: SourceIp}", p.key, c.Rules[0])
		}
		a := Alias{Name: p.key}
		for _, q := range p.value.pairs {
			if q.value.kind != scalar {
				return faultf(q.line, "alias %s: want the name of a field for the rule %q", p.key, q.key)
			}
			a.Fields = append(a.Fields, RuleField{q.key, q.value.text})
		}
		c.Aliases = append(c.Aliases, a)
	}
	return nil
}

// parseTimespan reads "15m": a number and s, m, h, d, w, M (30 days) or y.
func parseTimespan(s string) (time.Duration, error) {
	const day = 24 * time.Hour
	units := map[byte]time.Duration{
		's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': day, 'w': 7 * day, 'M': 30 * day, 'y': 365 * day,
	}
	if s == "" {
		return 0, faultf(0, "missing: a number and s, m, h, d, w, M or y, such as 15m")
	}
	n, err := strconv.ParseInt(strings.TrimSpace(s[:len(s)-1]), 10, 32)
	unit := units[s[len(s)-1]]
	if err != nil || n < 1 || unit == 0 || n > int64(10*365*day/unit) {
		return 0, faultf(0, "%q: want a number and s, m, h, d, w, M or y, such as 15m, ten years at most", s)
	}
	return time.Duration(n) * unit, nil
}

// Silence makes silent the rules and correlations that correlations of the
// collection stand on: as the specification has it, they raise nothing alone
// unless a correlation says generate.
func (c *Collection) Silence() {
	hush := func(r *Rule, self *Correlation) {
		asked, generate := false, false
		for i := range c.Correlations {
			x := &c.Correlations[i]
			// A correlation made of an old rule's aggregation shares the id with it.
			if x != self && (slices.Contains(x.Rules, r.ID) && r.ID != "" || slices.Contains(x.Rules, r.Name) && r.Name != "") && (self == nil || x.Key() != self.Key()) {
				asked, generate = true, generate || x.Generate
			}
		}
		r.Silent = r.Silent || asked && !generate
	}
	for i := range c.Rules {
		hush(&c.Rules[i], nil)
	}
	for i := range c.Correlations {
		hush(&c.Correlations[i].Rule, &c.Correlations[i])
	}
}

// correlatedFields lists, by Rule.Key, the fields that correlations want of each
// rule besides its own.
func correlatedFields(c Collection) map[string][]string {
	out := map[string][]string{}
	want := map[string][]string{} // by what the correlations call the rule
	for i := range c.Correlations {
		x := &c.Correlations[i]
		fields := slices.Clone(x.GroupBy)
		if x.Field != "" {
			fields = append(fields, strings.Split(x.Field, ",")...)
		}
		for _, name := range x.Rules {
			want[name] = append(want[name], fields...)
		}
		for _, a := range x.Aliases {
			for _, f := range a.Fields {
				want[f.Rule] = append(want[f.Rule], f.Field)
			}
		}
	}
	add := func(r *Rule) bool {
		grown := false
		for _, name := range []string{r.ID, r.Name, r.Title} {
			for _, f := range want[name] {
				if f != "" && !slices.Contains(out[r.Key()], f) {
					out[r.Key()], grown = append(out[r.Key()], f), true
				}
			}
		}
		return grown
	}
	rules := func() {
		for i := range c.Rules {
			add(&c.Rules[i])
		}
	}
	rules()
	// What a correlation above others wants comes from the rules below those.
	for again := true; again; {
		again = false
		for i := range c.Correlations {
			x := &c.Correlations[i]
			if !add(&x.Rule) {
				continue
			}
			for _, name := range x.Rules {
				want[name] = append(want[name], out[x.Key()]...)
			}
			rules()
			again = true
		}
	}
	return out
}
