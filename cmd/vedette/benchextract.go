package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/extract/bench"
	"github.com/vedette-soc/vedette/extract/document"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
)

// benchFile bounds one file of a corpus, in bytes.
const benchFile = 256 << 20

func runBenchExtract(ctx context.Context, e env, args []string) error {
	fs := flags(e, "bench")
	var want paths
	fs.Var(&want, "want", "`NAME>=X` of the summary; exit 1 when it is not so; may be repeated")
	fs.Bool("json", true, "machine output (always)")
	dirs, err := parseFlags(fs, args)
	if err != nil {
		return err
	}
	if len(dirs) == 0 {
		return wrong("Name directories with labelled reports: txt2stix, feeds-eset, reports-annoctr, reports-tram.")
	}
	var files []bench.File
	for _, dir := range dirs {
		err := fetch.Walk(dir, fetch.Limits{Bytes: 2 << 30}, func(name string, r io.Reader) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			data, err := io.ReadAll(io.LimitReader(r, benchFile))
			files = append(files, bench.File{Name: name, Data: data})
			return err
		})
		if err != nil {
			return err
		}
	}
	k, err := app.ExtractionKnowledge("")
	if err != nil {
		return err
	}
	p := newProgress(e, "documents")
	rep, err := bench.Run(bench.Settings{Engine: k.Engine, Model: k.Model, Techniques: k.Techniques, Read: document.Read, Progress: p.at}, files)
	p.done()
	if err != nil {
		return wrong("%s.", err)
	}
	return extractReport(e.stdout, rep, want)
}

func extractReport(w io.Writer, rep bench.Report, want []string) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, row := range rep.Rows {
		if err := enc.Encode(row); err != nil {
			return err
		}
	}
	if err := enc.Encode(map[string]any{"summary": rep.Summary}); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	for _, s := range want {
		name, bound, ok := strings.Cut(s, ">=")
		least, err := strconv.ParseFloat(bound, 64)
		if !ok || err != nil {
			return wrong("-want: %q is not NAME>=NUMBER.", s)
		}
		got, ok := rep.Summary[name]
		if !ok {
			return wrong("-want: the summary has no %q.", name)
		}
		if got < least {
			return errs.New(errs.Unavailable, "expectation_failed", "Not as expected: %s is %.4f, below %s.", name, got, bound)
		}
	}
	return nil
}
