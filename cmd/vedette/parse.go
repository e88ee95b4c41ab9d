package main

import (
	"bufio"
	"context"
	"errors"
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/internal/app"
)

func runParse(ctx context.Context, e env, args []string) error {
	rec := app.Formats()
	fs := flags(e, "parse")
	declared := fs.String("format", "", "format of all input: "+strings.Join(rec.Names(), ", ")+"; default: recognised")
	original := fs.Bool("original", false, "add the record as it arrived, as event.original")
	fs.Bool("json", true, "machine output (always)")
	paths, err := parseFlags(fs, args)
	if err != nil {
		return err
	}
	r := newReading(e, rec, *declared, false)
	out := bufio.NewWriterSize(e.stdout, 1<<20)
	var line []byte
	err = r.each(ctx, paths, func(ev *event.Event) error {
		line = append(ev.AppendJSON(line[:0], *original), '\n')
		_, err := out.Write(line)
		return err
	})
	return errors.Join(err, out.Flush(), r.outcome())
}
