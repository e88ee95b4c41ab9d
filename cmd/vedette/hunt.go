package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/errs"
)

func runHunt(ctx context.Context, e env, args []string) error {
	if len(args) > 0 && args[0] == "retro" {
		return huntRetro(ctx, e, args[1:])
	}
	d := dataCommand(e, "hunt")
	body := map[string]any{}
	since := d.fs.String("since", "", "events not older than this: a `TIME`, or how long ago (24h, 7d)")
	until := d.fs.String("until", "", "events not newer than this `TIME`")
	limit := d.fs.Int("limit", 100, "print at most `N` events, the newest")
	budget := d.fs.String("budget", "", "give what there is after this `TIME`, such as 30s")
	rest, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return wrong("Ask something: vedette hunt 'source.ip:10.0.0.0/8 and evil.example'. docs/hunt.md explains the language.")
	}
	body["query"], body["since"], body["until"], body["limit"], body["budget"] = strings.Join(rest, " "), *since, *until, *limit, *budget
	return d.with(ctx, func(c *app.Client) error {
		var a huntAnswer
		if err := c.Call(ctx, "POST", "/hunt", body, &a); err != nil {
			return err
		}
		if *d.json {
			return a.lines(e.stdout)
		}
		return a.table(e.stdout)
	})
}

// huntAnswer is what the API says to a question.
type huntAnswer struct {
	Found []struct {
		ID     string          `json:"id"`
		Time   time.Time       `json:"time"`
		Source string          `json:"source"`
		Event  json.RawMessage `json:"event"`
	} `json:"found"`
	Matched int    `json:"matched"`
	Looked  int    `json:"looked"`
	Read    int    `json:"read"`
	Missed  int    `json:"missed"`
	Kept    int    `json:"kept"`
	Partial string `json:"partial"`
	Took    string `json:"took"`
	Tables  []struct {
		Stage string   `json:"stage"`
		By    []string `json:"by"`
		Rows  []struct {
			Values []string `json:"values"`
			N      int      `json:"n"`
		} `json:"rows"`
		Other int `json:"other"`
	} `json:"tables"`
}

// lines prints one JSON object a line: events, or the rows of stages, and last a
// summary.
func (a *huntAnswer) lines(w io.Writer) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	for _, t := range a.Tables {
		for _, r := range t.Rows {
			if err := enc.Encode(map[string]any{"stage": t.Stage, "by": t.By, "values": r.Values, "n": r.N}); err != nil {
				return err
			}
		}
	}
	if len(a.Tables) == 0 {
		for _, f := range a.Found {
			if err := enc.Encode(map[string]any{"id": f.ID, "time": f.Time, "source": f.Source, "event": f.Event}); err != nil {
				return err
			}
		}
	}
	sum := map[string]any{"matched": a.Matched, "looked": a.Looked, "read": a.Read, "missed": a.Missed, "kept": a.Kept, "took": a.Took}
	if a.Partial != "" {
		sum["partial"] = a.Partial
	}
	if err := enc.Encode(map[string]any{"summary": sum}); err != nil {
		return err
	}
	return out.Flush()
}

func (a *huntAnswer) table(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, t := range a.Tables {
		fmt.Fprintf(out, "%s\tEVENTS\n", strings.ToUpper(strings.Join(t.By, "\t")))
		for _, r := range t.Rows {
			fmt.Fprintf(out, "%s\t%d\n", plain(strings.Join(r.Values, "\t")), r.N)
		}
		if t.Other > 0 {
			fmt.Fprintf(out, "(others)\t%d\n", t.Other)
		}
	}
	if len(a.Tables) == 0 {
		fmt.Fprintln(out, "EVENT\tTIME\tSOURCE\tWHAT")
		for _, f := range a.Found {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", f.ID, f.Time.Format(time.RFC3339), plain(f.Source), plain(brief(f.Event, 160)))
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d of %d events looked at match (%s)", a.Matched, a.Looked, a.Took)
	if err == nil && a.Missed > 0 {
		_, err = fmt.Fprintf(w, "; %d records could not be read", a.Missed)
	}
	if err == nil && a.Partial != "" {
		_, err = fmt.Fprintf(w, "\n%s", a.Partial)
	}
	if err == nil {
		_, err = fmt.Fprintln(w)
	}
	return err
}

// plain keeps what a terminal would act on from it; tabs part columns.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '.'
		}
		return r
	}, s)
}

// brief is the beginning of an event.
func brief(event json.RawMessage, n int) string {
	r := []rune(strings.ReplaceAll(string(event), "\t", " "))
	if len(r) > n {
		return string(r[:n]) + "…"
	}
	return string(r)
}

// jobView is a look back as the API shows it.
type jobView struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Created time.Time `json:"created"`
	State   string    `json:"state"`
	Problem string    `json:"problem"`
}

func huntRetro(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "hunt")
	var files paths
	d.fs.Var(&files, "intel", "hold what this `PATH` says against the history, without storing it; may be repeated")
	wait := d.fs.Bool("wait", false, "wait until it is done")
	limit := d.fs.Int("limit", 10_000, "with -intel: print at most `N` matches")
	rest, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return wrong("hunt retro takes no argument; name intelligence with -intel.")
	}
	if len(files) > 0 {
		return huntAgainst(ctx, e, d, files, *limit)
	}
	return d.with(ctx, func(c *app.Client) error {
		var raw json.RawMessage
		var j jobView
		if err := c.CatchUp(ctx); err != nil {
			return err
		}
		if err := c.Call(ctx, "POST", "/hunt/retro", struct{}{}, &raw); err != nil {
			return err
		}
		if err := json.Unmarshal(raw, &j); err != nil {
			return err
		}
		if err := c.LookBack(ctx); err != nil {
			return err
		}
		for *wait || c.Alone() {
			jobs, err := lookedBack(ctx, c, j)
			if err != nil {
				return err
			}
			if jobs == nil {
				continue
			}
			return tellJobs(e, jobs)
		}
		_, err := fmt.Fprintf(e.stdout, "%s\n", raw)
		return err
	})
}

// lookedBack returns a job and what was made a job of its own besides, when all of them
// have come to an end; else it waits a moment.
func lookedBack(ctx context.Context, c *app.Client, of jobView) ([]json.RawMessage, error) {
	var page struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := c.Call(ctx, "GET", "/hunt/jobs?limit=500", nil, &page); err != nil {
		return nil, err
	}
	var jobs []json.RawMessage
	for _, raw := range slices.Backward(page.Items) {
		var j jobView
		if err := json.Unmarshal(raw, &j); err != nil {
			return nil, err
		}
		if j.ID != of.ID && (!j.Created.Equal(of.Created) || j.Kind != "patterns") {
			continue
		}
		if jobs = append(jobs, raw); j.State == "done" || j.State == "failed" {
			continue
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
			return nil, nil
		}
	}
	if jobs == nil {
		return nil, errs.New(errs.NotFound, "retro_gone", "The look back %s is no longer among the newest 500 jobs.", of.ID)
	}
	return jobs, nil
}

// tellJobs prints jobs that have come to an end.
func tellJobs(e env, jobs []json.RawMessage) (err error) {
	for _, raw := range jobs {
		var j jobView
		if err := json.Unmarshal(raw, &j); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(e.stdout, "%s\n", raw); err != nil {
			return err
		}
		if j.State == "failed" {
			err = errs.New(errs.Unavailable, "retro_failed", "Looking back failed: %s", j.Problem)
		}
	}
	return err
}

// huntAgainst holds indicators that are in files only against the history.
func huntAgainst(ctx context.Context, e env, d data, files paths, limit int) error {
	mem, err := readIntel(ctx, e, files, "")
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	go func() {
		out := bufio.NewWriter(w)
		enc := json.NewEncoder(out)
		err := mem.Each(func(h app.Hit) error { return enc.Encode(h) })
		w.CloseWithError(cmp.Or(err, out.Flush()))
	}()
	defer func() { _ = r.Close() }()
	return d.with(ctx, func(c *app.Client) error {
		if err := c.CatchUp(ctx); err != nil {
			return err
		}
		var a struct {
			Matches []json.RawMessage `json:"matches"`
			Summary json.RawMessage   `json:"summary"`
		}
		if err := c.Call(ctx, "POST", fmt.Sprintf("/hunt/against?limit=%d", limit), r, &a); err != nil {
			return err
		}
		for _, m := range a.Matches {
			if _, err := fmt.Fprintf(e.stdout, "%s\n", m); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintf(e.stdout, "{\"summary\":%s}\n", a.Summary)
		return err
	})
}
