package main

import (
	"context"
	"fmt"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/obs"
)

func runServe(ctx context.Context, e env, args []string) error {
	fs := flags(e, "serve")
	load := settings(fs)
	listen := fs.String("listen", "", "`ADDRESS` of the pages; default: 127.0.0.1:8443, or as configured")
	role := fs.String("role", "all", "what this process does: all, receive, match or keep (docs/operations.md)")
	level := fs.String("log", "", "log level: debug, info, warn, error")
	if rest, err := parseFlags(fs, args); err != nil || len(rest) > 0 {
		if err == nil {
			err = wrong("serve takes no arguments.")
		}
		return err
	}
	as, err := app.ParseRole(*role)
	if err != nil {
		return wrong("-role: %s", err)
	}
	c, err := load()
	if err != nil {
		return err
	}
	if *listen != "" {
		c.Listen = *listen
	}
	if *level != "" {
		c.Log = *level
	}
	if err := c.Validate(); err != nil {
		return err
	}
	log := obs.NewLog(e.stderr, c.Log, e.tty)
	return app.Serve(ctx, app.Options{Config: c, Version: version(), Log: log}, as, func(part app.Role, l app.Listening, link string) error {
		log.InfoContext(ctx, "serving", "web", l.Web, "intake", l.Intake, "lists", l.Devices, "private", l.Private, "syslog", l.Syslog, "lumberjack", l.Lumberjack, "data", c.Data, "role", part)
		if link != "" {
			fmt.Fprintf(e.stderr, "\nNobody has signed in yet. Make the first administrator, once, at\n\n  %s\n\n", link)
		}
		return nil
	})
}
