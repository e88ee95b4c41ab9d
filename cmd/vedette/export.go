package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/app"
)

func intelExport(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "intel")
	to := d.fs.String("to", "", "`FORMAT`: stix, misp, csv, edl (a line an entry, for devices), rpz (DNS response policy zone), zeek (intelligence file) or suricata (dataset)")
	out := d.fs.String("o", "", "`FILE` to write; default: standard output")
	q := url.Values{}
	for _, p := range [][3]string{
		{"filter", "q", "only indicators with these words in the value or a name"},
		{"type", "type", "only indicators of this `TYPE`, such as ipv4-addr or file:sha256; suricata: the one type of the dataset, domain-name when not given"},
		{"source", "source", "only indicators that this `SOURCE` claims"},
		{"name", "name", "only indicators of this actor or malware"},
		{"min-confidence", "min_confidence", "only indicators of at least this confidence, 0-100"},
		{"tlp", "tlp", "most restrictive TLP `LABEL` that may leave: clear, green, amber, amber+strict, red; default green, so that amber leaves only when asked for; what has no label counts as green"},
		{"state", "state", "live (default), expired or all"},
		{"objects", "objects", "with STIX: `with` or only what else is kept (actors, malware, reports, relations ...), as it came"},
		{"as-of", "as_of", "with -objects: as known at this `TIME`, such as 2026-03-03T14:03:00Z"},
	} {
		d.fs.Func(p[0], p[2], func(v string) error {
			q.Set(p[1], v)
			return nil
		})
	}
	rest, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 || *to == "" {
		return wrong("Say which format with -to stix|misp|csv|edl|rpz|zeek|suricata; export takes no arguments.")
	}
	q.Set("to", *to)
	var report indicator.LossReport
	err = d.with(ctx, func(c *app.Client) error {
		return output(e, *out, func(w io.Writer) error {
			p := newProgress(e, "bytes")
			defer p.done()
			return c.Stream(ctx, "/indicators/export?"+q.Encode(), io.MultiWriter(w, counter{p}), &report)
		})
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(e.stderr).Encode(map[string]indicator.LossReport{"report": report})
}

// output calls write with the file at path, which appears only when it is whole,
// or with standard output when path is "" or "-".
func output(e env, path string, write func(w io.Writer) error) error {
	if path == "" || path == "-" {
		return write(e.stdout)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // only for its owner
	if err != nil {
		return wrong("%s cannot be written: %s.", path, strings.TrimPrefix(err.Error(), "open "))
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// size shows a number of bytes to people.
func size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
