package intel

import (
	"encoding/json"
	"slices"
	"time"
)

// Tally is what one write changes in the counts of the audit of feeds. Sets are
// keyed by SetKey.
type Tally struct {
	Sets    map[string]int
	Days    map[SourceDay]Flow
	Spreads map[Spread]int
}

// SourceDay is a source on one day, counted from 1970 in UTC.
type SourceDay struct {
	Source string
	Day    int64
}

// Flow is what came and went.
type Flow struct{ Adds, Removes int }

// Spread is one value of a distribution of a source.
type Spread struct {
	Source string
	Kind   SpreadKind
	Value  int64
}

// SpreadKind is what is distributed.
type SpreadKind string

// The distributions.
const (
	LatencyMinutes SpreadKind = "latency" // after the first source that had the indicator
	AgeDays        SpreadKind = "age"     // from the day it was added to the day it was withdrawn
)

// DayOf is the day of a moment.
func DayOf(t time.Time) int64 { return t.Unix() / 86400 }

func newTally() *Tally {
	return &Tally{Sets: map[string]int{}, Days: map[SourceDay]Flow{}, Spreads: map[Spread]int{}}
}

// SetKey names a set of sources: a sorted JSON list.
func SetKey(sources []string) string {
	b, _ := json.Marshal(sources) // strings always marshal
	return string(b)
}

// SourcesOf reads what SetKey wrote.
func SourcesOf(key string) []string {
	var out []string
	_ = json.Unmarshal([]byte(key), &out)
	return out
}

// claiming lists the sources that claim an indicator, sorted.
func claiming(said []AssertionRow) []string {
	var out []string
	for _, a := range said {
		if !a.Withdrawn {
			out = append(out, a.Source)
		}
	}
	slices.Sort(out)
	return out
}

// move counts an indicator that other sources claim than before.
func (t *Tally) move(before, after []string) {
	if len(before) > 0 {
		t.Sets[SetKey(before)]--
	}
	if len(after) > 0 {
		t.Sets[SetKey(after)]++
	}
}

// added counts that source claims an indicator anew. said is what all sources say
// of it, the new claim included; settled tells when the first good run of a
// source ended, the zero time when there was none yet.
func (t *Tally) added(said []AssertionRow, before []string, source string, settled func(string) time.Time, now time.Time) {
	t.move(before, claiming(said))
	d := t.Days[SourceDay{source, DayOf(now)}]
	d.Adds++
	t.Days[SourceDay{source, DayOf(now)}] = d
	known := func(a AssertionRow) bool { // when the source added it, is known
		s := settled(a.Source)
		return !s.IsZero() && a.FirstAdded.After(s)
	}
	var mine, first *AssertionRow
	for i := range said {
		a := &said[i]
		if a.Source == source {
			mine = a
		} else if first == nil || a.FirstAdded.Before(first.FirstAdded) {
			first = a
		}
	}
	if first == nil || !known(*first) || !mine.FirstAdded.Equal(now) { // alone, or unknown, or had before
		return
	}
	if len(said) == 2 {
		t.Spreads[Spread{first.Source, LatencyMinutes, 0}]++
	}
	if known(*mine) {
		t.Spreads[Spread{source, LatencyMinutes, int64(max(mine.FirstAdded.Sub(first.FirstAdded), 0) / time.Minute)}]++
	}
}

// withdrawn counts that source claims an indicator no longer.
func (t *Tally) withdrawn(said []AssertionRow, before []string, a AssertionRow, settled func(string) time.Time, now time.Time) {
	t.move(before, claiming(said))
	d := t.Days[SourceDay{a.Source, DayOf(now)}]
	d.Removes++
	t.Days[SourceDay{a.Source, DayOf(now)}] = d
	if s := settled(a.Source); !s.IsZero() && a.FirstAdded.After(s) {
		t.Spreads[Spread{a.Source, AgeDays, int64(now.Sub(a.FirstAdded) / (24 * time.Hour))}]++
	}
}
