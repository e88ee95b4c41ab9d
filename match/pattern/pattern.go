// Package pattern holds events against STIX patterns (STIX 2.1, part 9) that are more
// than one plain value, of which package match has an index.
//
// A [Set] says which patterns an event satisfies by itself; a [Watch] remembers, for
// patterns over several observations, what satisfied a part of them. Most events are
// told by a look for the texts that patterns cannot do without, most records before
// they are read at all ([Set.May]).
//
// An event is one observation ([Observe]). Letters are compared without case, as
// detection rules do: what a sensor writes in capitals is no other file.
package pattern

import (
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/stix"
)

// Set is compiled patterns. It never changes and is safe for concurrent use; nil is
// empty.
type Set struct {
	patterns []compiled
	at       map[uint64]int // place in patterns by id
	gate     gate           // over the texts of events
	raw      gate           // over records before they are read
	unseen   bool           // some pattern cannot be told from a raw record
	always   []part         // those without a text that must be there
}

// compiled is one pattern. parts are its observation expressions, each as a pattern
// of its own; one part means that a single event can satisfy it.
type compiled struct {
	id    uint64
	whole stix.Pattern
	parts []stix.Pattern
	one   bool // a single event satisfies it, or none does
	life  life
}

// part names an observation expression of a pattern.
type part struct{ pattern, part int32 }

// Sight is a pattern of which an event satisfies the whole, or, where Data is set, one
// of several observations: then a [Watch] says whether it is complete.
type Sight struct {
	ID   uint64
	By   event.Observable // what made it be looked at; Type is indicator.Pattern for a field that is no observable
	Data *stix.ObservedData
}

// Len returns the number of patterns.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.patterns)
}

// Look appends what patterns say of an event, each pattern once. It allocates nothing
// when no text of a pattern is in the event.
func (s *Set) Look(ev *event.Event, dst []Sight) []Sight {
	if s.Len() == 0 {
		return dst
	}
	var found []candidate
	texts(ev, func(o event.Observable) {
		s.gate.look(strings.ToLower(o.Value), func(p part) { found = append(found, candidate{p, o}) })
	})
	for _, p := range s.always {
		found = append(found, candidate{part: p})
	}
	if len(found) == 0 {
		return dst
	}
	return s.judge(ev, found, dst)
}

// Unsparing says that a pattern must be tried on every event: it has no text that must be
// there.
func (s *Set) Unsparing() bool { return s.Len() > 0 && len(s.always) > 0 }

// Concerns says whether Look may find something in an event, by the texts of it that are
// looked through.
func (s *Set) Concerns(ev *event.Event) bool {
	if s.Len() == 0 || s.Unsparing() {
		return s.Unsparing()
	}
	found := false
	texts(ev, func(o event.Observable) {
		if !found {
			s.gate.look(strings.ToLower(o.Value), func(part) { found = true })
		}
	})
	return found
}

// candidate is a part that an event may satisfy, because of by.
type candidate struct {
	part
	by event.Observable
}

func (s *Set) judge(ev *event.Event, found []candidate, dst []Sight) []Sight {
	data := Observe(ev)
	asked := map[part]bool{}
	done := map[int32]bool{}
	for _, c := range found {
		if asked[c.part] || done[c.pattern] {
			continue
		}
		asked[c.part] = true
		p := &s.patterns[c.pattern]
		of := p.parts[c.part.part]
		if p.one {
			of = p.whole
		}
		if met, err := of.Match([]stix.ObservedData{data}); err != nil || len(met) == 0 {
			continue
		}
		done[c.pattern] = true
		if c.by.Field == "" && len(ev.Observables) > 0 {
			c.by = ev.Observables[0]
		}
		sight := Sight{ID: p.id, By: c.by}
		if !p.one {
			sight.Data = &data
		}
		dst = append(dst, sight)
	}
	return dst
}

// May reports whether a raw record may hold an event that [Set.Look] says something
// of. It is wrong only in one direction.
func (s *Set) May(record []byte) bool {
	if s.Len() == 0 {
		return false
	}
	return s.unseen || s.raw.may(record)
}

// Value reports whether an event in which a canonical value was seen may satisfy a
// pattern because of it.
func (s *Set) Value(value string) bool {
	if s.Len() == 0 {
		return false
	}
	met := false
	s.gate.look(strings.ToLower(value), func(part) { met = true })
	return met
}
