package triage

import (
	"container/list"
	"time"
)

// sitting holds the sessions that go on.
type sitting struct {
	open  map[string]*opened // by entity
	idle  *list.List         // of open sessions, the longest idle first
	begun *list.List         // the same, the oldest first
	now   time.Time
	Late  int // alerts that came older than the last: taken as of then
}

// opened is an open session and where it stands in the two lists.
type opened struct {
	session     *Session
	idle, begun *list.Element
}

func newSitting() sitting {
	return sitting{open: map[string]*opened{}, idle: list.New(), begun: list.New()}
}

// take puts one alert into its session. ended are the sessions that ended before.
// The alert counts in the new state only: a session that it ended has not got it.
func (t *sitting) take(a Alert, set Settings) (into *Session, ended []*Session) {
	if a.Time.Before(t.now) {
		t.Late++
		a.Time = t.now
	}
	if a.Time.After(t.now) {
		t.now = a.Time
		ended = t.expire(set)
	}
	o := t.open[a.Entity]
	if o == nil {
		o = t.begin(&Session{Entity: a.Entity, First: a.Time, at: map[string]int{}})
	} else {
		t.idle.MoveToBack(o.idle)
	}
	o.session.add(a)
	return o.session, ended
}

func (t *sitting) begin(s *Session) *opened {
	o := &opened{session: s}
	o.idle, o.begun = t.idle.PushBack(o), t.begun.PushBack(o)
	t.open[s.Entity] = o
	return o
}

// expire ends what was idle, or open, for too long.
func (t *sitting) expire(set Settings) []*Session {
	var out []*Session
	for el := t.idle.Front(); el != nil; el = t.idle.Front() {
		o := el.Value.(*opened)
		if t.now.Sub(o.session.Last) <= set.Idle {
			break
		}
		out = append(out, t.close(o))
	}
	for el := t.begun.Front(); el != nil; el = t.begun.Front() {
		o := el.Value.(*opened)
		if t.now.Sub(o.session.First) <= set.Cap {
			break
		}
		out = append(out, t.close(o))
	}
	return out
}

func (t *sitting) closeAll() []*Session {
	var out []*Session
	for el := t.begun.Front(); el != nil; el = t.begun.Front() {
		out = append(out, t.close(el.Value.(*opened)))
	}
	return out
}

func (t *sitting) close(o *opened) *Session {
	t.idle.Remove(o.idle)
	t.begun.Remove(o.begun)
	delete(t.open, o.session.Entity)
	return o.session
}
