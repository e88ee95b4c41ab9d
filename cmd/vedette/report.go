package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"time"

	"github.com/vedette-soc/vedette/extract/document"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
)

// reportLine is a report as the API shows it.
type reportLine struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Added    time.Time `json:"added"`
	Proposed int       `json:"proposed"`
	Accepted int       `json:"accepted"`
	Rejected int       `json:"rejected"`
}

func runReport(ctx context.Context, e env, args []string) error {
	if len(args) == 0 {
		return wrong("Say what to do: add, list or show.")
	}
	d := dataCommand(e, "report")
	rest, err := parseFlags(d.fs, args[1:])
	if err != nil {
		return err
	}
	switch args[0] {
	case "add":
		if len(rest) == 0 {
			return wrong("Name the reports.")
		}
		return d.with(ctx, func(c *app.Client) error { return addReports(ctx, d, c, rest) })
	case "list":
		return list(ctx, d, "GET", "/reports?limit=1000", nil, "ID\tADDED\tPROPOSED\tACCEPTED\tREJECTED\tNAME", func(w io.Writer, r reportLine) {
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\n", r.ID, r.Added.Format(time.DateOnly), r.Proposed, r.Accepted, r.Rejected, r.Name)
		})
	case "show":
		if len(rest) != 1 {
			return wrong("Name one report by its id; `vedette report list` shows them.")
		}
		return d.one(ctx, "GET", "/reports/"+url.PathEscape(rest[0]), nil)
	}
	return wrong("report %q is not one of add, list or show.", args[0])
}

// addReports sends files to be read; one that cannot be does not stop the others.
func addReports(ctx context.Context, d data, c *app.Client, files []string) error {
	failed, read := 0, 0
	for _, path := range files {
		err := fetch.Walk(path, fetch.Limits{Links: true, Bytes: 4 << 30}, func(name string, r io.Reader) error {
			read++
			data, err := io.ReadAll(io.LimitReader(r, document.MaxFile+1))
			if err != nil {
				return err
			}
			var out json.RawMessage
			err = c.Call(ctx, "POST", "/reports?name="+url.QueryEscape(filepath.Base(name)), bytes.NewReader(data), &out)
			if err != nil && errs.KindOf(err) != errs.Internal && ctx.Err() == nil {
				failed++
				fmt.Fprintf(d.env.stderr, "vedette report: %s\n", errs.Public(err))
				return nil
			}
			return errors.Join(err, printAdded(d, out))
		})
		if err != nil {
			return err
		}
	}
	if failed > 0 {
		return errs.New(errs.Unavailable, "files_failed", "%d of %d files could not be read; see above.", failed, read)
	}
	return nil
}

func printAdded(d data, raw json.RawMessage) error {
	if *d.json || raw == nil {
		_, err := fmt.Fprintf(d.env.stdout, "%s\n", raw)
		return err
	}
	var a struct {
		Report reportLine
		Known  bool
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		return err
	}
	what := "read"
	if a.Known {
		what = "known already"
	}
	_, err := fmt.Fprintf(d.env.stdout, "%s  %s: %d proposed, %d accepted. %s\n", a.Report.ID, what, a.Report.Proposed, a.Report.Accepted, a.Report.Name)
	return err
}
