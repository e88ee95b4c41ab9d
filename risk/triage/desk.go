package triage

import (
	"cmp"
	"slices"
)

// Desk takes alerts and keeps what is needed to judge the next ones. It is not
// safe for concurrent use.
type Desk struct {
	sitting
	set    Settings
	Memory *Memory

	rare     []*Incident          // open ones that rare sessions may join
	standing map[string]*Incident // by entity: the current shift
	recent   []*Session           // ended within Settings.Reach
	met      map[string]peer      // who met a foreign address of late
	next     int
}

// NewDesk returns a desk that starts with memory; nil starts with none.
func NewDesk(set Settings, memory *Memory) *Desk {
	if memory == nil {
		memory = NewMemory()
	}
	return &Desk{
		set: set, Memory: memory, sitting: newSitting(),
		standing: map[string]*Incident{}, met: map[string]peer{},
	}
}

// Add takes one alert. into is the session it belongs to; ended are the sessions
// that ended before it, each placed in an incident.
func (d *Desk) Add(a Alert) (into *Session, ended []*Session) {
	into, ended = d.take(a, d.set)
	return into, d.placeAll(ended)
}

// Flush ends all open sessions, at the end of a replay.
func (d *Desk) Flush() []*Session { return d.placeAll(d.closeAll()) }

// placeAll places simultaneous ends in one order, whatever order they came in.
func (d *Desk) placeAll(ended []*Session) []*Session {
	slices.SortFunc(ended, byEnd)
	for _, s := range ended {
		d.place(s)
	}
	return ended
}

func byEnd(a, b *Session) int {
	return cmp.Or(a.Last.Compare(b.Last), a.First.Compare(b.First), cmp.Compare(a.Entity, b.Entity))
}

// place measures an ended session, puts it into an incident and remembers it.
func (d *Desk) place(s *Session) {
	d.Memory.recall(s, d.set)
	s.settle()
	d.forgetOld(s)
	if s.Strangest() >= d.set.Rare {
		d.joinRare(s)
	} else {
		d.joinUsual(s)
	}
	d.recent = append(d.recent, s)
	if in := s.Incident; !in.Standing && in.Score() >= d.set.Hot {
		d.claim(in, s)
	}
	d.meet(s)
	d.Memory.learn(s, d.set)
}

// forgetOld drops what nothing can join any more.
func (d *Desk) forgetOld(s *Session) {
	d.recent = slices.DeleteFunc(d.recent, func(q *Session) bool { return s.First.Sub(q.Last) >= d.set.Reach })
	d.rare = slices.DeleteFunc(d.rare, func(in *Incident) bool { return s.First.Sub(in.Last) >= d.set.Span })
	if len(d.met) > maxMet {
		for k, p := range d.met {
			if s.First.Sub(p.last) >= d.set.Join {
				delete(d.met, k)
			}
		}
		if len(d.met) > maxMet {
			clear(d.met)
		}
	}
}
