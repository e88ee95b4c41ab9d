package main

import (
	"context"
	"io"

	"github.com/vedette-soc/vedette/extract/bench"
	"github.com/vedette-soc/vedette/extract/document"
	"github.com/vedette-soc/vedette/internal/app"
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
	return printBench(e.stdout, rep.Rows, rep.Summary, want)
}
