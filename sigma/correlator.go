package sigma

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limits of a Correlator. They bound what a flood of groups can cost: beyond them
// groups are forgotten, and counted, of the correlation that has most of them.
const (
	MaxGroups     = 200_000   // of all correlations together
	MaxHits       = 1_000_000 // that all groups together remember
	maxGroupTimes = 4096      // matches that one group remembers, unless its condition counts further
	minGroupTimes = 64        // the same where memory is short
	maxCount      = 100_000   // what a condition may count to
	maxEvidence   = 50        // events that an alarm names
	maxChain      = 8         // correlations above correlations
)

// Hit is a match of a rule as correlations see it.
type Hit struct {
	Rule  string // Rule.Key
	Time  time.Time
	Event string // names the event; kept as evidence
	// Values returns the values of a Sigma field in the event, as text.
	Values func(field string) []string
}

// Alarm says that a correlation holds.
type Alarm struct {
	Correlation int       // index in what NewCorrelator was given
	Group       []string  // values of the group-by fields, in their order
	First, Last time.Time // of the events it rests on
	Count       float64   // what was compared with the condition
	Events      []string  // evidence, oldest first, at most 50
}

// Correlator keeps what correlations need to remember. It goes by the time of
// the events, not by the clock, and takes them in any order within the timespan.
//
// event_count, value_count and value_sum with gt or gte, and the temporal types,
// are judged at every hit over a sliding window and raise one alarm per timespan
// and group. The other conditions can only be judged when a window is over: it
// begins with the group's first hit and ends when the time of the events has passed
// its end (a later hit or Pass tells), or with End. Such an alarm may come with a hit
// that is none of its own: its events say what it is about.
//
// Not safe for concurrent use.
type Correlator struct {
	plans  []*correlationPlan
	byRule map[string][]feed
	groups int
	noted  int       // hits that groups may remember: no fewer than they do
	clock  time.Time // latest time of any hit, or of Pass
	due    time.Time // when the first window ends that is judged then; zero for none

	// Forgotten counts groups that had to be given up for memory.
	Forgotten int
}

// feed is a rule's part in a correlation.
type feed struct {
	plan *correlationPlan
	rule int // index in the correlation's Rules
}

type correlationPlan struct {
	*Correlation
	index   int
	id      string
	late    bool     // judged when a window is over
	old     bool     // it was followed before: Copy or Restore knew it
	keep    int      // hits that a group remembers
	enough  int      // of these, where memory is short
	need    int      // rules that a temporal correlation wants to see together
	terms   []term   // or which of them; nil for any
	keys    []string // Rule.Key of each of its Rules
	groups  map[string]*group
	aliases map[string][]string // name of a field that is grouped by or counted -> its name in each rule
	counted []string            // the fields that are counted
}

// group is what one correlation remembers of one group.
type group struct {
	values []string
	seen   []seen    // by time
	raised time.Time // time of the event that raised the last alarm
	last   time.Time
}

// seen is one hit in a group.
type seen struct {
	at    time.Time
	rule  int
	value string // of the field that is counted, folded
	event string
}

// NewCorrelator prepares correlations over rules. Rules are named by id or name;
// a correlation may stand on another one. What cannot work is left out and named
// in the error, of type [Problems]; so is what stands on that. left is what was left
// out before, whose reasons are told of the correlations that stand on it.
func NewCorrelator(correlations []Correlation, rules []Rule, left ...*Problem) (*Correlator, error) {
	c := &Correlator{byRule: map[string][]feed{}}
	known := names{}
	all := map[string]*Correlation{}
	for i := range correlations {
		known.note(&correlations[i].Rule, false)
		all[correlations[i].Key()] = &correlations[i]
	}
	for i := range rules {
		known.note(&rules[i], true)
	}
	why := map[string]string{}     // by what correlations call it
	refused := map[string]string{} // correlations by their key: why
	for _, p := range left {
		for _, name := range p.Names {
			why[name] = p.Text
		}
	}
	var problems Problems
	refuse := func(r *Rule, err error) {
		problems = append(problems, problemOf(err, r))
		refused[r.Key()] = err.Error()
	}
	var plans []*correlationPlan
	for i := range correlations {
		p, err := planCorrelation(&correlations[i], i, known, why)
		if err == nil {
			err = correlations[i].circle(known, all)
		}
		if err != nil {
			refuse(&correlations[i].Rule, err)
			continue
		}
		plans = append(plans, p)
	}
	for n := -1; n != len(plans); { // one may stand on others
		n = len(plans)
		plans = slices.DeleteFunc(plans, func(p *correlationPlan) bool {
			for _, name := range p.Rules {
				if on := known[name]; !on.plain && refused[on.key] != "" {
					refuse(&p.Rule, faultf(p.Line, missing, name, refused[on.key]))
					return true
				}
			}
			return false
		})
	}
	for _, p := range plans {
		c.plans = append(c.plans, p)
		for k, name := range p.Rules {
			id := known[name].key
			p.keys = append(p.keys, id)
			c.byRule[id] = append(c.byRule[id], feed{p, k})
		}
	}
	if len(problems) > 0 {
		return c, problems
	}
	return c, nil
}

// names finds what correlations name: rules and correlations by id or name.
type names map[string]named

type named struct {
	key   string
	plain bool // a rule, no correlation
}

func (n names) note(r *Rule, plain bool) {
	for _, k := range []string{r.ID, r.Name} {
		if k != "" {
			n[k] = named{r.Key(), plain}
		}
	}
	// How a correlation made of an aggregation may name its rule, with which it shares the title.
	if was, taken := n[r.Title]; !taken || plain && !was.plain {
		n[r.Title] = named{r.Key(), plain}
	}
}

// missing tells of a rule, or correlation, that was left out, and why.
const missing = "it needs the rule %q, which was left out: %s"

func planCorrelation(c *Correlation, index int, known names, left map[string]string) (*correlationPlan, error) {
	p := &correlationPlan{Correlation: c, index: index, id: c.Key(), groups: map[string]*group{}, aliases: map[string][]string{}}
	for _, name := range c.Rules {
		on, ok := known[name]
		if own := ok && !on.plain && on.key == c.Key(); !ok || own { // an aggregation has the names of its rule
			if why := left[name]; why != "" {
				return nil, faultf(c.Line, missing, name, why)
			}
		}
		if !ok {
			return nil, faultf(c.Line, "it needs the rule %q, which is not there: bring it in, or turn this one off", name)
		}
	}
	for _, a := range c.Aliases {
		for _, f := range a.Fields {
			if !slices.ContainsFunc(c.Rules, func(r string) bool { return known[r] == known[f.Rule] }) {
				return nil, faultf(c.Line, "alias %s: %q is not one of the correlation's rules", a.Name, f.Rule)
			}
		}
	}
	if c.Field != "" {
		p.counted = strings.Split(c.Field, ",")
	}
	for _, g := range slices.Concat(c.GroupBy, p.counted) {
		p.aliases[g] = c.fieldNames(g, known)
	}
	var err error
	if p.terms, err = c.terms(); err != nil {
		return nil, faultf(c.Line, "condition: %v", err)
	}
	p.late = !p.rising()
	p.keep, p.enough = maxGroupTimes, minGroupTimes
	for _, t := range c.Conditions {
		if strings.HasSuffix(c.Type, "_count") {
			p.keep, p.enough = max(p.keep, 2*int(t.Value)+4), max(p.enough, 2*int(t.Value)+4)
		}
	}
	if c.temporal() && p.terms == nil {
		for p.need = 1; !p.holds(float64(p.need)); p.need++ {
			if p.need == len(c.Rules) {
				return nil, faultf(c.Line, "its condition never holds: what is counted are its rules, and it has %d", len(c.Rules))
			}
		}
	}
	return p, nil
}

// circle says whether the correlation stands on itself, through others or not. One
// made of an old rule's aggregation shares the id with that rule.
func (c *Correlation) circle(known names, all map[string]*Correlation) error {
	seen := map[string]bool{}
	below := []*Correlation{c}
	for len(below) > 0 {
		x := below[0]
		below = below[1:]
		for _, name := range x.Rules {
			r := known[name]
			switch {
			case r.plain || r.key == "":
			case r.key == c.Key() && x == c:
				return faultf(c.Line, "it stands on itself")
			case r.key == c.Key():
				return faultf(c.Line, "it stands on itself, by way of %q", x.Title)
			case !seen[r.key]:
				seen[r.key] = true
				below = append(below, all[r.key])
			}
		}
	}
	return nil
}

// fieldNames returns what a field is called in the events of each rule.
func (c *Correlation) fieldNames(field string, known names) []string {
	out := make([]string, len(c.Rules))
	for k := range out {
		out[k] = field
	}
	for _, a := range c.Aliases {
		if a.Name != field {
			continue
		}
		for _, f := range a.Fields {
			for k, r := range c.Rules {
				if known[r] == known[f.Rule] {
					out[k] = f.Field
				}
			}
		}
	}
	return out
}

// rising says whether more hits can only bring the condition nearer.
func (p *correlationPlan) rising() bool {
	if p.terms != nil {
		return !slices.ContainsFunc(p.terms, func(t term) bool { return t.not != 0 })
	}
	temporal := p.temporal()
	if !temporal && p.Type != "event_count" && p.Type != "value_count" && p.Type != "value_sum" {
		return false
	}
	for _, t := range p.Conditions {
		all := temporal && t.Op == "eq" && t.Value == float64(len(p.Rules)) // there are no more
		if t.Op != "gt" && t.Op != "gte" && !all {
			return false
		}
	}
	return true
}

// Wants says whether any correlation stands on the rule.
func (c *Correlator) Wants(rule string) bool { return len(c.byRule[rule]) > 0 }

// Has says whether the correlation of that index is followed; it is not when it
// was named in the error of NewCorrelator.
func (c *Correlator) Has(correlation int) bool {
	return slices.ContainsFunc(c.plans, func(p *correlationPlan) bool { return p.index == correlation })
}

// Len returns the number of correlations and of groups they remember.
func (c *Correlator) Len() (correlations, groups int) { return len(c.plans), c.groups }

// Span returns the longest timespan: what happened longer ago than twice this
// is remembered by none.
func (c *Correlator) Span() time.Duration {
	var longest time.Duration
	for _, p := range c.plans {
		longest = max(longest, p.Timespan)
	}
	return longest
}

// Add takes one hit and returns what it raises.
func (c *Correlator) Add(h Hit) []Alarm {
	return c.add(h, 0, c.Pass(h.Time))
}

// Pass says that the time of the events has come to t, and returns what the windows
// that are over raise.
func (c *Correlator) Pass(t time.Time) []Alarm {
	if !t.After(c.clock) {
		return nil
	}
	if c.clock = t; c.due.IsZero() || !t.After(c.due) {
		return nil
	}
	return c.close(t, nil)
}

// expect notes when the first window of a group ends.
func (c *Correlator) expect(p *correlationPlan, g *group) {
	if !p.late || len(g.seen) == 0 {
		return
	}
	if end := g.seen[0].at.Add(p.Timespan); c.due.IsZero() || end.Before(c.due) {
		c.due = end
	}
}

func (c *Correlator) add(h Hit, depth int, out []Alarm) []Alarm {
	for _, f := range c.byRule[h.Rule] {
		for _, s := range f.plan.take(f.rule, h) {
			g, fresh := f.plan.group(s.group)
			if fresh {
				c.groups++
			}
			g.note(s.seen, f.plan)
			c.noted++
			c.forget()
			if f.plan.late {
				c.expect(f.plan, g)
				continue
			}
			if a, ok := f.plan.judge(g, s.at); ok {
				out = c.raise(f.plan, a, h, depth, out)
			}
		}
	}
	return out
}

// raise notes an alarm and hands it to the correlations above.
func (c *Correlator) raise(p *correlationPlan, a Alarm, h Hit, depth int, out []Alarm) []Alarm {
	out = append(out, a)
	if depth >= maxChain || p.id == "" || p.id == h.Rule || len(c.byRule[p.id]) == 0 {
		return out
	}
	values := map[string][]string{}
	for i, name := range p.GroupBy {
		values[name] = []string{a.Group[i]}
	}
	return c.add(Hit{Rule: p.id, Time: a.Last, Event: strings.Join(a.Events[max(0, len(a.Events)-1):], ""), Values: func(field string) []string {
		if v, ok := values[field]; ok || h.Values == nil {
			return v
		}
		return h.Values(field)
	}}, depth+1, out)
}

// part is a hit's contribution to one group.
type part struct {
	group []string
	seen
}

// take says which groups a hit belongs to: none when a group-by field is absent,
// one for each combination of values otherwise, at most 16.
func (p *correlationPlan) take(rule int, h Hit) []part {
	groups := [][]string{nil}
	for _, name := range p.GroupBy {
		values := h.Values(p.aliases[name][rule])
		var next [][]string
		for _, g := range groups {
			for _, v := range values {
				if len(next) < 16 {
					next = append(next, append(slices.Clip(g), v))
				}
			}
		}
		groups = next
	}
	counted := []string{""}
	switch len(p.counted) {
	case 0:
	case 1:
		counted = h.Values(p.aliases[p.counted[0]][rule])
	default:
		counted = p.joint(rule, h)
	}
	var out []part
	for _, g := range groups {
		for _, v := range counted {
			out = append(out, part{g, seen{h.Time, rule, folded(v), h.Event}})
		}
	}
	return out
}

// joint is the value of several fields counted together: none when one is absent.
func (p *correlationPlan) joint(rule int, h Hit) []string {
	parts := make([]string, len(p.counted))
	for i, f := range p.counted {
		values := h.Values(p.aliases[f][rule])
		if len(values) == 0 {
			return nil
		}
		parts[i] = strings.Join(values, "\x00")
	}
	return []string{strings.Join(parts, "\x01")}
}

func (p *correlationPlan) group(values []string) (*group, bool) {
	key := folded(strings.Join(values, "\x00"))
	g := p.groups[key]
	if g != nil {
		return g, false
	}
	g = &group{values: values}
	p.groups[key] = g
	return g, true
}

// note adds a hit in the order of time and drops what no window can reach.
func (g *group) note(s seen, p *correlationPlan) {
	i, _ := slices.BinarySearchFunc(g.seen, s, func(a, b seen) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.rule, b.rule), cmp.Compare(a.value, b.value), cmp.Compare(a.event, b.event))
	})
	if i < len(g.seen) && g.seen[i] == s {
		return // the same event again
	}
	g.seen = slices.Insert(g.seen, i, s)
	if s.at.After(g.last) {
		g.last = s.at
	}
	old := g.last.Add(-2 * p.Timespan)
	drop := 0
	for drop < len(g.seen) && g.seen[drop].at.Before(old) {
		drop++
	}
	if g.seen = slices.Delete(g.seen, 0, drop); len(g.seen) > p.keep {
		g.thin(p, p.keep/2)
	}
}

// String describes the correlator for logs.
func (c *Correlator) String() string {
	return fmt.Sprintf("%d correlations, %d groups", len(c.plans), c.groups)
}
