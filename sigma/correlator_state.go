package sigma

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// savedState is what a Correlator remembers, as JSON.
type savedState struct {
	Version int         `json:"version"`
	Clock   int64       `json:"clock"`
	Plans   []savedPlan `json:"plans"`
}

// savedPlan belongs to the correlation of that id; what the correlation asks for
// is kept with it, so that memory of another question is not taken for its own.
type savedPlan struct {
	ID     string       `json:"id"`
	Asks   string       `json:"asks"`
	Groups []savedGroup `json:"groups,omitempty"`
}

type savedGroup struct {
	Values []string    `json:"v"`
	Raised int64       `json:"r,omitempty"`
	Seen   []savedSeen `json:"s"`
}

type savedSeen struct {
	At    int64  `json:"t"`
	Rule  int    `json:"r,omitempty"`
	Value string `json:"v,omitempty"`
	Event string `json:"e,omitempty"`
}

const stateVersion = 1

// State returns all that is remembered, to be given to Restore after a restart.
func (c *Correlator) State() ([]byte, error) {
	out := savedState{Version: stateVersion, Clock: nanos(c.clock), Plans: []savedPlan{}}
	for _, p := range c.plans {
		sp := savedPlan{ID: p.id, Asks: p.asks()}
		for _, g := range p.groups {
			sg := savedGroup{Values: g.values, Raised: nanos(g.raised)}
			for _, s := range g.seen {
				sg.Seen = append(sg.Seen, savedSeen{nanos(s.at), s.rule, s.value, s.event})
			}
			sp.Groups = append(sp.Groups, sg)
		}
		out.Plans = append(out.Plans, sp)
	}
	return json.Marshal(out)
}

// Restore takes over what State returned. Correlations that are gone or ask for
// something else now begin anew.
func (c *Correlator) Restore(state []byte) error {
	var in savedState
	if err := json.Unmarshal(state, &in); err != nil {
		return fmt.Errorf("read the memory of correlations: %w", err)
	}
	if in.Version != stateVersion {
		return fmt.Errorf("read the memory of correlations: version %d is not known", in.Version)
	}
	c.clock = moment(in.Clock)
	for _, sp := range in.Plans {
		for _, p := range c.plans {
			if p.id == sp.ID && p.asks() == sp.Asks {
				p.old = true
				c.restore(p, sp)
			}
		}
	}
	return nil
}

func (c *Correlator) restore(p *correlationPlan, sp savedPlan) {
	for _, sg := range sp.Groups {
		if len(sg.Values) != len(p.GroupBy) || c.groups >= MaxGroups {
			continue
		}
		g, fresh := p.group(sg.Values)
		if fresh {
			c.groups++
		}
		g.raised = moment(sg.Raised)
		for _, s := range sg.Seen {
			if s.Rule >= 0 && s.Rule < len(p.Rules) {
				g.note(seen{moment(s.At), s.Rule, folded(s.Value), s.Event}, p)
				c.noted++
			}
		}
		c.expect(p, g)
	}
}

// asks spells out what a correlation remembers its hits for.
func (p *correlationPlan) asks() string {
	return fmt.Sprint(p.Type, p.Rules, p.GroupBy, p.Timespan, p.Field, p.Aliases)
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// Copy moves what c remembers to a correlator of other rules: those correlations
// that ask for the same go on.
func (c *Correlator) Copy(to *Correlator) {
	to.Forgotten += c.Forgotten
	for _, p := range c.plans {
		c.copyPlan(p, to)
	}
}

// CopyOf is Copy for some correlations of c, by their index.
func (c *Correlator) CopyOf(to *Correlator, correlations []int) {
	for _, p := range c.plans {
		if slices.Contains(correlations, p.index) {
			c.copyPlan(p, to)
		}
	}
}

func (c *Correlator) copyPlan(p *correlationPlan, to *Correlator) {
	if c.clock.After(to.clock) {
		to.clock = c.clock
	}
	for _, q := range to.plans {
		if p.id != q.id || p.asks() != q.asks() {
			continue
		}
		q.old = true
		for _, g := range p.groups {
			n, fresh := q.group(g.values)
			if fresh {
				to.groups++
			}
			n.seen, n.raised, n.last = slices.Clone(g.seen), g.raised, g.last
			to.noted += len(n.seen)
			to.expect(q, n)
		}
	}
}

// Fresh returns the correlations, by their index, that neither Copy nor Restore knew:
// they remember nothing though there may have been something.
func (c *Correlator) Fresh() []int {
	var out []int
	for _, p := range c.plans {
		if !p.old {
			out = append(out, p.index)
		}
	}
	return out
}
