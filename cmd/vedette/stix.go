package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/stix"
)

// validity is what intel validate says of one file.
type validity struct {
	File     string         `json:"file"`
	Valid    bool           `json:"valid"`
	Objects  int            `json:"objects"`
	Errors   []stix.Problem `json:"errors"`
	Warnings []stix.Problem `json:"warnings,omitempty"`
	More     int            `json:"more,omitempty"` // errors beyond those listed
}

func intelValidate(ctx context.Context, e env, args []string) error {
	f := flags(e, "intel")
	strict := f.Bool("strict", false, "take recommendations for rules: a warning makes a file invalid")
	f.Bool("json", true, "machine output (always)")
	paths, err := parseFlags(f, args)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return wrong("Name at least one STIX file; - is standard input.")
	}
	enc := json.NewEncoder(e.stdout)
	invalid := 0
	err = eachDocument(ctx, paths, func(name string, r io.Reader) error {
		v, err := stix.ValidateDocument(r, stix.Limits{})
		line := validity{File: name, Objects: v.Objects, Errors: []stix.Problem{}, More: v.More}
		for _, p := range v.Problems {
			if p.Warning && !*strict {
				line.Warnings = append(line.Warnings, p)
			} else {
				line.Errors = append(line.Errors, p)
			}
		}
		var broken *stix.DecodeError
		if errors.As(err, &broken) {
			line.Errors = append(line.Errors, stix.Problem{Line: broken.Line, Message: "not readable from here on: " + broken.Err.Error()})
		} else if err != nil {
			return err
		}
		if line.Valid = len(line.Errors) == 0 && line.More == 0; !line.Valid {
			invalid++
		}
		return enc.Encode(line)
	})
	if err == nil && invalid > 0 {
		err = errs.New(errs.Unavailable, "stix_invalid", "%d of the documents are not valid STIX; the errors above say where.", invalid)
	}
	return err
}

func runPattern(ctx context.Context, e env, args []string) error {
	if len(args) == 0 || args[0] != "match" {
		return wrong("Say what to do: match.")
	}
	f := flags(e, "pattern")
	text := f.String("pattern", "", "the STIX `PATTERN`, such as \"[ipv4-addr:value = '203.0.113.7']\"")
	f.Bool("json", true, "machine output (always)")
	paths, err := parseFlags(f, args[1:])
	if err != nil {
		return err
	}
	if *text == "" || len(paths) == 0 {
		return wrong("pattern match needs -pattern and at least one file with observed-data; - is standard input.")
	}
	p, err := stix.ParsePattern(*text)
	if err != nil {
		return errs.New(errs.Invalid, "pattern_invalid", "%v", err)
	}
	var data []stix.ObservedData
	err = eachDocument(ctx, paths, func(name string, r io.Reader) error {
		more, err := stix.DecodeObserved(r, stix.Limits{})
		if err != nil {
			return errs.New(errs.Invalid, "stix_unreadable", "%s: %v", name, err)
		}
		data = append(data, more...)
		return nil
	})
	if err != nil {
		return err
	}
	met, err := p.Match(data)
	if err != nil {
		return errs.New(errs.Invalid, "pattern_not_evaluated", "The pattern cannot be evaluated: %v.", err)
	}
	answer := struct {
		Matched  bool     `json:"matched"`
		Observed []string `json:"observed_data"`
		Of       int      `json:"of"`
	}{len(met) > 0, []string{}, len(data)}
	for _, i := range met {
		answer.Observed = append(answer.Observed, data[i].ID)
	}
	return json.NewEncoder(e.stdout).Encode(answer)
}

// maxDocument bounds what the documents of one path unpack to.
const maxDocument = 4 << 30

// eachDocument calls fn for each path: a file, also packed, the JSON files of a
// directory, or standard input.
func eachDocument(ctx context.Context, paths []string, fn func(name string, r io.Reader) error) error {
	for _, path := range paths {
		err := fetch.Walk(path, fetch.Limits{Links: true, Bytes: maxDocument}, func(name string, r io.Reader) error {
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case name != path && !strings.HasSuffix(strings.TrimSuffix(name, ".gz"), ".json"):
				return nil
			case name == "-":
				name = "stdin"
			}
			return fn(name, r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
