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

// sought is what a job looks for: values, patterns by the values in them, and those that
// name no value, or not only values.
type sought struct {
	index
	patterns *pattern.Set
	text     *pattern.Set
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
	var since intel.Stamp
	if j.Kind == hunt.AllLive || j.Since == "" || json.Unmarshal([]byte(j.Since), &since) != nil {
		return seek(r.Matcher.live.View(), r.Matcher.patterns.live()), nil
	}
	changed, _, told, err := r.Intel.Changes(ctx, since, 2*retroChanges)
	if err != nil || !told { // the journal has forgotten: a job that waited long
		return seek(r.Matcher.live.View(), r.Matcher.patterns.live()), err
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
	return seek(b.Build(), texts), nil
}

// seek sorts patterns by how they are looked for.
func seek(x index, texts map[intel.Key]string) sought {
	text := inText(texts)
	values := map[intel.Key]string{}
	for k, t := range texts {
		if _, ok := text[k]; !ok {
			values[k] = t
		}
	}
	s := sought{index: x}
	s.patterns, _ = compilePatterns(values)
	s.text, _ = compilePatterns(text)
	return s
}
