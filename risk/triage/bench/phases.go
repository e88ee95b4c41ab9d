package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// phases brings labels of events to the phases of the attack. An event label that
// is no phase belongs to the one whose name it begins with, or that begins with
// it; else to the one in whose time most of its alerts lie; it stays itself when
// that is none.
func (c *Company) phases(given []Phase) {
	known := map[string]bool{}
	for _, p := range given {
		known[p.Name] = true
	}
	window := map[uint8]bool{}
	votes := map[uint8]map[uint8]int{}
	for _, l := range c.labels {
		window[l.window] = true
		if votes[l.event] == nil {
			votes[l.event] = map[uint8]int{}
		}
		votes[l.event][l.window]++
	}
	to := map[uint8]uint8{}
	for event, in := range votes {
		to[event] = event
		if event == 0 || window[event] || known[c.names[event]] {
			continue
		}
		if best := c.phaseOf(event, in, window); best != 0 {
			to[event] = best
		}
	}
	shown := map[uint8]bool{}
	for i := range c.labels {
		c.labels[i].event = to[c.labels[i].event]
		shown[c.labels[i].event], shown[c.labels[i].window] = true, true
	}
	c.Phases = nil
	named := map[string]bool{}
	for _, p := range given {
		c.Phases = append(c.Phases, p)
		named[p.Name] = true
	}
	for n, name := range c.names {
		if n > 0 && shown[uint8(n)] && !named[name] {
			c.Phases = append(c.Phases, Phase{Name: name})
		}
	}
	slices.SortFunc(c.Phases, func(a, b Phase) int { return strings.Compare(a.Name, b.Name) })
}

func (c *Company) phaseOf(event uint8, in map[uint8]int, window map[uint8]bool) uint8 {
	name := c.names[event]
	for w := range c.names {
		if n := c.names[w]; w > 0 && window[uint8(w)] && (strings.HasPrefix(name, n) || strings.HasPrefix(n, name)) {
			return uint8(w)
		}
	}
	best := uint8(0)
	for w, n := range in {
		if n > in[best] || n == in[best] && w > best {
			best = w
		}
	}
	return best
}

// ReadPhases reads attack_phases.json: company, phase, first and last time. Phases
// that begin with "false_positive" are none.
func ReadPhases(r io.Reader) (map[string][]Phase, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPhase+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxPhase {
		return nil, fmt.Errorf("attack phases of more than %d bytes", maxPhase)
	}
	var raw map[string]map[string][]string
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("attack phases must be {company: {phase: [first, last]}}: %w", err)
	}
	out := map[string][]Phase{}
	for company, phases := range raw {
		for name, span := range phases {
			if strings.HasPrefix(name, "false_positive") {
				continue
			}
			if len(span) != 2 {
				return nil, fmt.Errorf("attack phases: %s of %s must have a first and a last time", name, company)
			}
			first, ok1 := instant(span[0])
			last, ok2 := instant(span[1])
			if !ok1 || !ok2 {
				return nil, fmt.Errorf("attack phases: %s of %s: %q is no time", name, company, span)
			}
			out[company] = append(out[company], Phase{name, first, last})
		}
		slices.SortFunc(out[company], func(a, b Phase) int { return strings.Compare(a.Name, b.Name) })
	}
	return out, nil
}
