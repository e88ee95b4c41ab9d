package risk

import (
	"fmt"
	"slices"
	"strings"
)

// fact is something whose absence would lower a priority.
type fact struct {
	without func(Input) Input
	text    string
}

// facts lists what speaks for the priority of in, as things that could be absent.
func facts(in Input) (out []fact) {
	for _, t := range in.Terms {
		if t.Weight > 0 {
			text := "without this: " + t.Why
			if t.Absent != "" {
				text = t.Absent
			}
			out = append(out, fact{func(alt Input) Input {
				alt.Terms = slices.DeleteFunc(slices.Clone(alt.Terms), func(x Term) bool { return x == t })
				if t.Absent != "" && alt.FloorRests == t.Absent {
					alt.Floor = alt.FloorElse
				}
				return alt
			}, text})
		}
	}
	if in.Criticality.Value > 10 {
		out = append(out, fact{func(alt Input) Input { alt.Criticality.Value = 10; return alt }, "on an ordinary asset"})
	}
	if in.Reputation.Value > 1 {
		out = append(out, fact{func(alt Input) Input { alt.Reputation.Value = 1; return alt }, "without the stake for the reputation"})
	}
	if in.Floor > 0 {
		out = append(out, fact{func(alt Input) Input { alt.Floor = 0; return alt }, "without the guard rail"})
	}
	return out
}

// Counterfactual names the smallest set of facts without which the level would be a
// lower one, at most four: one if one
// suffices, else those that lower most one after another.
func Counterfactual(in Input) string {
	now := Assess(in)
	all := facts(in)
	best, named := now.Priority, []string(nil)
	lower := func(p int) bool { return LevelOf(p) != now.Level && p < now.Priority }
	for i, f := range all {
		if p := Assess(f.without(in)).Priority; p < best {
			best, named = p, []string{all[i].text}
		}
	}
	if named == nil {
		return ""
	}
	single := best
	if !lower(best) {
		best, named = fewest(in, all, lower, single, named)
	}
	return fmt.Sprintf("It would be %d (%s) %s.", best, LevelOf(best), strings.Join(named, " and "))
}

// fewest takes away facts, each time the one that lowers most, until the level
// drops. When it never does, the single fact that lowers most is all there is to say.
func fewest(in Input, all []fact, lower func(int) bool, single int, named []string) (int, []string) {
	alt, left := in, slices.Clone(all)
	var taken []string
	for range min(4, len(all)) {
		at, best := -1, Assess(alt).Priority+1
		for i, f := range left {
			if p := Assess(f.without(alt)).Priority; p < best {
				at, best = i, p
			}
		}
		if at < 0 {
			break
		}
		alt = left[at].without(alt)
		taken = append(taken, left[at].text)
		left = slices.Delete(left, at, at+1)
		if lower(best) {
			return best, taken
		}
	}
	return single, named
}
