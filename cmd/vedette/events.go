package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/match"
)

// shownErrors is how many unreadable records of a run are named; the rest is
// counted.
const shownErrors = 20

// reading is one pass over event files.
type reading struct {
	env     env
	rec     *format.Recogniser
	opt     format.Options
	events  int
	records int
	failed  map[string]int
	shown   int
	skipped int // files
	foreign int // files that are no logs: evidence often lies beside them
}

func newReading(e env, k *kinds, observables bool) *reading {
	return &reading{
		env: e, rec: k.rec, failed: map[string]int{},
		opt: format.Options{Format: k.declared, MaxRecord: k.maxRecord, NoObservables: !observables, Search: match.Scan},
	}
}

// each calls fn for every event of every path. Records and files that cannot be read
// are named on standard error and counted; they do not end the pass.
func (r *reading) each(ctx context.Context, paths []string, fn func(*event.Event) error) error {
	if len(paths) == 0 {
		return wrong("Name at least one file or directory with events; - is standard input.")
	}
	p := newProgress(r.env, "events")
	defer p.done()
	for _, path := range paths {
		err := fetch.Walk(path, fetch.Limits{Links: true, Skip: r.skip}, func(name string, in io.Reader) error {
			return r.file(ctx, name, in, func(ev *event.Event) error {
				p.at(r.events)
				return fn(ev)
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) file(ctx context.Context, name string, in io.Reader, fn func(*event.Event) error) error {
	reader, err := format.NewReader(in, name, r.rec, r.opt)
	if err != nil {
		return wrong("%s.", err)
	}
	defer func() {
		st := reader.Stats()
		r.records += st.Records
		r.events += st.Passed
		for reason, n := range st.Failed {
			r.failed[reason] += n
		}
	}()
	for ctx.Err() == nil {
		ev, err := reader.Next()
		var bad *format.RecordError
		switch {
		case err == nil:
			r.events++
			if err := fn(&ev); err != nil {
				return err
			}
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
			r.complain(bad)
		default:
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	return ctx.Err()
}

func (r *reading) skip(err error) {
	if errs.CodeOf(err) == "not_text" {
		r.foreign++
	} else {
		r.skipped++
	}
	fmt.Fprintln(r.env.stderr, errs.Public(err))
}

func (r *reading) complain(bad *format.RecordError) {
	r.shown++
	switch {
	case r.shown <= shownErrors:
		fmt.Fprintf(r.env.stderr, "%v\n", bad)
	case r.shown == shownErrors+1:
		fmt.Fprintln(r.env.stderr, "further unreadable records are only counted")
	}
}

// outcome is the error of a pass in which some file could not be read, or nothing at
// all could.
func (r *reading) outcome() error {
	total := 0
	var why []string
	for _, reason := range slices.Sorted(maps.Keys(r.failed)) {
		total += r.failed[reason]
		why = append(why, fmt.Sprint(r.failed[reason], " ", reason))
	}
	if total > 0 {
		fmt.Fprintf(r.env.stderr, "%d records could not be read: %s\n", total, strings.Join(why, ", "))
	}
	if r.skipped > 0 {
		return errs.New(errs.Unavailable, "files_skipped", "%d of the files could not be read, or not to the end; the others were.", r.skipped)
	}
	if r.events == 0 && r.foreign > 0 {
		return errs.New(errs.Unavailable, "nothing_read", "There is no log among the files.")
	}
	if r.events == 0 && total > 0 {
		return errs.New(errs.Unavailable, "nothing_read", "No record of the input could be read as an event.")
	}
	return nil
}
