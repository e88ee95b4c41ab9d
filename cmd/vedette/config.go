package main

import (
	"context"

	"github.com/vedette-soc/vedette/internal/config"
)

// settings adds the flags that every command with a configuration takes, and
// returns what reads them.
func settings(fs flagSet) func() (config.Config, error) {
	file := fs.String("config", "", "configuration `FILE`; default: none, see `vedette config`")
	data := fs.String("data", "", "data `DIR`; default: vedette-data, or as configured")
	return func() (config.Config, error) {
		c, err := config.Load(*file)
		if *data != "" {
			c.Data = *data
		}
		return c, err
	}
}

// flagSet is what settings needs of a *flag.FlagSet.
type flagSet interface {
	String(name, value, usage string) *string
}

func runConfig(_ context.Context, e env, args []string) error {
	fs := flags(e, "config")
	load := settings(fs)
	if _, err := parseFlags(fs, args); err != nil {
		return err
	}
	c, err := load()
	if err != nil {
		return err
	}
	return config.Print(e.stdout, c)
}
