package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/vedette-soc/vedette/internal/app"
)

func runAudit(ctx context.Context, e env, args []string) error {
	if len(args) == 0 {
		return wrong("Say what to do: verify or list.")
	}
	d := dataCommand(e, "audit")
	if _, err := parseFlags(d.fs, args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "list":
		type entry struct {
			Seq                        int64
			Time                       time.Time
			Name, Verb, Target, Reason string
		}
		return list(ctx, d, "GET", "/audit", nil, "LINE\tTIME\tWHO\tWHAT\tTARGET\tREASON", func(w io.Writer, x entry) {
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", x.Seq, x.Time.Format(time.RFC3339), x.Name, x.Verb, x.Target, x.Reason)
		})
	case "verify":
		if *d.json {
			return d.one(ctx, "GET", "/audit/verify", nil)
		}
		return d.with(ctx, func(c *app.Client) error {
			var v struct {
				Lines int64
				Hash  string
			}
			if err := c.Call(ctx, "GET", "/audit/verify", nil, &v); err != nil {
				return err
			}
			_, err := fmt.Fprintf(e.stdout, "the audit log is whole: %d lines, last hash %s\n", v.Lines, v.Hash)
			return err
		})
	}
	return wrong("audit %q is not one of verify, list.", args[0])
}
