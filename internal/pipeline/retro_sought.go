package pipeline

import (
	"context"
	"encoding/json"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
	"github.com/vedette-soc/vedette/match/pattern"
)

// index is what values are held against.
type index interface {
	Touches(t indicator.Type) bool
	Reach(most int) *match.Reach
	Lookup(t indicator.Type, value string, dst []match.Hit) []match.Hit
}

// sought is what a job looks for: values, and patterns by the values in them.
type sought struct {
	index
	patterns *pattern.Set
}

// pick returns what makes a pick for each part of the history.
func (s sought) pick() func() telemetry.Pick {
	touches, reach := s.Touches, s.Reach(reachMost)
	if s.patterns.Len() > 0 { // whatever value may be the text that a pattern cannot do without
		touches, reach = func(indicator.Type) bool { return true }, nil
	}
	return func() telemetry.Pick {
		var hits []match.Hit
		return telemetry.Pick{Type: touches, Reach: reach, Limit: retroPart, Value: func(t indicator.Type, value string) bool {
			hits = s.Lookup(t, value, hits[:0])
			return len(hits) > 0 || s.patterns.Value(value)
		}}
	}
}

// wanted returns what a job looks for.
func (r *Retro) wanted(ctx context.Context, j hunt.Job) (sought, error) {
	live := sought{r.Matcher.live.View(), r.Matcher.patterns.set.Load()}
	var since intel.Stamp
	if j.Kind == hunt.AllLive || json.Unmarshal([]byte(j.Since), &since) != nil {
		return live, nil
	}
	changed, _, told, err := r.Intel.Changes(ctx, since, 2*retroChanges)
	if err != nil || !told { // the journal has forgotten: a job that waited long
		return live, err
	}
	var b match.Builder
	texts := map[intel.Key]string{}
	for _, c := range changed {
		if c.Live && c.Type == indicator.Pattern {
			texts[c.Key] = c.Value
		} else if c.Live {
			_ = b.Add(c.Type, c.Value, uint64(c.Key)) // what it refuses the live index refuses as well
		}
	}
	patterns, _ := compilePatterns(texts)
	return sought{b.Build(), patterns}, nil
}
