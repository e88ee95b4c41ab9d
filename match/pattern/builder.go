package pattern

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/stix"
)

const (
	// maxAlways bounds the parts that every event is held against.
	maxAlways = 200
	// maxRepeats bounds REPEATS: a Watch keeps as many observations.
	maxRepeats = 1000
	// day is how far apart the observations of a pattern without WITHIN may be.
	day = 24 * time.Hour
)

// Builder collects patterns. The zero value is ready for use.
type Builder struct{ set Set }

// life is how long and how many observations of a pattern are remembered.
type life struct {
	span time.Duration
	most int
}

// Add compiles a pattern under an id of the caller's. The error says why it can match
// no event, or must not be tried on all of them.
func (b *Builder) Add(id uint64, text string) error {
	if _, ok := b.set.at[id]; ok {
		return fmt.Errorf("there is a pattern with the id %d", id)
	}
	p, err := stix.ParsePattern(text)
	if err != nil {
		return err
	}
	if zone, ok := below(p.Root); ok && indicator.IsPublicSuffix(zone) {
		return fmt.Errorf("it fits every name below the public suffix %s", zone)
	}
	whole, err := p.Prepare(true)
	if err != nil {
		return err
	}
	c := compiled{id: id, whole: whole, one: single(p.Root), life: life{day, 64}}
	if err := c.life.of(p.Root); err != nil {
		return err
	}
	var needs []need
	always := 0
	for _, o := range observations(p.Root, nil) {
		n := needOf(o.Expr)
		if n.never {
			continue
		}
		one, err := stix.Pattern{Root: o}.Prepare(true)
		if err != nil {
			return err
		}
		if !n.usable() {
			always++
		}
		c.parts, needs = append(c.parts, one), append(needs, n)
	}
	if len(c.parts) == 0 {
		return errors.New("it asks about what no event says")
	}
	if len(b.set.always)+always > maxAlways {
		return fmt.Errorf("it names no text of %d letters that must be there, and %d others do not either", leastText, len(b.set.always))
	}
	b.take(c, needs)
	return nil
}

func (b *Builder) take(c compiled, needs []need) {
	s := &b.set
	if s.at == nil {
		s.at = map[uint64]int{}
	}
	at := len(s.patterns)
	s.at[c.id] = at
	s.patterns = append(s.patterns, c)
	for i, n := range needs {
		p := part{int32(at), int32(i)}
		if !n.usable() {
			s.always, s.unseen = append(s.always, p), true
			continue
		}
		for _, text := range n.texts {
			s.gate.clues = append(s.gate.clues, clue{text, p})
			if plain := longestPlain(text); len(plain) >= leastText {
				s.raw.clues = append(s.raw.clues, clue{plain, p})
			} else {
				s.unseen = true
			}
		}
	}
}

// Build ends the building; the Builder is empty afterwards.
func (b *Builder) Build() *Set {
	s := b.set
	b.set = Set{}
	s.gate.build()
	s.raw.build()
	return &s
}

// below returns the zone of a pattern that says nothing but "a name below it".
func below(o stix.Observation) (zone string, ok bool) {
	only, ok := o.(stix.Observed)
	if !ok {
		return "", false
	}
	c, ok := only.Expr.(stix.Comparison)
	if !ok || c.Op != stix.Like || c.Negated || c.Path.Object != "domain-name" {
		return "", false
	}
	zone, ok = strings.CutPrefix(strings.ToLower(c.Values[0].Text), "%.")
	return zone, ok && !strings.ContainsAny(zone, "%_")
}

// single reports whether one event satisfies o, or none.
func single(o stix.Observation) bool {
	switch o := o.(type) {
	case stix.Observed:
		return true
	case stix.Combined:
		for _, t := range o.Terms {
			if o.Op != stix.Or || !single(t) {
				return false
			}
		}
		return true
	case stix.Qualified:
		return o.Repeats <= 1 && single(o.Of)
	}
	return false
}

// observations appends the expressions in brackets.
func observations(o stix.Observation, dst []stix.Observed) []stix.Observed {
	switch o := o.(type) {
	case stix.Observed:
		dst = append(dst, o)
	case stix.Combined:
		for _, t := range o.Terms {
			dst = observations(t, dst)
		}
	case stix.Qualified:
		dst = observations(o.Of, dst)
	}
	return dst
}

// of widens l to what o needs.
func (l *life) of(o stix.Observation) error {
	switch o := o.(type) {
	case stix.Combined:
		for _, t := range o.Terms {
			if err := l.of(t); err != nil {
				return err
			}
		}
	case stix.Qualified:
		if o.Repeats > maxRepeats {
			return fmt.Errorf("it wants %d repetitions; %d are remembered", o.Repeats, maxRepeats)
		}
		l.most = max(l.most, o.Repeats)
		l.span = max(l.span, o.Within)
		return l.of(o.Of)
	}
	return nil
}
