package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/errs"
)

func runDoctor(ctx context.Context, e env, args []string) error {
	fs := flags(e, "doctor")
	load := settings(fs)
	machine := fs.Bool("json", false, "machine output, one JSON object a line")
	if rest, err := parseFlags(fs, args); err != nil || len(rest) > 0 {
		if err == nil {
			err = wrong("doctor takes no arguments.")
		}
		return err
	}
	checks := app.Doctor(ctx, load)
	failed, err := printChecks(e, checks, *machine)
	if err == nil && failed > 0 {
		err = errs.New(errs.Unavailable, "doctor_failed", "%d of %d checks failed.", failed, len(checks))
	}
	return err
}

// printChecks prints a line for each check, and below it what helps, and returns
// how many failed.
func printChecks(e env, checks []app.Check, machine bool) (failed int, err error) {
	w := tabwriter.NewWriter(e.stdout, 0, 8, 2, ' ', 0)
	enc := json.NewEncoder(e.stdout)
	enc.SetEscapeHTML(false)
	for _, c := range checks {
		if c.Verdict == app.Failed {
			failed++
		}
		if machine {
			if err := enc.Encode(c); err != nil {
				return failed, err
			}
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.Verdict, c.Name, oneLine(c.Message))
		if c.Do != "" {
			fmt.Fprintf(w, "\t\t-> %s\n", oneLine(c.Do))
		}
	}
	return failed, w.Flush()
}

// oneLine makes a text fit for a line of a terminal: it may quote what others sent.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.Join(strings.Fields(s), " "))
}
