package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/fetch"
)

// importing is what an import came to: in = stored + merged + dropped.
type importing struct {
	Files   int            `json:"files"` // taken in
	Known   int            `json:"known"` // that were taken in before
	In      int            `json:"in"`
	Stored  int            `json:"stored"`
	Merged  int            `json:"merged"` // records of known files
	Dropped map[string]int `json:"dropped"`
}

// importer takes files in through the API.
type importer struct {
	c              *app.Client
	format, source string
	again          bool
	known          map[string]int // records by SHA-256
	sums           []string       // of the files, in the order in which they are walked
	sum            importing
	progress       *progress
}

func historyImport(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "history")
	format := d.fs.String("format", "", "`FORMAT` of all records; recognised when not given")
	source := d.fs.String("source", "", "`NAME` under which the events are kept, behind import/; the name of the file when not given")
	again := d.fs.Bool("again", false, "take in files as well that were taken in before")
	paths, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return wrong("Name at least one file or directory with events; - is standard input.")
	}
	return d.with(ctx, func(c *app.Client) error {
		im := importer{c: c, format: *format, source: *source, again: *again, known: map[string]int{}, progress: newProgress(e, "events")}
		im.sum.Dropped = map[string]int{}
		err := im.all(ctx, paths)
		im.progress.done()
		if err != nil {
			return fmt.Errorf("after %d records of %d files were taken in: %w", im.sum.Stored, im.sum.Files, err)
		}
		if c.Alone() { // no server will match them
			if err := c.CatchUp(ctx); err != nil {
				return err
			}
		}
		return json.NewEncoder(e.stdout).Encode(map[string]importing{"report": im.sum})
	})
}

// all reads the files once to know them, and again to send those that are new.
// Standard input can be read only once.
func (im *importer) all(ctx context.Context, paths []string) error {
	if !im.again && !slices.Contains(paths, "-") {
		if err := im.recognise(ctx, paths); err != nil {
			return err
		}
	}
	n := 0
	for _, path := range paths {
		err := fetch.Walk(path, fetch.Limits{Links: true}, func(name string, r io.Reader) error {
			if n++; n <= len(im.sums) {
				if records, ok := im.known[im.sums[n-1]]; ok {
					im.sum.Known, im.sum.In, im.sum.Merged = im.sum.Known+1, im.sum.In+records, im.sum.Merged+records
					return nil
				}
				im.known[im.sums[n-1]] = 0 // the same file twice in one import
			}
			return im.file(ctx, name, r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (im *importer) recognise(ctx context.Context, paths []string) error {
	var before items[struct {
		SHA256  string `json:"sha256"`
		Records int    `json:"records"`
	}]
	if err := im.c.Call(ctx, "GET", "/history/imports", nil, &before); err != nil {
		return err
	}
	for _, f := range before.Items {
		im.known[f.SHA256] = f.Records
	}
	for _, path := range paths {
		err := fetch.Walk(path, fetch.Limits{Links: true}, func(_ string, r io.Reader) error {
			h := sha256.New()
			if _, err := io.Copy(h, r); err != nil {
				return err
			}
			im.sums = append(im.sums, hex.EncodeToString(h.Sum(nil)))
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (im *importer) file(ctx context.Context, name string, r io.Reader) error {
	var taken importing
	q := url.Values{"name": {name}, "format": {im.format}, "source": {im.source}}
	if err := im.c.Call(ctx, "POST", "/history/import?"+q.Encode(), r, &taken); err != nil {
		return err
	}
	im.sum.Files, im.sum.In, im.sum.Stored = im.sum.Files+1, im.sum.In+taken.In, im.sum.Stored+taken.Stored
	for reason, n := range taken.Dropped {
		im.sum.Dropped[reason] += n
	}
	im.progress.at(im.sum.Stored)
	return nil
}
