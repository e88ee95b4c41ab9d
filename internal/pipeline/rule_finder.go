package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/sigma"
)

// ruleFinder looks at events with the rules of the moment. It belongs to one
// goroutine; correlations remember in it.
type ruleFinder struct {
	rules *Rules

	set    *ruleSet
	main   *sigma.Matcher
	passes *sigma.Matcher // nil when there are no exceptions
	memory *sigma.Correlator

	// counted since they were taken last
	fired    map[string]int
	excepted map[string]int // by exception
	seen     map[detect.Seen]int
}

func newRuleFinder(r *Rules) *ruleFinder {
	f := &ruleFinder{rules: r}
	f.forget()
	return f
}

func (f *ruleFinder) forget() {
	f.fired, f.excepted, f.seen = map[string]int{}, map[string]int{}, map[detect.Seen]int{}
}

// renew takes over rules that were swapped in; what correlations remember goes
// with them.
func (f *ruleFinder) renew() {
	set := f.rules.state.Load()
	if f.set == set {
		return
	}
	memory := set.correlator()
	if f.memory != nil {
		f.memory.Copy(memory)
	}
	f.set, f.memory, f.main, f.passes = set, memory, set.engine.Matcher(), nil
	if set.passes != nil {
		f.passes = set.passes.Matcher()
	}
}

// ruleMatch is a rule, or a correlation, that an event completes.
type ruleMatch struct {
	rule  *sigma.Rule
	meta  detect.Rule
	why   []sigma.Reason
	alarm *sigma.Alarm // of a correlation
}

// find returns what the rules say of an event.
func (f *ruleFinder) find(ev *event.Event, id ref.Ref) []ruleMatch {
	f.renew()
	hits := f.main.Event(ev)
	f.note()
	if len(hits) == 0 {
		return nil
	}
	var out []ruleMatch
	var passing []sigma.Match
	looked := false
	for _, h := range hits {
		r := f.set.engine.Rule(h.Rule)
		if exceptions := f.set.passOf[r.ID]; len(exceptions) > 0 {
			if !looked {
				passing, looked = f.passes.Event(ev), true
			}
			if f.passed(exceptions, passing) {
				continue
			}
		}
		if !r.Silent {
			f.fired[r.ID]++
			out = append(out, ruleMatch{rule: r, meta: f.set.meta[h.Rule], why: f.main.Why(h)})
		}
		if f.memory.Wants(r.Key()) {
			out = append(out, f.correlate(r, h, ev, id)...)
		}
	}
	return out
}

// passed says whether an exception lets the event pass, and counts it.
func (f *ruleFinder) passed(exceptions []int, passing []sigma.Match) bool {
	for _, p := range passing {
		if slices.Contains(exceptions, p.Rule) {
			f.excepted[f.set.exceptions[p.Rule].ID]++
			return true
		}
	}
	return false
}

func (f *ruleFinder) correlate(r *sigma.Rule, h sigma.Match, ev *event.Event, id ref.Ref) []ruleMatch {
	var out []ruleMatch
	for _, a := range f.memory.Add(sigma.Hit{Rule: r.Key(), Time: ev.Time, Event: id.ID, Values: func(field string) []string { return f.main.Values(h, field) }}) {
		c := &f.set.correlations[a.Correlation]
		f.fired[c.ID]++
		out = append(out, ruleMatch{rule: &c.Rule, meta: f.set.corrMeta[a.Correlation], alarm: &a})
	}
	return out
}

// note counts the event, by the day it is looked at, for the log sources it
// belongs to.
func (f *ruleFinder) note() {
	if len(f.main.LogSources()) == 0 {
		return
	}
	day := time.Now().UTC().Format(time.DateOnly)
	for _, s := range f.main.LogSources() {
		f.seen[detect.Seen{Source: s, Day: day}]++
	}
}

// report hands over what was counted since the last time.
func (f *ruleFinder) report(ctx context.Context) error {
	total := 0
	for _, n := range f.excepted {
		total += n
	}
	f.rules.count(f.fired, total)
	var seen []detect.Seen
	for s, n := range f.seen {
		s.Events = n
		seen = append(seen, s)
	}
	slices.SortFunc(seen, func(a, b detect.Seen) int { return strings.Compare(a.Source.String()+a.Day, b.Source.String()+b.Day) })
	excepted := f.excepted
	f.forget()
	if len(seen) == 0 && len(excepted) == 0 {
		return nil
	}
	return f.rules.detect.Noted(ctx, seen, excepted)
}

// byRule fills d for a rule that matched.
func byRule(d *alert.Detection, m ruleMatch, id ref.Ref) {
	key := m.meta.ID
	d.Sensor = "sigma"
	d.ID = alert.DetectionID(d.Event, key, "")
	d.Reason = alert.Reason{
		Kind: alert.ByRule, Key: key, Title: m.rule.Title, Level: m.rule.Level, Author: m.meta.Author, License: m.meta.License,
	}
	d.Suppressed = m.rule.Level == "informational" // Sigma: no alert is triggered by such rules
	for _, w := range m.why {
		d.Reason.Evidence = append(d.Reason.Evidence, evidence(w))
	}
	tags(d, m.rule.Tags)
	what := m.rule.Title
	if m.alarm != nil {
		what = fmt.Sprintf("%s: %g within %s", m.rule.Title, m.alarm.Count, m.alarm.Last.Sub(m.alarm.First).Round(time.Second))
		if len(m.alarm.Group) > 0 {
			what += ", " + strings.Join(m.alarm.Group, ", ")
		}
		for _, e := range m.alarm.Events {
			if e != id.ID {
				d.Reason.Related = append(d.Reason.Related, ref.Ref{Kind: ref.Event, ID: e})
			}
		}
	}
	who := d.Entity.Name
	if who == "" {
		who = d.Dataset
	}
	d.Summary = strings.TrimPrefix(fmt.Sprintf("%s: %s", who, what), ": ")
}

// evidence is a reason as people read it.
func evidence(r sigma.Reason) string {
	if r.Field == "" {
		return "keyword in " + r.Value
	}
	return r.Field + "=" + r.Value
}

// tags takes tactic and techniques out of a rule's tags.
func tags(d *alert.Detection, tags []string) {
	for _, t := range tags {
		rest, ok := strings.CutPrefix(strings.ToLower(t), "attack.")
		if !ok {
			continue
		}
		if len(rest) > 1 && rest[0] == 't' && rest[1] >= '0' && rest[1] <= '9' {
			d.Techniques = append(d.Techniques, strings.ToUpper(rest))
		} else if tactic := tacticOf(rest); tactic != "" && d.Tactic == "" {
			d.Tactic = tactic
		}
	}
}
