package main

import (
	"bufio"
	"context"
	"errors"

	"github.com/vedette-soc/vedette/event"
)

func runParse(ctx context.Context, e env, args []string) error {
	fs := flags(e, "parse")
	kinds := formatFlags(fs, "all input")
	original := fs.Bool("original", false, "add the record as it arrived, as event.original")
	fs.Bool("json", true, "machine output (always)")
	paths, err := parseFlags(fs, args)
	if err == nil {
		err = kinds.read()
	}
	if err != nil {
		return err
	}
	r := newReading(e, kinds, false)
	out := bufio.NewWriterSize(e.stdout, 1<<20)
	var line []byte
	err = r.each(ctx, paths, func(ev *event.Event) error {
		line = append(ev.AppendJSON(line[:0], *original), '\n')
		_, err := out.Write(line)
		return err
	})
	return errors.Join(err, out.Flush(), r.outcome())
}
