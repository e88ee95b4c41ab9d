package sigma

import (
	"math"
	"slices"
	"strconv"
	"time"
)

// judge looks at the windows that hold the hit at a time.
func (p *correlationPlan) judge(g *group, at time.Time) (Alarm, bool) {
	if !g.raised.IsZero() && at.Sub(g.raised).Abs() < p.Timespan {
		return Alarm{}, false
	}
	from, to := 0, len(g.seen)
	for from < to && g.seen[from].at.Before(at.Add(-p.Timespan)) {
		from++
	}
	for to > from && g.seen[to-1].at.After(at.Add(p.Timespan)) {
		to--
	}
	near := g.seen[from:to]
	var held []seen
	var n float64
	switch p.Type {
	case "temporal", "temporal_ordered":
		held = p.meet(near, at)
		n = float64(len(held))
	default:
		held, n = p.sliding(near, at)
	}
	if held == nil {
		return Alarm{}, false
	}
	g.raised = at
	return p.alarm(g, held, n), true
}

func (p *correlationPlan) alarm(g *group, held []seen, n float64) Alarm {
	a := Alarm{Correlation: p.index, Group: g.values, First: held[0].at, Last: held[len(held)-1].at, Count: n}
	for _, s := range held[max(0, len(held)-maxEvidence):] {
		if !slices.Contains(a.Events, s.event) {
			a.Events = append(a.Events, s.event)
		}
	}
	return a
}

// sliding finds a window of the timespan, with the hit at a time in it, in which the
// count meets the condition.
func (p *correlationPlan) sliding(near []seen, at time.Time) ([]seen, float64) {
	sums := p.Type == "value_sum"
	if !sums && !p.holds(float64(len(near))) {
		return nil, 0
	}
	start, sum := 0, 0.0
	count := map[string]int{}
	for end := range near {
		if sums {
			sum += amount(near[end].value)
		} else {
			count[near[end].value]++
		}
		for ; near[end].at.Sub(near[start].at) > p.Timespan; start++ {
			v := near[start].value
			if sums {
				sum -= amount(v)
			} else if count[v]--; count[v] == 0 {
				delete(count, v)
			}
		}
		n := float64(end - start + 1)
		switch p.Type {
		case "value_count":
			n = float64(len(count))
		case "value_sum":
			n = sum
		}
		if !near[end].at.Before(at) && !near[start].at.After(at) && p.holds(n) {
			return near[start : end+1], n
		}
	}
	return nil, 0
}

// amount is the number that a value says, 0 for none.
func amount(value string) float64 {
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// holds asks the condition of a count; a temporal correlation without one wants
// all of its rules.
func (p *correlationPlan) holds(n float64) bool {
	if p.terms != nil {
		return n > 0
	}
	if len(p.Conditions) == 0 {
		return n >= float64(len(p.Rules))
	}
	for _, t := range p.Conditions {
		ok := false
		switch t.Op {
		case "gt":
			ok = n > t.Value
		case "gte":
			ok = n >= t.Value
		case "lt":
			ok = n < t.Value
		case "lte":
			ok = n <= t.Value
		case "eq":
			ok = n == t.Value
		case "neq":
			ok = n != t.Value
		}
		if !ok {
			return false
		}
	}
	return true
}

// together finds a window of the timespan that holds as many rules as are wanted;
// it returns the latest hit of each, by time. The window ends at a time or later.
func (p *correlationPlan) together(near []seen, at time.Time) []seen {
	last := make([]int, len(p.Rules))
	for i := range last {
		last[i] = -1
	}
	for end := range near {
		last[near[end].rule] = end
		if near[end].at.Before(at) {
			continue
		}
		var found []int
		for _, i := range last {
			if i >= 0 && near[end].at.Sub(near[i].at) <= p.Timespan {
				found = append(found, i)
			}
		}
		if len(found) < p.need {
			continue
		}
		slices.Sort(found)
		held := make([]seen, 0, len(found))
		for _, i := range found {
			held = append(held, near[i])
		}
		return held
	}
	return nil
}

// inOrder finds hits of as many rules as are wanted one after the other within the
// timespan; a rule that is wanted twice is met by two events. For each rule, and each
// number of rules left out before it, it keeps the chain up to there that began latest.
func (p *correlationPlan) inOrder(near []seen) []seen {
	spare := len(p.Rules) - p.need
	chains := make([][]chain, len(p.Rules))
	for i := range chains {
		chains[i] = make([]chain, spare+1)
	}
	for _, s := range near {
		for out := 0; out <= min(spare, s.rule); out++ {
			var before []seen
			for q := s.rule - 1; q >= 0 && s.rule-q-1 <= out; q-- {
				c := chains[q][out-(s.rule-q-1)].without(s, p.keys)
				if c != nil && s.at.Sub(c[0].at) <= p.Timespan && (before == nil || c[0].at.After(before[0].at)) {
					before = c
				}
			}
			if before == nil && out < s.rule {
				continue
			}
			hits := append(slices.Clip(before), s)
			if len(hits) == p.need {
				return hits
			}
			chains[s.rule][out].set(hits)
		}
	}
	return nil
}

// chain is hits of rules in their order, and what it was before its last event.
type chain struct{ hits, before []seen }

func (c *chain) set(hits []seen) {
	if c.hits != nil && c.hits[len(c.hits)-1].event != hits[len(hits)-1].event {
		c.before = c.hits
	}
	c.hits = hits
}

// without returns the chain as far as the event of a hit is not in it for the same rule.
func (c *chain) without(s seen, keys []string) []seen {
	for _, hits := range [][]seen{c.hits, c.before} {
		if !slices.ContainsFunc(hits, func(h seen) bool { return h.event == s.event && keys[h.rule] == keys[s.rule] }) {
			return hits
		}
	}
	return nil
}

// End judges the windows that are still open: no more hits will come.
func (c *Correlator) End() []Alarm {
	var out []Alarm
	for range maxChain + 1 { // what is raised may open windows of correlations above
		n := len(out)
		if out = c.close(time.Unix(1<<40, 0), out); len(out) == n {
			break
		}
	}
	return out
}

// close judges the windows that are over at a time.
func (c *Correlator) close(now time.Time, out []Alarm) []Alarm {
	c.due = time.Time{}
	for _, p := range c.plans {
		if !p.late {
			continue
		}
		var keys []string
		for key, g := range p.groups {
			if g.over(now, p) {
				keys = append(keys, key)
			} else {
				c.expect(p, g)
			}
		}
		slices.Sort(keys)
		for _, key := range keys {
			out = c.closeGroup(p, key, now, out)
		}
	}
	return out
}

// over says whether the first window of a group has ended at a time.
func (g *group) over(now time.Time, p *correlationPlan) bool {
	return len(g.seen) > 0 && now.Sub(g.seen[0].at) > p.Timespan
}

func (c *Correlator) closeGroup(p *correlationPlan, key string, now time.Time, out []Alarm) []Alarm {
	g := p.groups[key]
	for g.over(now, p) {
		end := g.seen[0].at.Add(p.Timespan)
		n := 0
		for n < len(g.seen) && !g.seen[n].at.After(end) {
			n++
		}
		held := slices.Clone(g.seen[:n])
		g.seen = slices.Delete(g.seen, 0, n)
		if v, ok := p.measure(held); ok && p.holds(v) {
			out = c.raise(p, p.alarm(g, held, v), Hit{}, 0, out)
		}
	}
	if len(g.seen) == 0 {
		delete(p.groups, key)
		c.groups--
	} else {
		c.expect(p, g)
	}
	return out
}

// measure is what the condition looks at; ok is false when no hit has a number.
func (p *correlationPlan) measure(held []seen) (float64, bool) {
	switch p.Type {
	case "event_count":
		return float64(len(held)), true
	case "value_count":
		distinct := map[string]bool{}
		for _, s := range held {
			distinct[s.value] = true
		}
		return float64(len(distinct)), true
	case "temporal", "temporal_ordered":
		if p.terms != nil {
			return float64(len(p.meet(held, time.Time{}))), true
		}
		return float64(p.most(held)), true
	}
	var numbers []float64
	sum := 0.0
	for _, s := range held {
		if v, err := strconv.ParseFloat(s.value, 64); err == nil {
			numbers = append(numbers, v)
			sum += v
		}
	}
	if len(numbers) == 0 {
		return 0, false
	}
	slices.Sort(numbers)
	switch p.Type {
	case "value_sum":
		return sum, true
	case "value_avg":
		return sum / float64(len(numbers)), true
	case "value_median":
		return quantile(numbers, .5), true
	}
	return quantile(numbers, p.Percentile/100), true
}

// most counts the rules that are met within the timespan, in their order if that
// is asked for.
func (p *correlationPlan) most(held []seen) int {
	look := *p
	for look.need = len(p.Rules); look.need > 0; look.need-- {
		if p.Type == "temporal" && look.together(held, time.Time{}) != nil || p.Type != "temporal" && look.inOrder(held) != nil {
			break
		}
	}
	return look.need
}

// quantile interpolates between the two nearest of sorted numbers.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := min(max(int(at), 0), len(sorted)-1)
	j := min(i+1, len(sorted)-1)
	return sorted[i] + (at-float64(i))*(sorted[j]-sorted[i])
}
