package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
)

// backupReport is what the API says of a backup.
type backupReport struct {
	Created  time.Time `json:"created"`
	Database string    `json:"database"`
	Files    int       `json:"files"`
	Bytes    int64     `json:"bytes"`
}

// oneFile reads the command line of a command about one archive: its path, the
// configuration, and whether a machine reads the report.
func oneFile(e env, name string, args []string, want string) (path string, c config.Config, machine bool, err error) {
	fs := flags(e, name)
	load := settings(fs)
	fs.BoolVar(&machine, "json", false, "machine output, one JSON object a line")
	rest, err := parseFlags(fs, args)
	if err != nil {
		return "", c, false, err
	}
	if len(rest) != 1 {
		return "", c, false, wrong("%s", want)
	}
	c, err = load()
	return rest[0], c, machine, err
}

func runBackup(ctx context.Context, e env, args []string) error {
	path, c, machine, err := oneFile(e, "backup", args, "backup takes one file to write, such as vedette.tar.zst; - is standard output.")
	if err != nil {
		return err
	}
	if _, err := os.Stat(c.Data); err != nil {
		return wrong("There is no data directory %s; name it with -data.", c.Data)
	}
	client, err := app.Dial(ctx, c)
	if err != nil {
		return err
	}
	var report backupReport
	err = output(e, path, func(w io.Writer) error {
		p := newProgress(e, "bytes")
		defer p.done()
		return client.Stream(ctx, "/backup", io.MultiWriter(w, counter{p}), &report)
	})
	if err = errors.Join(err, client.Close()); err != nil {
		return err
	}
	if report.Database != "sqlite" {
		fmt.Fprintf(e.stderr, "The %s database is not in this backup. Back it up with pg_dump before each `vedette backup`, so that the events are never older than the database.\n", report.Database)
	}
	return e.told(machine, report, "%s: %d files, %s before compression\n", path, report.Files, size(report.Bytes))
}

// told prints a report on standard error: standard output may be the backup.
func (e env) told(machine bool, report any, format string, args ...any) error {
	if machine {
		return json.NewEncoder(e.stderr).Encode(map[string]any{"report": report})
	}
	_, err := fmt.Fprintf(e.stderr, format, args...)
	return err
}

func runRestore(ctx context.Context, e env, args []string) error {
	path, c, machine, err := oneFile(e, "restore", args, "restore takes one backup; - is standard input.")
	if err != nil {
		return err
	}
	return restore(ctx, e, path, c, machine)
}

func restore(ctx context.Context, e env, path string, c config.Config, machine bool) error {
	in := e.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return wrong("%s cannot be read.", path)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	p := newProgress(e, "bytes")
	p.total = sizeOf([]string{path})
	report, checks, err := app.Restore(ctx, io.TeeReader(in, counter{p}), c)
	p.done()
	if err != nil {
		return err
	}
	if report.Database != "sqlite" {
		fmt.Fprintf(e.stderr, "The %s database is not in this backup. Restore it from its dump, and name it with the key database.\n", report.Database)
	}
	failed, err := printChecks(e, checks, machine)
	if err != nil {
		return err
	}
	if failed > 0 {
		return errs.New(errs.Unavailable, "restore_unsound", "The backup of %s was restored to %s, but %d of %d checks failed.", report.Created.Format(time.RFC3339), c.Data, failed, len(checks))
	}
	return e.told(machine, report, "the backup of %s is restored to %s: %d files, %s\n", report.Created.Format(time.RFC3339), c.Data, report.Files, size(report.Bytes))
}
