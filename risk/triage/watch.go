package triage

import (
	"slices"
	"time"
)

// Watch is the desk of a running house: it says of each alert, as it comes, how
// unusual it is where it comes, and remembers sessions as they end. What it knows
// is kept elsewhere, piece by piece: [Watch.Learnt] says what changed, and
// [Resume] goes on from what was kept. It is not safe for concurrent use.
type Watch struct {
	sitting
	set    Settings
	memory *Memory
}

// Habit is one piece of the memory. An empty Entity stands for the organisation,
// an empty Rule for the entity itself, both empty for the memory: then At is when
// it began.
type Habit struct {
	Entity string   `json:"-"`
	Rule   string   `json:"-"`
	At     int64    `json:"at"` // Unix seconds
	N      float64  `json:"n,omitempty"`
	Slots  []uint64 `json:"slots,omitempty"`
}

// Resume returns a watch that knows what was kept, and the sessions that went on.
func Resume(set Settings, kept []Habit, open []*Session) *Watch {
	w := &Watch{sitting: newSitting(), set: set, memory: NewMemory()}
	for _, h := range kept {
		w.memory.recallHabit(h)
	}
	slices.SortFunc(open, func(a, b *Session) int { return a.First.Compare(b.First) })
	if len(open) > 0 && w.memory.Start.IsZero() { // no session ended yet
		w.memory.Start, w.memory.Now = open[0].First, open[0].First
	}
	for _, s := range open {
		s.at = make(map[string]int, len(s.Fired))
		for i, f := range s.Fired {
			s.at[f.Rule] = i
		}
		w.begin(s)
		if _, ok := w.memory.Hosts[s.Entity]; !ok {
			w.memory.Hosts[s.Entity] = 0
		}
		w.now = later(w.now, s.Last)
	}
	slices.SortFunc(open, func(a, b *Session) int { return a.Last.Compare(b.Last) })
	for _, s := range open {
		w.idle.MoveToBack(w.open[s.Entity].idle)
	}
	return w
}

func (m *Memory) recallHabit(h Habit) {
	switch {
	case h.Entity == "" && h.Rule == "":
		m.Start = time.Unix(h.At, 0).UTC()
		m.Now = later(m.Now, m.Start)
		return
	case h.Rule == "":
		m.Hosts[h.Entity] = h.At
	case h.Entity == "":
		m.Org[h.Rule] = &rate{N: h.N, At: h.At}
	default:
		p := &habit{rate: rate{N: h.N, At: h.At}}
		copy(p.Slots[:], h.Slots)
		m.Pair[h.Entity+"\x00"+h.Rule] = p
	}
	m.Now = later(m.Now, time.Unix(h.At, 0).UTC())
}

// Add takes one alert. It returns the session it belongs to, what is known of its
// rule there (of a rule that the session had no room for, nothing), and the
// sessions that ended before it, which are remembered now.
func (w *Watch) Add(a Alert) (into *Session, f Fired, ended []*Session) {
	into, ended = w.take(a, w.set)
	slices.SortFunc(ended, byEnd)
	for _, s := range ended {
		w.memory.learn(s, w.set)
	}
	i, ok := into.at[a.Rule]
	if !ok {
		return into, Fired{Rule: a.Rule, Sensor: a.Sensor}, ended
	}
	if into.Fired[i].Count == 1 {
		ask := w.memory.about(into, w.set)
		ask.fill(&into.Fired[i])
	}
	return into, into.Fired[i], ended
}

// Warm is how far the memory may be relied on at a time: 0 when it begins, 1 after
// [Settings.Warm].
func (w *Watch) Warm(at time.Time) float64 {
	if w.memory.Start.IsZero() {
		return 0
	}
	return min(1, max(0, at.Sub(w.memory.Start).Seconds()/w.set.Warm.Seconds()))
}

// Learnt is what the memory holds of what ended sessions taught it, to be kept;
// pairs last seen before the returned time may be forgotten (0 = none).
func (w *Watch) Learnt(ended []*Session) (kept []Habit, before int64) {
	m := w.memory
	if len(ended) > 0 {
		kept = append(kept, Habit{At: m.Start.Unix()})
	}
	org := map[string]bool{}
	pair := map[string]bool{}
	for _, s := range ended {
		if at, ok := m.Hosts[s.Entity]; ok && !pair[s.Entity] {
			pair[s.Entity] = true
			kept = append(kept, Habit{Entity: s.Entity, At: at})
		}
		for _, f := range s.Fired {
			if r := m.Org[f.Rule]; r != nil && !org[f.Rule] {
				org[f.Rule] = true
				kept = append(kept, Habit{Rule: f.Rule, At: r.At, N: r.N})
			}
			key := s.Entity + "\x00" + f.Rule
			if h := m.Pair[key]; h != nil && !pair[key] {
				pair[key] = true
				kept = append(kept, Habit{Entity: s.Entity, Rule: f.Rule, At: h.At, N: h.N, Slots: slices.Clone(h.Slots[:])})
			}
		}
	}
	return kept, m.cut
}
