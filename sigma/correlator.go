package sigma

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limits of a Correlator. They bound what a flood of groups can cost: beyond
// them the groups that have been quiet longest are forgotten, and counted.
const (
	MaxGroups     = 200_000 // of all correlations together
	maxGroupTimes = 4096    // matches that one group remembers per rule
	maxEvidence   = 50      // events that an alarm names
	maxChain      = 8       // correlations above correlations
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
// event_count and value_count with gt or gte, and the temporal types, are judged
// at every hit over a sliding window and raise one alarm per timespan and group.
// The other conditions can only be judged when a window is over: it begins with
// the group's first hit and ends when the time of the events has passed its end.
//
// Not safe for concurrent use.
type Correlator struct {
	plans  []*correlationPlan
	byRule map[string][]feed
	groups int
	clock  time.Time // latest time of any hit

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
	late    bool // judged when a window is over
	groups  map[string]*group
	aliases map[string][]string // name of a group-by field -> its name in each rule
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
	value string // of the field that is counted
	event string
}

// NewCorrelator prepares correlations over rules. Rules are named by id or name;
// a correlation may stand on another one. What cannot work is left out and named
// in the error, of type [Problems].
func NewCorrelator(correlations []Correlation, rules []Rule) (*Correlator, error) {
	c := &Correlator{byRule: map[string][]feed{}}
	known := names{}
	for i := range correlations {
		known.note(&correlations[i].Rule, false)
	}
	for i := range rules {
		known.note(&rules[i], true)
	}
	var problems Problems
	for i := range correlations {
		p, err := planCorrelation(&correlations[i], i, known)
		if err != nil {
			problems = append(problems, problemOf(err, correlations[i].File, correlations[i].Title))
			continue
		}
		c.plans = append(c.plans, p)
		for k, name := range p.Rules {
			id := known[name].key
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
	if _, taken := n[r.Title]; !taken { // how a correlation made of an aggregation may name its rule
		n[r.Title] = named{r.Key(), plain}
	}
}

func planCorrelation(c *Correlation, index int, known names) (*correlationPlan, error) {
	p := &correlationPlan{Correlation: c, index: index, id: c.Key(), groups: map[string]*group{}, aliases: map[string][]string{}}
	for _, name := range c.Rules {
		r, ok := known[name]
		if !ok {
			return nil, faultf(c.Line, "it needs the rule %q, which is not there: bring it in, or turn this one off", name)
		}
		// A correlation made of an old rule's aggregation shares the id with it.
		if r.key == p.id && !r.plain {
			return nil, faultf(c.Line, "it stands on itself")
		}
	}
	for _, g := range c.GroupBy {
		names := make([]string, len(c.Rules))
		for k := range names {
			names[k] = g
		}
		for _, a := range c.Aliases {
			if a.Name != g {
				continue
			}
			for _, f := range a.Fields {
				for k, r := range c.Rules {
					if known[r] == known[f.Rule] {
						names[k] = f.Field
					}
				}
			}
		}
		p.aliases[g] = names
	}
	p.late = !strings.HasPrefix(c.Type, "temporal") && !rising(c)
	return p, nil
}

// rising says whether more hits can only bring the condition nearer.
func rising(c *Correlation) bool {
	if c.Type != "event_count" && c.Type != "value_count" {
		return false
	}
	for _, t := range c.Conditions {
		if t.Op != "gt" && t.Op != "gte" {
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
	var out []Alarm
	if h.Time.After(c.clock) {
		c.clock = h.Time
		out = c.close(out)
	}
	return c.add(h, 0, out)
}

func (c *Correlator) add(h Hit, depth int, out []Alarm) []Alarm {
	for _, f := range c.byRule[h.Rule] {
		for _, s := range f.plan.take(f.rule, h) {
			g, fresh := f.plan.group(s.group)
			if fresh {
				c.groups++
				c.forget()
			}
			g.note(s.seen, f.plan)
			if f.plan.late {
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
	if strings.HasPrefix(p.Type, "value_") {
		counted = h.Values(p.Field)
		if fields := strings.Split(p.Field, ","); len(fields) > 1 {
			counted = []string{joint(fields, h)}
		}
	}
	var out []part
	for _, g := range groups {
		for _, v := range counted {
			out = append(out, part{g, seen{h.Time, rule, v, h.Event}})
		}
	}
	return out
}

// joint is the value of several fields counted together.
func joint(fields []string, h Hit) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = strings.Join(h.Values(f), "\x00")
	}
	return strings.Join(parts, "\x01")
}

func (p *correlationPlan) group(values []string) (*group, bool) {
	key := strings.ToLower(strings.Join(values, "\x00"))
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
	for drop < len(g.seen) && (g.seen[drop].at.Before(old) || len(g.seen)-drop > maxGroupTimes) {
		drop++
	}
	g.seen = slices.Delete(g.seen, 0, drop)
}

// forget gives up the quietest groups when there are too many.
func (c *Correlator) forget() {
	if c.groups <= MaxGroups {
		return
	}
	var times []time.Time
	for _, p := range c.plans {
		for _, g := range p.groups {
			times = append(times, g.last)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	limit := times[len(times)/10]
	for _, p := range c.plans {
		for key, g := range p.groups {
			if !g.last.After(limit) {
				if g.last.Add(p.Timespan).After(c.clock) {
					c.Forgotten++
				}
				delete(p.groups, key)
				c.groups--
			}
		}
	}
}

// String describes the correlator for logs.
func (c *Correlator) String() string {
	return fmt.Sprintf("%d correlations, %d groups", len(c.plans), c.groups)
}
