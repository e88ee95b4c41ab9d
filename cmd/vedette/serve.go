package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/obs"
)

func runServe(ctx context.Context, e env, args []string) error {
	fs := flags(e, "serve")
	load := settings(fs)
	listen := fs.String("listen", "", "`ADDRESS` of the pages; default: 127.0.0.1:8443, or as configured")
	level := fs.String("log", "", "log level: debug, info, warn, error")
	if rest, err := parseFlags(fs, args); err != nil || len(rest) > 0 {
		if err == nil {
			err = wrong("serve takes no arguments.")
		}
		return err
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
	sys, err := app.Open(ctx, app.Options{Config: c, Version: version(), Log: log})
	if err != nil {
		return err
	}
	err = sys.Run(ctx, func(l app.Listening) error {
		log.InfoContext(ctx, "serving", "web", l.Web, "intake", l.Intake, "lists", l.Devices, "private", l.Private, "syslog", l.Syslog, "lumberjack", l.Lumberjack, "data", c.Data)
		link, err := sys.SetUpLink(ctx, l.Web)
		if link != "" {
			fmt.Fprintf(e.stderr, "\nNobody has signed in yet. Make the first administrator, once, at\n\n  %s\n\n", link)
		}
		return err
	})
	return errors.Join(err, sys.Close())
}
