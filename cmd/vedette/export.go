package main

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/app"
)

func intelExport(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "intel")
	to := d.fs.String("to", "", "`FORMAT`: stix, misp, misp-feed (a directory: give -o), csv, edl (a line an entry, for devices), rpz (DNS response policy zone), zeek (intelligence file), suricata (dataset), yara or suricata-rules (rules as they came)")
	out := d.fs.String("o", "", "`FILE` to write, of misp-feed a directory; default: standard output")
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
		return wrong("Say which format with -to stix|misp|misp-feed|csv|edl|rpz|zeek|suricata|yara|suricata-rules; export takes no arguments.")
	}
	if *to == "misp-feed" && (*out == "" || *out == "-") {
		return wrong("A MISP feed is a directory: say which with -o DIR.")
	}
	q.Set("to", *to)
	var report indicator.LossReport
	err = d.with(ctx, func(c *app.Client) error {
		write := output
		if *to == "misp-feed" {
			write = unpacked
		}
		return write(e, *out, func(w io.Writer) error {
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

// unpacked calls write with a tar archive whose files, when it is whole, lie in the
// directory at path; the manifest goes last, so that whoever reads it finds what it
// names. Events of an earlier export that are no more are removed.
func unpacked(_ env, path string, write func(w io.Writer) error) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return wrong("%s cannot be written: %s.", path, err)
	}
	fresh, err := os.MkdirTemp(path, ".export-*")
	if err != nil {
		return wrong("%s cannot be written: %s.", path, err)
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := write(w)
		done <- err
		_ = w.CloseWithError(err)
	}()
	names, err := untar(r, fresh)
	_ = r.CloseWithError(err)
	if wrote := <-done; wrote != nil {
		return wrote
	}
	if err != nil {
		return err
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(lastly(a), lastly(b)) })
	for _, name := range names {
		if err := os.Rename(filepath.Join(fresh, name), filepath.Join(path, name)); err != nil {
			return err
		}
	}
	return removeGone(path, names)
}

func lastly(name string) string {
	if name == "manifest.json" {
		return "~" + name
	}
	return name
}

// untar writes the files of an archive, all in one directory.
func untar(r io.Reader, dir string) ([]string, error) {
	var names []string
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return names, err
		}
		name := filepath.Base(h.Name)
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return names, err
		}
		_, err = io.Copy(f, tr)
		if err = errors.Join(err, f.Close()); err != nil {
			return names, err
		}
		names = append(names, name)
	}
}

// removeGone removes events that a feed had before.
func removeGone(dir string, names []string) error {
	old, err := filepath.Glob(filepath.Join(dir, "*-*-*-*-*.json"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if !slices.Contains(names, filepath.Base(path)) {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}

// size shows a number of bytes to people.
func size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
