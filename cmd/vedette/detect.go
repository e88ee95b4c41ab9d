package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/sigma"
)

// matchLine is one line of the output of detect.
type matchLine struct {
	Event eventPlace `json:"event"`
	Rule  ruleLine   `json:"rule"`
	Why   []string   `json:"why,omitempty"`
	Held  *heldLine  `json:"correlation,omitempty"` // nil for a rule
}

// heldLine says what a correlation rests on.
type heldLine struct {
	Group  map[string]string `json:"group"` // by the fields that are grouped by
	Count  float64           `json:"count"`
	First  string            `json:"first,omitempty"`
	Last   string            `json:"last,omitempty"`
	Events []eventPlace      `json:"events"` // the last 50 at most
}

type ruleLine struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Level   string   `json:"level"`
	Author  string   `json:"author"`
	License string   `json:"license,omitempty"`
	Tags    []string `json:"tags"`
}

func runDetect(ctx context.Context, e env, args []string) error {
	fs := flags(e, "detect")
	var rules, pipelines paths
	fs.Var(&rules, "rules", "Sigma rules: a file, directory or archive `PATH`; may be repeated")
	fs.Var(&pipelines, "pipelines", "further pipelines: a YAML file or directory `PATH`; may be repeated")
	placeholders := fs.String("placeholders", "", "values for placeholders of rules: a YAML `FILE` that maps names to lists")
	kinds := formatFlags(fs, "all events")
	why := fs.Bool("why", false, "say which fields made each rule match")
	full := fs.Bool("full", false, "read all of every event, also of those whose raw record no rule matches; the output is the same")
	fs.Bool("json", true, "machine output (always)")
	events, err := parseFlags(fs, args)
	if err == nil {
		err = kinds.read()
	}
	if err != nil {
		return err
	}
	if len(rules) == 0 {
		return wrong("Name the rules with -rules PATH.")
	}
	set, err := app.ReadRules(rules, pipelines, *placeholders, kinds.rec)
	if err != nil {
		return err
	}
	for _, p := range slices.Concat(set.Problems, set.Idle) {
		fmt.Fprintln(e.stderr, p)
	}
	fmt.Fprintf(e.stderr, "%d rules and %d correlations, %d refused\n", set.Engine.Len(), len(set.Rules.Correlations), len(set.Problems))
	r := newReading(e, kinds, false)
	if !*full {
		r.opt.Wanted, r.opt.Brief = set.Wanted(kinds.declared), set.Brief()
	}
	out := bufio.NewWriterSize(e.stdout, 1<<20)
	d := detecting{set: set, matcher: set.Engine.Matcher(), why: *why, out: json.NewEncoder(out)}
	d.out.SetEscapeHTML(false)
	err = errors.Join(r.each(ctx, events, d.event), d.alarms(set.Memory.End(), ""))
	if n := set.Memory.Forgotten; n > 0 {
		fmt.Fprintf(e.stderr, "correlations: %d groups were given up for want of memory; what they counted is lost\n", n)
	}
	fmt.Fprintf(e.stderr, "%d events, %d matches\n", r.events, d.matches)
	return errors.Join(err, out.Flush(), r.outcome())
}

// detecting turns events into lines of output.
type detecting struct {
	set     *app.RuleSet
	matcher *sigma.Matcher
	why     bool
	out     *json.Encoder
	matches int
}

func (d *detecting) event(ev *event.Event) error {
	for _, m := range d.matcher.Event(ev) {
		r := d.set.Engine.Rule(m.Rule)
		if !r.Silent {
			var why []sigma.Reason
			if d.why {
				why = d.matcher.Why(m)
			}
			if err := d.write(placeOf(ev), r, why, nil); err != nil {
				return err
			}
		}
		if !d.set.Memory.Wants(r.Key()) {
			continue
		}
		place := placeOf(ev)
		alarms := d.set.Memory.Add(sigma.Hit{Rule: r.Key(), Time: ev.Time, Event: nameOf(place), Values: func(field string) []string { return d.matcher.Values(m, field) }})
		if err := d.alarms(alarms, nameOf(place)); err != nil {
			return err
		}
	}
	return nil
}

// alarms writes what correlations raise: at the event that brought it about if it is
// one of theirs, else at their last one.
func (d *detecting) alarms(alarms []sigma.Alarm, now string) error {
	for _, a := range alarms {
		c := &d.set.Rules.Correlations[a.Correlation]
		if c.Silent {
			continue
		}
		name := now
		if !slices.Contains(a.Events, now) {
			name = a.Events[len(a.Events)-1]
		}
		var place eventPlace
		if err := json.Unmarshal([]byte(name), &place); err != nil {
			return err
		}
		held, err := heldOf(a, c.GroupBy)
		if err != nil {
			return err
		}
		if err := d.write(place, &c.Rule, nil, held); err != nil {
			return err
		}
	}
	return nil
}

// heldOf says what an alarm is about; by are the fields that are grouped by.
func heldOf(a sigma.Alarm, by []string) (*heldLine, error) {
	out := &heldLine{Group: map[string]string{}, Count: a.Count, First: timeLine(a.First), Last: timeLine(a.Last), Events: make([]eventPlace, len(a.Events))}
	for i, field := range by {
		out.Group[field] = a.Group[i]
	}
	for i, name := range a.Events {
		if err := json.Unmarshal([]byte(name), &out.Events[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// nameOf names an event for correlations.
func nameOf(p eventPlace) string {
	b, _ := json.Marshal(p) // texts and a number
	return string(b)
}

func placeOf(ev *event.Event) eventPlace {
	return eventPlace{File: ev.Origin.File, Line: ev.Origin.Line, FileLine: ev.Origin.FileLine, Time: timeLine(ev.Time)}
}

// timeLine is a time as lines have it, "" for none.
func timeLine(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

func (d *detecting) write(place eventPlace, r *sigma.Rule, why []sigma.Reason, held *heldLine) error {
	d.matches++
	line := matchLine{
		Event: place, Held: held,
		Rule: ruleLine{ID: r.ID, Title: r.Title, Level: r.Level, Author: r.Author, License: r.License, Tags: r.Tags},
	}
	if line.Rule.Tags == nil {
		line.Rule.Tags = []string{}
	}
	for _, w := range why {
		line.Why = append(line.Why, w.Field+"="+w.Value)
	}
	return d.out.Encode(line)
}
