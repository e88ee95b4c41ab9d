package pipeline

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/sigma"
)

// Sight is how far our rules would see a technique.
type Sight string

// The sights, best first.
const (
	Watched  Sight = "watched" // a running rule can fire, and the log source it reads sends events
	Waiting  Sight = "waiting" // a running rule can fire, but nothing of its log source came lately
	Blind    Sight = "blind"   // running rules, none of which can fire on our events
	Off      Sight = "off"     // rules, none of them running
	NoRule   Sight = "no-rule" // nothing
	sentDays       = 30        // a log source that sent nothing for so long is silent
	shownFor       = 20        // rules named for one technique
)

// Seen reports whether a use of the technique could raise an alert.
func (s Sight) Seen() bool { return s == Watched || s == Waiting }

var sightOrder = []Sight{Watched, Waiting, Blind, Off, NoRule}

// Coverage is what our rules would see, by technique.
type Coverage struct {
	byTag   map[string][]RuleFor // technique id, as tagged
	sending map[sigma.LogSource]bool
}

// RuleFor is one rule for a technique.
type RuleFor struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Sight Sight  `json:"sight"`
	Why   string `json:"why,omitempty"` // why it cannot fire
}

// Watching says what would see techniques: which rules run, whether they can fire
// on our formats, and whether their log sources send events.
type Watching struct {
	Detect *detect.Service
	Rules  *Rules
}

// Coverage reads all rules once.
func (w Watching) Coverage(ctx context.Context, now time.Time) (*Coverage, error) {
	rules, _, err := w.Detect.Rules(ctx, detect.Query{})
	if err != nil {
		return nil, err
	}
	seen, err := w.Detect.SeenSince(ctx, now.UTC().AddDate(0, 0, -sentDays).Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	sending := map[sigma.LogSource]bool{}
	for _, s := range seen {
		sending[s.Source] = sending[s.Source] || s.Events > 0
	}
	c := &Coverage{byTag: map[string][]RuleFor{}, sending: sending}
	for _, r := range rules {
		if r.Kind == detect.Filter {
			continue
		}
		rf := RuleFor{ID: r.ID, Title: r.Title}
		rf.Sight, rf.Why = w.sight(r, sending)
		for _, t := range r.Tags {
			if id, err := attack.ParseID(strings.ToUpper(strings.TrimPrefix(strings.ToLower(t), "attack."))); err == nil && id.Kind() == attack.Technique {
				c.byTag[string(id)] = append(c.byTag[string(id)], rf)
			}
		}
	}
	return c, nil
}

func (w Watching) sight(r detect.Rule, sending map[sigma.LogSource]bool) (Sight, string) {
	if !r.On {
		return Off, ""
	}
	if cover := w.Rules.Cover(r.ID); !cover.Fires {
		return Blind, cover.Why
	}
	if r.Kind == detect.Correlation {
		return Watched, "" // it rests on rules that are counted themselves
	}
	for s, sends := range sending {
		if sends && r.Source.Covers(s) {
			return Watched, ""
		}
	}
	return Waiting, "no events of " + r.Source.String() + " came in the last 30 days"
}

// Of says what would see a technique. A rule for a technique counts for its
// sub-techniques; a rule for a sub-technique does not count for the technique.
func (c *Coverage) Of(id string) (Sight, []RuleFor) {
	rules := c.byTag[id]
	if parent := attack.ID(id).Parent(); string(parent) != id {
		rules = slices.Concat(rules, c.byTag[string(parent)])
	}
	best := NoRule
	var out []RuleFor
	for _, r := range rules {
		if slices.Index(sightOrder, r.Sight) < slices.Index(sightOrder, best) {
			best = r.Sight
		}
		if !slices.ContainsFunc(out, func(o RuleFor) bool { return o.ID == r.ID }) {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b RuleFor) int { return slices.Index(sightOrder, a.Sight) - slices.Index(sightOrder, b.Sight) })
	return best, out[:min(len(out), shownFor)]
}
