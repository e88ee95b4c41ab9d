// Package triage turns a stream of alerts into few ranked incidents and says how
// probable each is, with reasons: sessions of one host or account, a memory of
// what is normal where, links between what is rare at the same time, terms in
// log-odds, and a learner that takes analysts' verdicts.
//
// [Desk.Add] takes alerts in order of time and returns the sessions that ended;
// [Model.Terms] explains one; [Learner] moves the model by verdicts. All of it is
// pure and causal: a session is judged by what was known when it ended, plus what
// its incident grew into while open (at most [Settings.Span]). Memory is bounded
// ([Settings.Pairs]), and the same alerts give the same result.
package triage

import (
	"cmp"
	"slices"
	"time"
)

// Alert is what a detector said about one host or account.
type Alert struct {
	Time     time.Time
	Rule     string  // id or name: what makes two alerts the same kind
	Sensor   string  // the detector
	Entity   string  // host or account of ours
	Peer     string  // the other side; may be empty
	Severity float64 // share of the detector's scale, 0-1; 0 = not known
}

// Session is what happens on one entity without a longer pause than
// [Settings.Idle], at most [Settings.Cap] long.
type Session struct {
	Entity      string
	First, Last time.Time
	Alerts      int
	Fired       []Fired // of an ended session by falling surprise; of an open one in order of appearance
	Peers       []string
	Incident    *Incident // nil until the session ended
	unlisted    int       // alerts of rules beyond maxRules
	at          map[string]int
	stress      float64 // root of the sum of squares of stress, once asked for
}

// Fired is one rule within a session.
type Fired struct {
	Rule, Sensor string
	Count        int
	Severity     float64
	Surprise     float64 // -log10 of the chance that the rule fires here in half an hour
	NewHere      bool    // never on this entity before; known after a day
	NewInOrg     bool    // never anywhere before; known after a day
}

// Bounds of one session; what is beyond still counts in Alerts.
const (
	maxRules = 256
	maxPeers = 16
)

// Unlisted counts alerts whose rule found no room in Fired.
func (s *Session) Unlisted() int { return s.unlisted }

// Strangest is the highest surprise of a rule.
func (s *Session) Strangest() float64 {
	top := 0.0
	for _, f := range s.Fired {
		top = max(top, f.Surprise)
	}
	return top
}

func (s *Session) add(a Alert) {
	s.Last = a.Time
	s.Alerts++
	if a.Peer != "" && len(s.Peers) < maxPeers && !slices.Contains(s.Peers, a.Peer) {
		s.Peers = append(s.Peers, a.Peer)
	}
	i, ok := s.at[a.Rule]
	if !ok {
		if len(s.Fired) == maxRules {
			s.unlisted++
			return
		}
		i = len(s.Fired)
		s.at[a.Rule] = i
		s.Fired = append(s.Fired, Fired{Rule: a.Rule, Sensor: a.Sensor})
	}
	f := &s.Fired[i]
	f.Count++
	f.Severity = max(f.Severity, a.Severity)
}

// settle sorts what fired, strangest first.
func (s *Session) settle() {
	s.at = nil
	slices.SortFunc(s.Fired, func(a, b Fired) int {
		return cmp.Or(cmp.Compare(b.Surprise, a.Surprise), cmp.Compare(a.Rule, b.Rule))
	})
}

// Settings are the constants of sessions, memory and linking. docs/ranking.md
// says how far each may be moved before results change.
type Settings struct {
	Idle  time.Duration // a longer pause ends a session
	Cap   time.Duration // a session is at most this long
	Frame time.Duration // surprise is about one firing within this time
	Warm  time.Duration // until the memory is this old, surprise counts in part
	Odd   float64       // surprise from which a hot incident claims a session
	Rare  float64       // surprise from which a session opens or joins an incident
	Hot   float64       // score from which an incident claims odd sessions
	Join  time.Duration // rare sessions this close in time are one incident
	Reach time.Duration // how far back a hot incident claims
	Span  time.Duration // an incident is at most this long
	Shift time.Duration // what is usual here is one standing incident per entity and shift
	Pairs int           // the memory holds at most this many pairs of entity and rule
}

// Defaults are the settings everything is measured with.
func Defaults() Settings {
	return Settings{
		Idle: 5 * time.Minute, Cap: time.Hour, Frame: 30 * time.Minute, Warm: 24 * time.Hour,
		Odd: .5, Rare: 1.5, Hot: 5.5,
		Join: 30 * time.Minute, Reach: 3 * time.Hour, Span: 4 * time.Hour, Shift: 7 * 24 * time.Hour,
		Pairs: 500_000,
	}
}
