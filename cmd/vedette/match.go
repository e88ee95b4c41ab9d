package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/match"
	"github.com/vedette-soc/vedette/match/pattern"
	"github.com/vedette-soc/vedette/misp"
)

// hitLine is one line of the output of match.
type hitLine struct {
	Event      eventPlace       `json:"event"`
	Observable event.Observable `json:"observable"`
	Indicator  app.Hit          `json:"indicator"`
	Warned     []warningLine    `json:"warninglists"`
}

type eventPlace struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	FileLine int    `json:"file_line,omitempty"` // event.Origin.FileLine
	Time     string `json:"time,omitempty"`
}

type warningLine struct {
	List   string `json:"list"`
	Entry  string `json:"entry"`
	Action string `json:"action"`
}

func runMatch(ctx context.Context, e env, args []string) error {
	fs := flags(e, "match")
	intel, kind := intelFlags(fs)
	lists := fs.String("warninglists", "", "`DIR` with MISP warning lists")
	kinds := formatFlags(fs, "all events")
	full := fs.Bool("full", false, "read every event, also those whose raw record can touch nothing; the output is the same")
	fs.Bool("json", true, "machine output (always)")
	events, err := parseFlags(fs, args)
	if err == nil {
		err = kinds.read()
	}
	if err != nil {
		return err
	}
	if len(*intel) == 0 {
		return wrong("Name the indicators with -intel PATH.")
	}
	known, err := readIntel(ctx, e, *intel, *kind)
	if err != nil {
		return err
	}
	warnings, err := app.WarningLists(*lists, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	r := newReading(e, kinds, true)
	if !*full {
		r.opt.Wanted = known.Wanted()
	}
	out := bufio.NewWriterSize(e.stdout, 1<<20)
	m := matching{told: map[place]bool{}, known: known, warnings: warnings, out: json.NewEncoder(out)}
	m.out.SetEscapeHTML(false)
	err = r.each(ctx, events, m.event)
	fmt.Fprintf(e.stderr, "%d events, %d hits\n", r.events, m.hits)
	return errors.Join(err, out.Flush(), r.outcome())
}

// intelFlags adds -intel and -kind.
func intelFlags(fs *flag.FlagSet) (intel *paths, kind *string) {
	intel = &paths{}
	fs.Var(intel, "intel", "indicators: any `PATH` a feed may be; may be repeated")
	return intel, fs.String("kind", "", "what the indicators are: text, csv, stix ...; default: recognised")
}

// readIntel reads indicators into memory and prints the loss report to standard
// error.
func readIntel(ctx context.Context, e env, paths []string, kind string) (*app.Known, error) {
	p := newProgress(e, "indicators")
	known, report, err := app.ReadIntel(ctx, paths, kind, p.at)
	p.done()
	if err != nil {
		return nil, err
	}
	return known, json.NewEncoder(e.stderr).Encode(map[string]indicator.LossReport{"report": report})
}

// matching turns events into lines of output.
type matching struct {
	known    *app.Known
	warnings *misp.WarningSet
	out      *json.Encoder
	hits     int
	dst      []app.Hit
	scratch  []match.Hit
	told     map[place]bool // of the current event
	watch    pattern.Watch  // of patterns over several events
	err      error          // of writing
}

// place is an indicator met in a field: an address and the same address with its
// port are one place.
type place struct {
	indicator indicator.Type
	value     string
	field     string
}

func (m *matching) event(ev *event.Event) error {
	clear(m.told)
	for _, o := range ev.Observables {
		m.dst, m.scratch = m.known.Lookup(o.Type, o.Value, m.dst[:0], m.scratch)
		for _, h := range m.dst {
			at := place{h.Type, h.Value, o.Field}
			if m.told[at] {
				continue
			}
			m.told[at] = true
			m.hit(ev, o, h)
		}
	}
	m.known.Patterns(&m.watch, ev, func(o event.Observable, h app.Hit) { m.hit(ev, o, h) })
	return m.err
}

func (m *matching) hit(ev *event.Event, o event.Observable, h app.Hit) {
	m.hits++
	line := hitLine{Event: placeOf(ev), Observable: o, Indicator: h, Warned: []warningLine{}}
	for _, w := range m.warnings.Match(h.Type, h.Value) {
		line.Warned = append(line.Warned, warningLine{w.List, w.Entry, string(w.Action)})
	}
	m.err = errors.Join(m.err, m.out.Encode(line))
}
