package triage

import (
	"cmp"
	"container/list"
	"slices"
	"time"
)

// Desk takes alerts and keeps what is needed to judge the next ones. It is not
// safe for concurrent use.
type Desk struct {
	set    Settings
	Memory *Memory
	open   map[string]*opened // by entity
	idle   *list.List         // of open sessions, the longest idle first
	begun  *list.List         // the same, the oldest first
	now    time.Time
	Late   int // alerts that came older than the last: taken as of then

	rare     []*Incident          // open ones that rare sessions may join
	standing map[string]*Incident // by entity: the current shift
	recent   []*Session           // ended within Settings.Reach
	met      map[string]peer      // who met a foreign address of late
	next     int
}

// opened is an open session and where it stands in the two lists.
type opened struct {
	session     *Session
	idle, begun *list.Element
}

// NewDesk returns a desk that starts with memory; nil starts with none.
func NewDesk(set Settings, memory *Memory) *Desk {
	if memory == nil {
		memory = NewMemory()
	}
	return &Desk{
		set: set, Memory: memory, open: map[string]*opened{}, idle: list.New(), begun: list.New(),
		standing: map[string]*Incident{}, met: map[string]peer{},
	}
}

// Add takes one alert. into is the session it belongs to; ended are the sessions
// that ended before it, each placed in an incident.
func (d *Desk) Add(a Alert) (into *Session, ended []*Session) {
	if a.Time.Before(d.now) {
		d.Late++
		a.Time = d.now
	}
	if a.Time.After(d.now) {
		d.now = a.Time
		ended = d.expire()
	}
	o := d.open[a.Entity]
	if o == nil {
		o = &opened{session: &Session{Entity: a.Entity, First: a.Time, at: map[string]int{}}}
		o.idle, o.begun = d.idle.PushBack(o), d.begun.PushBack(o)
		d.open[a.Entity] = o
	} else {
		d.idle.MoveToBack(o.idle)
	}
	o.session.add(a)
	return o.session, ended
}

// Flush ends all open sessions, at the end of a replay.
func (d *Desk) Flush() []*Session {
	var out []*Session
	for el := d.begun.Front(); el != nil; el = d.begun.Front() {
		out = append(out, d.close(el.Value.(*opened)))
	}
	return d.placeAll(out)
}

// expire ends what was idle, or open, for too long.
func (d *Desk) expire() []*Session {
	var out []*Session
	for el := d.idle.Front(); el != nil; el = d.idle.Front() {
		o := el.Value.(*opened)
		if d.now.Sub(o.session.Last) <= d.set.Idle {
			break
		}
		out = append(out, d.close(o))
	}
	for el := d.begun.Front(); el != nil; el = d.begun.Front() {
		o := el.Value.(*opened)
		if d.now.Sub(o.session.First) <= d.set.Cap {
			break
		}
		out = append(out, d.close(o))
	}
	return d.placeAll(out)
}

func (d *Desk) close(o *opened) *Session {
	d.idle.Remove(o.idle)
	d.begun.Remove(o.begun)
	delete(d.open, o.session.Entity)
	return o.session
}

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
