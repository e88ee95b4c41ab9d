package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/extract/document"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
)

// extraction is one run of the command.
type extraction struct {
	engine *extract.Engine
	show   func(name string, t extract.Text, items []extract.Item) error
	stderr io.Writer
	failed int
	files  int
}

func runExtract(ctx context.Context, e env, args []string) error {
	fs := flags(e, "extract")
	format := fs.String("o", "ndjson", "`FORMAT`: ndjson, one item a line; stix, a bundle for each file; text, what was read, in which spans count bytes")
	lists := fs.String("warninglists", "", "`DIR` with MISP warning lists, beside those that ship with the product")
	fs.Bool("json", true, "machine output (default)")
	files, err := parseFlags(fs, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return wrong("Name the reports: PDF, web page, Word document, mail, Markdown, AsciiDoc or text; - is standard input.")
	}
	reader, err := app.ExtractionKnowledge(*lists)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(e.stdout, 1<<20)
	x := extraction{engine: reader.Engine, stderr: e.stderr}
	if x.show, err = extractionOutput(out, *format); err != nil {
		return err
	}
	err = x.all(ctx, files)
	return errors.Join(err, out.Flush(), x.outcome())
}

// extractionOutput chooses how items are written.
func extractionOutput(out *bufio.Writer, format string) (func(string, extract.Text, []extract.Item) error, error) {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	switch format {
	case "ndjson", "json":
		return func(name string, _ extract.Text, items []extract.Item) error {
			for _, it := range items {
				if err := enc.Encode(extractLine{it, name}); err != nil {
					return err
				}
			}
			return nil
		}, nil
	case "stix":
		return func(name string, t extract.Text, items []extract.Item) error {
			return extract.Bundle(out, name, t, items, time.Now())
		}, nil
	case "text":
		return func(_ string, t extract.Text, _ []extract.Item) error {
			_, err := out.WriteString(t.Body)
			return err
		}, nil
	}
	return nil, wrong("-o is ndjson, stix or text, not %.20q.", format)
}

// extractLine is an item with the file it is of.
type extractLine struct {
	extract.Item
	File string `json:"file"`
}

func (x *extraction) all(ctx context.Context, files []string) error {
	for _, path := range files {
		err := fetch.Walk(path, fetch.Limits{Links: true, Bytes: 4 << 30}, func(name string, r io.Reader) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return x.file(name, r)
		})
		if err != nil && (ctx.Err() != nil || errs.KindOf(err) == errs.Internal) {
			return err
		}
		if err != nil {
			x.fail(path, errs.Public(err))
		}
	}
	return nil
}

// file reads one report; one that cannot be read does not stop the others.
func (x *extraction) file(name string, r io.Reader) error {
	x.files++
	data, err := io.ReadAll(io.LimitReader(r, document.MaxFile+1))
	if err != nil {
		return err
	}
	t, err := document.Read(data)
	switch {
	case errors.Is(err, document.ErrCut):
		fmt.Fprintf(x.stderr, "vedette extract: %s: %s\n", name, err)
	case err != nil:
		x.fail(name, err.Error())
		return nil
	}
	return x.show(name, t, x.engine.Extract(t))
}

func (x *extraction) fail(name, what string) {
	x.failed++
	fmt.Fprintf(x.stderr, "vedette extract: %s: %s\n", name, what)
}

func (x *extraction) outcome() error {
	if x.failed > 0 {
		return errs.New(errs.Unavailable, "files_failed", "%d of %d files could not be read; see above.", x.failed, max(x.files, x.failed))
	}
	return nil
}
