package main

import (
	"context"
	"os"
)

func runOrg(ctx context.Context, e env, args []string) error {
	if len(args) == 0 {
		return wrong("Say what to do: import or show.")
	}
	d := dataCommand(e, "org")
	rest, err := parseFlags(d.fs, args[1:])
	if err != nil {
		return err
	}
	switch args[0] {
	case "show":
		return d.one(ctx, "GET", "/profile", nil)
	case "import":
		if len(rest) != 1 {
			return wrong("org import takes one profile file (YAML).")
		}
		f, err := os.Open(rest[0])
		if err != nil {
			return unreadable(rest[0], err)
		}
		defer func() { _ = f.Close() }()
		return d.one(ctx, "PUT", "/profile", f)
	}
	return wrong("org %q is not one of import, show.", args[0])
}
