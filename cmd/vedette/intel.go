package main

import (
	"archive/tar"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/errs"
)

func runIntel(ctx context.Context, e env, args []string) error {
	if len(args) == 0 {
		return wrong("Say what to do: import, export, lookup, resolve, landscape or validate.")
	}
	switch args[0] {
	case "import":
		return intelImport(ctx, e, args[1:])
	case "export":
		return intelExport(ctx, e, args[1:])
	case "lookup":
		return intelLookup(ctx, e, args[1:])
	case "resolve":
		return intelResolve(ctx, e, args[1:])
	case "landscape":
		return intelLandscape(ctx, e, args[1:])
	case "validate":
		return intelValidate(ctx, e, args[1:])
	}
	return wrong("intel %q is not one of import, export, lookup, resolve, landscape, validate.", args[0])
}

// importAnswer is what the API says of an import.
type importAnswer struct {
	Report  indicator.LossReport `json:"report"`
	Samples []struct {
		Reason, File, Text string
		Line               int
	} `json:"samples"`
}

func intelImport(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "intel")
	dry := d.fs.Bool("dry-run", false, "only count; nothing is stored")
	kind := d.fs.String("kind", "", "what the input is: text, csv, stix ...; default: recognised")
	source := d.fs.String("source", "", "who says it; default: the import itself")
	paths, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return wrong("Name at least one file or directory; - is standard input.")
	}
	return d.with(ctx, func(c *app.Client) error {
		var sum indicator.LossReport
		p := newProgress(e, "bytes")
		p.total = sizeOf(paths)
		defer p.done()
		for _, path := range paths {
			if err := importPath(ctx, e, c, path, *kind, *source, *dry, p, &sum); err != nil {
				return err
			}
		}
		p.done()
		if err := json.NewEncoder(e.stdout).Encode(map[string]indicator.LossReport{"report": sum}); err != nil {
			return err
		}
		if sum.In > 0 && sum.Stored+sum.Merged == 0 {
			return errs.New(errs.Unavailable, "nothing_imported", "Nothing of the %d entries could be used; the samples above say why.", sum.In)
		}
		return nil
	})
}

// archive writes a directory as a tar archive: one request, one run, one report.
func archive(w io.Writer, dir string) error {
	tw := tar.NewWriter(w)
	if err := tw.AddFS(os.DirFS(dir)); err != nil {
		return err
	}
	return tw.Close()
}

// importPath sends one path: a file as it is, a directory as an archive.
func importPath(ctx context.Context, e env, c *app.Client, path, kind, source string, dry bool, p *progress, sum *indicator.LossReport) error {
	send := func(name string, r io.Reader) error {
		q := url.Values{"name": {name}, "dry_run": {fmt.Sprint(dry)}}
		if kind != "" {
			q.Set("kind", kind)
		}
		if source != "" {
			q.Set("source", source)
		}
		var a importAnswer
		if err := c.Call(ctx, "POST", "/indicators/import?"+q.Encode(), io.TeeReader(r, counter{p}), &a); err != nil {
			return err
		}
		sum.Add(a.Report)
		for _, s := range a.Samples {
			fmt.Fprintf(e.stderr, "%s:%d: %s: %s\n", s.File, s.Line, s.Reason, s.Text)
		}
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		r, w := io.Pipe()
		go func() { w.CloseWithError(archive(w, path)) }()
		defer func() { _ = r.Close() }()
		return send(filepath.Base(path)+".tar", r)
	}
	if path == "-" {
		return send("stdin", e.stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return unreadable(path, err)
	}
	defer func() { _ = f.Close() }()
	return send(path, f)
}

// counter shows how many bytes went through.
type counter struct{ p *progress }

func (c counter) Write(b []byte) (int, error) {
	c.p.n += len(b)
	c.p.at(c.p.n)
	return len(b), nil
}

// known is what the API says of a value.
type known struct {
	Value      string          `json:"value"`
	Type       string          `json:"type,omitempty"`
	Verdict    string          `json:"verdict"`
	Indicators []knownBy       `json:"indicators"`
	Seen       json.RawMessage `json:"seen,omitempty"`
	Reason     string          `json:"reason,omitempty"`
	Then       json.RawMessage `json:"then,omitempty"`
}

type knownBy struct {
	Type       string   `json:"type"`
	Value      string   `json:"value"`
	Names      []string `json:"names"`
	Confidence int      `json:"confidence"`
}

func intelLookup(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "intel")
	var files paths
	d.fs.Var(&files, "intel", "look into this `PATH` instead of the store; may be repeated")
	asOf := d.fs.String("as-of", "", "what was known at this `TIME`, such as 2026-03-03T14:03:00Z")
	values, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(values) == 0 {
		return wrong("Name at least one value.")
	}
	body := map[string]any{"values": values}
	if *asOf != "" {
		if _, err := time.Parse(time.RFC3339Nano, *asOf); err != nil || len(files) > 0 {
			return wrong("-as-of takes a time such as 2026-03-03T14:03:00Z, and asks the store, not files.")
		}
		body["as_of"] = *asOf
	}
	if len(files) > 0 {
		return lookupFiles(ctx, e, files, values)
	}
	*d.json = *d.json || !e.tty || *asOf != ""
	d.looksUp = *asOf == ""
	return list(ctx, d, "POST", "/indicators/lookup", body, "VALUE\tVERDICT\tKNOWN AS", func(w io.Writer, k known) {
		var names []string
		for _, i := range k.Indicators {
			names = append(names, fmt.Sprintf("%s (%d)", strings.Join(append(i.Names, i.Value), " "), i.Confidence))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", indicator.Defang(k.Value), k.Verdict, strings.Join(names, "; "))
	})
}

func lookupFiles(ctx context.Context, e env, files, values []string) error {
	mem, err := readIntel(ctx, e, files, "")
	if err != nil {
		return err
	}
	enc := json.NewEncoder(e.stdout)
	for _, raw := range values {
		line := struct {
			Value      string    `json:"value"`
			Verdict    string    `json:"verdict"`
			Indicators []app.Hit `json:"indicators"`
			Reason     string    `json:"reason,omitempty"`
		}{Value: raw, Verdict: "unknown", Indicators: []app.Hit{}}
		t, v, err := indicator.Detect(raw)
		if err != nil {
			line.Verdict, line.Reason = "invalid", indicator.Reason(err)
		} else {
			line.Value = v
			if line.Indicators, _ = mem.Lookup(t, v, line.Indicators, nil); len(line.Indicators) > 0 {
				line.Verdict = "suspicious"
			}
			for _, h := range line.Indicators {
				if h.Confidence >= 50 {
					line.Verdict = "malicious"
				}
			}
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func intelResolve(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "intel")
	var files paths
	d.fs.Var(&files, "intel", "look into this `PATH` instead of the store; may be repeated")
	names, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return wrong("Name at least one name.")
	}
	if len(files) > 0 {
		return resolveFiles(ctx, e, files, names)
	}
	*d.json = *d.json || !e.tty
	type named struct {
		Name, Status string
		Entities     []struct {
			ID, Type, Name string
			AttackID       string `json:"attack_id"`
		}
	}
	return list(ctx, d, "POST", "/entities/resolve", map[string]any{"values": names}, "NAME\tSTATUS\tENTITIES", func(w io.Writer, n named) {
		var who []string
		for _, x := range n.Entities {
			who = append(who, strings.TrimSpace(x.Type+" "+x.Name+" "+x.AttackID))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", n.Name, n.Status, strings.Join(who, "; "))
	})
}

func resolveFiles(ctx context.Context, e env, files, names []string) error {
	p := newProgress(e, "objects")
	glossary, report, err := app.ReadNames(ctx, files, "", p.at)
	p.done()
	if err != nil {
		return err
	}
	if err := json.NewEncoder(e.stderr).Encode(map[string]indicator.LossReport{"report": report}); err != nil {
		return err
	}
	found, err := app.NamesIn(ctx, glossary, names)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(e.stdout)
	for _, n := range found {
		if err := enc.Encode(n); err != nil {
			return err
		}
	}
	return nil
}
