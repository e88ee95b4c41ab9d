package sigma

import (
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
	case "temporal":
		held = p.together(near)
		n = float64(len(held))
	case "temporal_ordered":
		held = p.inOrder(near)
		n = float64(len(held))
	default:
		held, n = p.sliding(near)
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

// sliding finds a window of the timespan in which the count meets the condition.
func (p *correlationPlan) sliding(near []seen) ([]seen, float64) {
	start := 0
	count := map[string]int{}
	distinct := p.Type == "value_count"
	for end := range near {
		count[near[end].value]++
		for near[end].at.Sub(near[start].at) > p.Timespan {
			if count[near[start].value]--; count[near[start].value] == 0 {
				delete(count, near[start].value)
			}
			start++
		}
		n := float64(end - start + 1)
		if distinct {
			n = float64(len(count))
		}
		if p.holds(n) {
			return near[start : end+1], n
		}
	}
	return nil, 0
}

func (p *correlationPlan) holds(n float64) bool {
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

// together finds a window of the timespan that holds every rule; it returns the
// latest hit of each, by time.
func (p *correlationPlan) together(near []seen) []seen {
	last := make([]int, len(p.Rules))
	for i := range last {
		last[i] = -1
	}
	for end := range near {
		last[near[end].rule] = end
		first := end
		for _, i := range last {
			if i < 0 || near[end].at.Sub(near[i].at) > p.Timespan {
				first = -1
				break
			}
			first = min(first, i)
		}
		if first < 0 {
			continue
		}
		held := make([]seen, 0, len(last))
		order := slices.Sorted(slices.Values(last))
		for _, i := range order {
			held = append(held, near[i])
		}
		return held
	}
	return nil
}

// inOrder finds hits of all rules one after the other within the timespan. For
// each rule it keeps the chain up to there that began latest.
func (p *correlationPlan) inOrder(near []seen) []seen {
	chains := make([][]seen, len(p.Rules))
	for _, s := range near {
		switch {
		case s.rule == 0:
			chains[0] = []seen{s}
		case chains[s.rule-1] != nil && s.at.Sub(chains[s.rule-1][0].at) <= p.Timespan:
			chains[s.rule] = append(slices.Clip(chains[s.rule-1]), s)
		default:
			continue
		}
		if s.rule == len(p.Rules)-1 {
			return chains[s.rule]
		}
	}
	return nil
}

// close judges the windows that the clock has left behind, oldest first.
func (c *Correlator) close(out []Alarm) []Alarm {
	for _, p := range c.plans {
		if !p.late {
			continue
		}
		var keys []string
		for key, g := range p.groups {
			if len(g.seen) > 0 && c.clock.Sub(g.seen[0].at) > p.Timespan {
				keys = append(keys, key)
			}
		}
		slices.Sort(keys)
		for _, key := range keys {
			out = c.closeGroup(p, key, out)
		}
	}
	return out
}

func (c *Correlator) closeGroup(p *correlationPlan, key string, out []Alarm) []Alarm {
	g := p.groups[key]
	for len(g.seen) > 0 && c.clock.Sub(g.seen[0].at) > p.Timespan {
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

// quantile interpolates between the two nearest of sorted numbers.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := min(max(int(at), 0), len(sorted)-1)
	j := min(i+1, len(sorted)-1)
	return sorted[i] + (at-float64(i))*(sorted[j]-sorted[i])
}
