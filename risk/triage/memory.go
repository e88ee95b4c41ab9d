package triage

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// The memory forgets with this time constant, so that a rate follows the
// organisation: e^-1 of a firing is left after it.
const forget = 30 * 24 * time.Hour

// Floor of a chance: nothing is rarer than this after a few days of looking.
const leastChance = 1e-4

// Memory knows how often each rule fires where, from sessions that ended. A flood
// of alerts within one session counts once.
type Memory struct {
	Start time.Time        `json:"start"` // of the first session
	Now   time.Time        `json:"now"`   // of the last
	Hosts map[string]int64 `json:"hosts"` // entity: last seen, Unix seconds
	Org   map[string]*rate `json:"org"`   // rule: in the organisation
	// Pair is rule by entity, the key entity + "\x00" + rule.
	Pair map[string]*habit `json:"pair"`
	Lost int               `json:"lost"` // pairs forgotten for want of room
	cut  int64             // pairs last seen before were forgotten
}

// rate is a count that fades.
type rate struct {
	N  float64 `json:"n"`
	At int64   `json:"at"` // Unix seconds of the last addition
}

// habit is a rate with the half hours of the last eight days in which it fired.
type habit struct {
	rate
	Slots [8 * slotsPerDay / 64]uint64 `json:"slots"`
}

const (
	slotsPerDay = 48
	slotSeconds = 86400 / slotsPerDay
	habitDays   = 7
)

// NewMemory returns an empty memory.
func NewMemory() *Memory {
	return &Memory{Hosts: map[string]int64{}, Org: map[string]*rate{}, Pair: map[string]*habit{}}
}

// ReadMemory reads what MarshalJSON of a Memory wrote.
func ReadMemory(data []byte) (*Memory, error) {
	m := NewMemory()
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("the memory of alerts cannot be read: %w", err)
	}
	if m.Hosts == nil || m.Org == nil || m.Pair == nil {
		return nil, errors.New("the memory of alerts must have hosts, org and pair")
	}
	maps.DeleteFunc(m.Pair, func(_ string, h *habit) bool { return h == nil })
	maps.DeleteFunc(m.Org, func(_ string, r *rate) bool { return r == nil })
	return m, nil
}

func (r *rate) value(now int64) float64 {
	return r.N * math.Exp(-float64(max(now-r.At, 0))/forget.Seconds())
}

func (r *rate) count(now int64) {
	r.N, r.At = r.value(now)+1, max(r.At, now)
}

// recall fills the surprise of everything that fired in s from what ended before.
//
// With λ a rate per day, the chance that a rule fires within one frame is
// 1-e^(-λ·frame); the chance here is the mean of that of the entity (smoothed
// towards the organisation) and that of an average entity of the organisation. It
// is raised to the share of earlier days on which the rule fired at this time of
// day, so that daily work is no surprise.
func (m *Memory) recall(s *Session, set Settings) {
	ask := m.about(s, set)
	for i := range s.Fired {
		ask.fill(&s.Fired[i])
	}
}

// asking is a session about whose rules the memory is asked.
type asking struct {
	m           *Memory
	entity      string
	now         int64
	age         time.Duration
	warm        float64 // how much surprise counts: 1 once the memory is old enough
	span, frame float64 // days: as far as remembered; the time a chance is about
	settled     time.Duration
}

// about begins to ask about s, and knows its entity from now on.
func (m *Memory) about(s *Session, set Settings) asking {
	if m.Start.IsZero() {
		m.Start, m.Now = s.First, s.First
	}
	if _, ok := m.Hosts[s.Entity]; !ok {
		m.Hosts[s.Entity] = 0
	}
	age := s.First.Sub(m.Start)
	return asking{
		m: m, entity: s.Entity, now: s.First.Unix(), age: age, settled: set.Warm,
		warm:  min(1, max(0, age.Seconds()/set.Warm.Seconds())),
		span:  forget.Seconds() * (1 - math.Exp(-max(age.Seconds(), 3600)/forget.Seconds())) / 86400,
		frame: set.Frame.Seconds() / 86400,
	}
}

// fill says how unusual a rule is here.
func (a *asking) fill(f *Fired) {
	var everywhere, here float64
	if r := a.m.Org[f.Rule]; r != nil {
		everywhere = r.value(a.now)
	}
	h := a.m.Pair[a.entity+"\x00"+f.Rule]
	if h != nil {
		here = h.value(a.now)
	}
	org := (everywhere + .5) / float64(len(a.m.Hosts)) / a.span
	own := (here + .5*min(1, org*a.span)) / a.span
	p := .5*chance(own*a.frame) + .5*chance(org*a.frame)
	p = max(p, h.habitual(a.now, a.age))
	f.Surprise = -math.Log10(max(leastChance, p)) * a.warm
	f.NewInOrg = a.age > a.settled && everywhere == 0
	f.NewHere = a.age > a.settled && here == 0
}

// chance is that of at least one firing where x are expected.
func chance(x float64) float64 { return 1 - math.Exp(-x) }

// habitual is the share of earlier days, at most a week, on which it fired at this
// time of day, half an hour more or less; one day without counts as a doubt.
func (h *habit) habitual(now int64, age time.Duration) float64 {
	if h == nil {
		return 0
	}
	slot := now / slotSeconds
	days, hits := 0.0, 0.0
	for d := int64(1); d <= habitDays && age > time.Duration(d)*24*time.Hour-30*time.Minute; d++ {
		days++
		at := slot - d*slotsPerDay
		if h.has(at-1) || h.has(at) || h.has(at+1) {
			hits++
		}
	}
	if days == 0 {
		return 0
	}
	return hits / (days + 1)
}

func (h *habit) has(slot int64) bool {
	i := uint64(slot) % (8 * slotsPerDay)
	return h.Slots[i/64]&(1<<(i%64)) != 0
}

// mark notes a firing and wipes the half hours that fell out of the last eight
// days.
func (h *habit) mark(now int64) {
	slot, last := now/slotSeconds, h.At/slotSeconds
	for at := max(last+1, slot-8*slotsPerDay+1); at <= slot; at++ {
		i := uint64(at) % (8 * slotsPerDay)
		h.Slots[i/64] &^= 1 << (i % 64)
	}
	i := uint64(slot) % (8 * slotsPerDay)
	h.Slots[i/64] |= 1 << (i % 64)
	h.count(now)
}

// learn adds an ended session.
func (m *Memory) learn(s *Session, set Settings) {
	now := s.First.Unix()
	m.Now = later(m.Now, s.First)
	m.Hosts[s.Entity] = max(m.Hosts[s.Entity], now)
	for _, f := range s.Fired {
		r := m.Org[f.Rule]
		if r == nil {
			r = &rate{At: now}
			m.Org[f.Rule] = r
		}
		r.count(now)
		key := s.Entity + "\x00" + f.Rule
		h := m.Pair[key]
		if h == nil {
			h = &habit{rate: rate{At: now}}
			m.Pair[key] = h
		}
		h.mark(now)
	}
	if len(m.Pair) > set.Pairs {
		m.shrink(set.Pairs)
	}
}

// shrink forgets the pairs, and then the rules and hosts, that have not been seen
// for longest, until a tenth of the room is free.
func (m *Memory) shrink(pairs int) {
	before := len(m.Pair)
	defer func() {
		for _, h := range m.Pair {
			if m.cut == 0 || h.At < m.cut {
				m.cut = h.At
			}
		}
	}()
	m.cut = 0
	oldest(m.Pair, pairs*9/10, func(h *habit) int64 { return h.At })
	oldest(m.Org, pairs, func(r *rate) int64 { return r.At })
	oldest(m.Hosts, pairs, func(at int64) int64 { return at })
	m.Lost += before - len(m.Pair)
}

func oldest[V any](m map[string]V, keep int, at func(V) int64) {
	if len(m) <= keep {
		return
	}
	type entry struct {
		key string
		at  int64
	}
	all := make([]entry, 0, len(m))
	for k, v := range m {
		all = append(all, entry{k, at(v)})
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(a.key, b.key)) })
	for _, e := range all[keep:] {
		delete(m, e.key)
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
