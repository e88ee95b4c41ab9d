package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/vedette-soc/vedette/internal/app"
)

func runHistory(ctx context.Context, e env, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "export":
			return historyExport(ctx, e, args[1:])
		case "import":
			return historyImport(ctx, e, args[1:])
		case "migrate":
			return historyMigrate(ctx, e, args[1:])
		}
	}
	return wrong("Say what to do: vedette history export -o DIR, vedette history import PATH..., or vedette history migrate -to clickhouse")
}

// stretch is a part of the history as the API shows it.
type stretch struct {
	File    string `json:"file"`
	First   uint64 `json:"first"`
	Last    uint64 `json:"last"`
	Records int    `json:"records"`
	Whole   bool   `json:"whole"`
}

// leaving is what an export came to.
type leaving struct {
	Files   int   `json:"files"`   // written
	Kept    int   `json:"kept"`    // that were there already
	Records int   `json:"records"` // written
	Silent  int   `json:"silent"`  // that carry no event
	Missed  int   `json:"missed"`  // that could not be read
	Bytes   int64 `json:"bytes"`
}

func historyExport(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "history")
	dir := d.fs.String("o", "", "`DIR` to write to, one Parquet file a segment; files that are there already stay")
	since := d.fs.String("since", "", "only segments that may hold events not older than this: a `TIME`, or how long ago (24h, 7d)")
	until := d.fs.String("until", "", "only segments that may hold events not newer than this `TIME`")
	rest, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if *dir == "" || len(rest) > 0 {
		return wrong("Say where to write with -o DIR; history export takes no arguments.")
	}
	if err := os.MkdirAll(*dir, 0o700); err != nil {
		return wrong("%s cannot be created.", *dir)
	}
	return d.with(ctx, func(c *app.Client) error {
		var parts items[stretch]
		q := url.Values{"since": {*since}, "until": {*until}}
		if err := c.Call(ctx, "GET", "/history/parts?"+q.Encode(), nil, &parts); err != nil {
			return err
		}
		var sum leaving
		p := newProgress(e, "events")
		defer p.done()
		for _, s := range parts.Items {
			if err := leave(ctx, c, *dir, s, &sum); err != nil {
				return err
			}
			p.at(sum.Records)
		}
		return sum.print(e.stdout, *d.json)
	})
}

// leave writes the file of one part unless it is there. A part that has grown since
// it was written has another name; the file with the old one goes.
func leave(ctx context.Context, c *app.Client, dir string, s stretch, sum *leaving) error {
	if !parquetName.MatchString(s.File) {
		return fmt.Errorf("the server calls a part %q", s.File)
	}
	path := filepath.Join(dir, s.File)
	if _, err := os.Stat(path); err == nil {
		sum.Kept++
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return unreadable(path, err)
	}
	var left leaving
	written := &counted{}
	err := output(env{}, path, func(w io.Writer) error {
		written.w = w
		return c.Stream(ctx, fmt.Sprintf("/history/parquet?first=%d&last=%d", s.First, s.Last), written, &left)
	})
	if err != nil {
		return err
	}
	sum.Files, sum.Records, sum.Silent, sum.Missed, sum.Bytes = sum.Files+1, sum.Records+left.Records, sum.Silent+left.Silent, sum.Missed+left.Missed, sum.Bytes+written.n
	return clearOlder(dir, s.File)
}

var parquetName = regexp.MustCompile(`^events-\d+-\d+\.parquet$`)

// clearOlder removes earlier files of the part of which file is the newest.
func clearOlder(dir, file string) error {
	first := file[:strings.LastIndexByte(file, '-')+1]
	all, err := filepath.Glob(filepath.Join(dir, first+"*.parquet"))
	if err != nil {
		return err
	}
	for _, old := range all {
		if name := filepath.Base(old); name != file && parquetName.MatchString(name) {
			if err := os.Remove(old); err != nil {
				return err
			}
		}
	}
	return nil
}

// counted counts the bytes it passes on.
type counted struct {
	w io.Writer
	n int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

func (l leaving) print(w io.Writer, machine bool) error {
	if machine {
		return json.NewEncoder(w).Encode(map[string]leaving{"report": l})
	}
	_, err := fmt.Fprintf(w, "%d files written (%d events, %s), %d were there already; %d records carry no event, %d could not be read\n", l.Files, l.Records, size(l.Bytes), l.Kept, l.Silent, l.Missed)
	return err
}
