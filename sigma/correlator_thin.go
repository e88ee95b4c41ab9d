package sigma

import (
	"slices"
	"strconv"
)

// thin leaves about n hits of a group, so that a flood does not bring about that it
// forgets what its condition asks for.
func (g *group) thin(p *correlationPlan, n int) {
	switch p.Type {
	case "temporal", "temporal_ordered":
		if g.seen = turns(g.seen); len(g.seen) > n {
			g.seen = ends(g.seen, n)
		}
		return
	case "value_sum":
		for len(g.seen) > n {
			g.seen = joined(g.seen)
		}
		return
	case "event_count":
	case "value_count":
		g.seen = oneEach(g.seen, p.late)
	default: // averages and the like are judged by every second value
		for len(g.seen) > n {
			g.seen = others(g.seen)
		}
		return
	}
	switch spare := len(g.seen) - n; {
	case spare <= 0:
	case p.late: // its window begins with the first
		g.seen = slices.Delete(g.seen, n, len(g.seen))
	default:
		g.seen = slices.Delete(g.seen, 0, spare)
	}
}

// turns leaves out hits that stand between two of the same rule.
func turns(list []seen) []seen {
	out := make([]seen, 0, len(list)/2)
	for i, s := range list {
		if i == 0 || i == len(list)-1 || list[i-1].rule != s.rule || list[i+1].rule != s.rule {
			out = append(out, s)
		}
	}
	return out
}

// ends leaves the first and the last hit of each rule, and the last n of all.
func ends(list []seen, n int) []seen {
	first, last := map[int]int{}, map[int]int{}
	for i, s := range list {
		if _, ok := first[s.rule]; !ok {
			first[s.rule] = i
		}
		last[s.rule] = i
	}
	var out []seen
	for i, s := range list {
		if i >= len(list)-n || first[s.rule] == i || last[s.rule] == i {
			out = append(out, s)
		}
	}
	return out
}

// oneEach leaves one hit of each value: the first, or the last.
func oneEach(list []seen, first bool) []seen {
	at := map[string]int{}
	for i, s := range list {
		if _, ok := at[s.value]; !ok || !first {
			at[s.value] = i
		}
	}
	var out []seen
	for i, s := range list {
		if at[s.value] == i {
			out = append(out, s)
		}
	}
	return out
}

// others leaves out every second hit.
func others(list []seen) []seen {
	out := make([]seen, 0, len(list)/2+1)
	for i := 0; i < len(list); i += 2 {
		out = append(out, list[i])
	}
	return out
}

// joined makes one hit of each two neighbours, with the sum of both.
func joined(list []seen) []seen {
	out := make([]seen, 0, len(list)/2+1)
	for i, s := range list {
		if i%2 == 0 && i+1 < len(list) {
			continue
		}
		if i%2 == 1 {
			s.value = strconv.FormatFloat(amount(list[i-1].value)+amount(s.value), 'g', -1, 64)
		}
		out = append(out, s)
	}
	return out
}
