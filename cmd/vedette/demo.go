package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/obs"
)

func runDemo(ctx context.Context, e env, args []string) error {
	fs := flags(e, "demo")
	listen := fs.String("listen", "127.0.0.1:8080", "`ADDRESS` of the pages")
	pace := fs.Duration("pace", 90*time.Second, "time in which the last hours of the story are replayed")
	keep := fs.String("data", "", "`DIR` to keep the data in; default: a temporary directory that is removed")
	if rest, err := parseFlags(fs, args); err != nil || len(rest) > 0 {
		if err == nil {
			err = wrong("demo takes no arguments.")
		}
		return err
	}
	dir := *keep
	if dir == "" {
		tmp, err := os.MkdirTemp("", "vedette-demo-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(tmp) }()
		dir = tmp
	}
	c := config.Default()
	c.Data, c.Listen = dir, *listen
	c.Intake.Listen, c.Devices.Listen, c.Private.Listen = "127.0.0.1:0", "127.0.0.1:0", ""
	log := obs.NewLog(e.stderr, "info", e.tty)
	sys, err := app.Open(ctx, app.Options{Config: c, Version: version(), Log: log})
	if err != nil {
		return err
	}
	const user = "analyst"
	password := rand.Text()[:16]
	if err := sys.PrepareDemo(ctx, user, password, *pace); err != nil {
		return errors.Join(err, sys.Close())
	}
	err = sys.Run(ctx, func(l app.Listening) error {
		_, err := fmt.Fprintf(e.stdout, "%s\nsign in as %s with the password %s\n", l.Web, user, password)
		return err
	})
	return errors.Join(err, sys.Close())
}
