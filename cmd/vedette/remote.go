package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/vedette-soc/vedette/internal/app"
)

// data is a command that works on a server's data: flags, and a client that is
// opened when the flags are known.
type data struct {
	env  env
	fs   *flag.FlagSet
	json *bool
	// looksUp: values are looked up, which takes an index of all indicators.
	looksUp bool
	dial    func(ctx context.Context) (*app.Client, error)
}

func dataCommand(e env, name string) data {
	fs := flags(e, name)
	load := settings(fs)
	return data{env: e, fs: fs, json: fs.Bool("json", false, "machine output, one JSON object a line"), dial: func(ctx context.Context) (*app.Client, error) {
		c, err := load()
		if err != nil {
			return nil, err
		}
		return app.Dial(ctx, c)
	}}
}

// with dials, calls fn and closes.
func (d data) with(ctx context.Context, fn func(c *app.Client) error) error {
	c, err := d.dial(ctx)
	if err != nil {
		return err
	}
	if d.looksUp {
		err = c.Index(ctx)
	}
	if err == nil {
		err = fn(c)
	}
	return errors.Join(err, c.Close())
}

// items is a page of an API list.
type items[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

// list calls path, page by page, and prints each item: as JSON, or by row.
func list[T any](ctx context.Context, d data, method, path string, body any, header string, row func(w io.Writer, item T)) error {
	return d.with(ctx, func(c *app.Client) error {
		var raw items[json.RawMessage]
		if err := c.Call(ctx, method, path, body, &raw); err != nil {
			return err
		}
		if *d.json {
			for _, item := range raw.Items {
				if _, err := fmt.Fprintf(d.env.stdout, "%s\n", item); err != nil {
					return err
				}
			}
			return nil
		}
		w := tabwriter.NewWriter(d.env.stdout, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, header)
		for _, item := range raw.Items {
			var v T
			if err := json.Unmarshal(item, &v); err != nil {
				return err
			}
			row(w, v)
		}
		return w.Flush()
	})
}

// one calls path and prints the answer, as JSON.
func (d data) one(ctx context.Context, method, path string, body any) error {
	return d.with(ctx, func(c *app.Client) error {
		var out json.RawMessage
		if err := c.Call(ctx, method, path, body, &out); err != nil {
			return err
		}
		_, err := fmt.Fprintf(d.env.stdout, "%s\n", out)
		return err
	})
}
