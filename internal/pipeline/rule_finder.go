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
	"github.com/vedette-soc/vedette/vuln"
)

// ruleEye looks at events with one set of rules. It belongs to one goroutine and
// remembers nothing from one event to the next.
type ruleEye struct {
	set    *ruleSet
	main   *sigma.Matcher
	passes *sigma.Matcher // nil when there are no exceptions
}

func newRuleEye(set *ruleSet) *ruleEye {
	e := &ruleEye{set: set, main: set.engine.Matcher()}
	if set.passes != nil {
		e.passes = set.passes.Matcher()
	}
	return e
}

// ruleMatch is a rule, or a correlation, that an event completes.
type ruleMatch struct {
	rule  *sigma.Rule
	meta  detect.Rule
	why   []sigma.Reason
	alarm *sigma.Alarm // of a correlation
}

// sight is what the rules say of an event.
type sight struct {
	matches    []ruleMatch
	excepted   []string // ids of the exceptions that let it pass
	correlates bool     // a correlation wants to know of it
}

// look returns what the rules say of an event; wanted is called with each match
// that a correlation asks for, while the matcher still holds the event.
func (e *ruleEye) look(ev *event.Event, wanted func(*sigma.Rule, sigma.Match)) sight {
	var out sight
	hits := e.main.Event(ev)
	if len(hits) == 0 {
		return out
	}
	var passing []sigma.Match
	looked := false
	for _, h := range hits {
		r := e.set.engine.Rule(h.Rule)
		if exceptions := e.set.passOf[r.ID]; len(exceptions) > 0 {
			if !looked {
				passing, looked = e.passes.Event(ev), true
			}
			if id, ok := e.passed(exceptions, passing); ok {
				out.excepted = append(out.excepted, id)
				continue
			}
		}
		if !r.Silent {
			out.matches = append(out.matches, ruleMatch{rule: r, meta: e.set.meta[h.Rule], why: e.main.Why(h)})
		}
		if e.set.wants[h.Rule] {
			out.correlates = true
			if wanted != nil {
				wanted(r, h)
			}
		}
	}
	return out
}

// concerns says whether a rule matches a brief event, or may. The log sources that the
// event belongs to are known then.
func (e *ruleEye) concerns(ev *event.Event) bool {
	if !e.set.engine.Laid(ev.Format) {
		return len(e.main.Event(ev)) > 0
	}
	hits, err := e.main.Record(ev.Format, ev.Raw)
	return err != nil || len(hits) > 0
}

// passed returns the exception that lets the event pass.
func (e *ruleEye) passed(exceptions []int, passing []sigma.Match) (string, bool) {
	for _, p := range passing {
		if slices.Contains(exceptions, p.Rule) {
			return e.set.exceptions[p.Rule].ID, true
		}
	}
	return "", false
}

// ruleFinder takes what was seen, in order: it counts, and correlations remember
// in it. It belongs to one goroutine.
type ruleFinder struct {
	rules  *Rules // nil = nothing is counted
	eye    *ruleEye
	memory *sigma.Correlator

	// counted since they were taken last
	fired    map[string]int
	excepted map[string]int // by exception
	seen     map[detect.Seen]int

	forgotten int // groups of memory that were reported
}

func newRuleFinder(r *Rules, set *ruleSet) *ruleFinder {
	f := &ruleFinder{rules: r}
	f.forget()
	f.renew(set)
	return f
}

func (f *ruleFinder) forget() {
	f.fired, f.excepted, f.seen = map[string]int{}, map[string]int{}, map[detect.Seen]int{}
}

// renew takes over rules that were swapped in; what correlations remember goes
// with them. It returns those that did not run before, by their index.
func (f *ruleFinder) renew(set *ruleSet) []int {
	if f.eye != nil && f.eye.set == set {
		return nil
	}
	memory := set.correlator()
	if f.memory != nil {
		f.memory.Copy(memory)
	}
	f.eye, f.memory = newRuleEye(set), memory
	return memory.Fresh()
}

// lateness is how long after the end of a window an event of it may still come: some
// sources are behind the others. A hit of a correlation says that it is over, too.
const lateness = time.Hour

// take counts what was seen in an event, and returns it with the correlations
// that the event completes.
func (f *ruleFinder) take(ev *event.Event, id ref.Ref, s sight) []ruleMatch {
	for _, m := range s.matches {
		f.fired[m.rule.ID]++
	}
	for _, e := range s.excepted {
		f.excepted[e]++
	}
	over := f.raised(f.memory.Pass(ev.Time.Add(-lateness)))
	if !s.correlates {
		return append(s.matches, over...)
	}
	return slices.Concat(s.matches, over, f.correlated(ev, id))
}

// correlated returns the correlations that an event completes which one asks for.
func (f *ruleFinder) correlated(ev *event.Event, id ref.Ref) []ruleMatch {
	// The fields that correlations group by are read from a matcher that holds
	// the event: few events get here.
	var out []ruleMatch
	f.eye.look(ev, func(r *sigma.Rule, h sigma.Match) { out = append(out, f.correlate(r, h, ev, id)...) })
	return out
}

func (f *ruleFinder) correlate(r *sigma.Rule, h sigma.Match, ev *event.Event, id ref.Ref) []ruleMatch {
	return f.raised(f.memory.Add(sigma.Hit{Rule: r.Key(), Time: ev.Time, Event: id.ID, Values: func(field string) []string { return f.eye.main.Values(h, field) }}))
}

// raised are the matches of correlations, less those that only another one asks for.
func (f *ruleFinder) raised(alarms []sigma.Alarm) []ruleMatch {
	var out []ruleMatch
	for _, a := range alarms {
		set := f.eye.set
		c := &set.correlations[a.Correlation]
		if c.Silent {
			continue
		}
		f.fired[c.ID]++
		out = append(out, ruleMatch{rule: &c.Rule, meta: set.corrMeta[a.Correlation], alarm: &a})
	}
	return out
}

// note counts events, by the day they are looked at, for the log sources they
// belong to.
func (f *ruleFinder) note(sources map[sigma.LogSource]int) {
	day := time.Now().UTC().Format(time.DateOnly)
	for s, n := range sources {
		f.noteOn(day, s, n)
	}
}

func (f *ruleFinder) noteOn(day string, s sigma.LogSource, n int) {
	f.seen[detect.Seen{Source: s, Day: day}] += n
}

// report hands over what was counted since the last time.
func (f *ruleFinder) report(ctx context.Context) error {
	total := 0
	for _, n := range f.excepted {
		total += n
	}
	f.rules.count(f.fired, total)
	f.rules.forgotten.Add(int64(f.memory.Forgotten - f.forgotten))
	f.forgotten = f.memory.Forgotten
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
	d.Sensor, d.Known = "sigma", m.meta.Changed
	d.ID = alert.DetectionID(d.Event, key, "")
	d.Reason = alert.Reason{
		Kind: alert.ByRule, Key: key, Title: m.rule.Title, Level: m.rule.Level, Author: m.meta.Author, License: m.meta.License,
	}
	d.Suppressed = m.rule.Level == "informational" // Sigma: no alert is triggered by such rules
	for _, w := range m.why {
		d.Reason.Evidence = append(d.Reason.Evidence, evidence(w))
	}
	tags(d, m.rule.Tags)
	d.CVEs = vuln.IDs(strings.Join(m.rule.Tags, " "))
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
