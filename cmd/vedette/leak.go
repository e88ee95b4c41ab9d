package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/app"
)

func runLeak(ctx context.Context, e env, args []string) error {
	if len(args) == 0 {
		return wrong("Say what to do: import, list or erase.")
	}
	d := dataCommand(e, "leak")
	o := leakFlags{
		kind: d.fs.String("kind", "", "what it is: stealer, breach, combo, spam; default: by its form. list: only those"), source: d.fs.String("source", "", "import: who says it, such as the name of the collection"),
		domain: d.fs.String("domain", "", "import: of the addresses in an answer of Have I Been Pwned about one"), date: d.fs.String("date", "", "import: of what does not tell one, such as 2026-11-03"),
		dry: d.fs.Bool("dry-run", false, "import: only count; nothing is stored"), why: d.fs.String("why", "", "erase: the reason"),
	}
	rest, err := parseFlags(d.fs, args[1:])
	if err != nil {
		return err
	}
	switch {
	case args[0] == "import" && len(rest) > 0:
		return leakImport(ctx, d, o, rest)
	case args[0] == "import":
		return wrong("Name at least one file or directory; - is standard input.")
	case args[0] == "list":
		q := url.Values{"limit": {"100000"}, "q": {strings.Join(rest, " ")}, "kind": {*o.kind}}
		return list(ctx, d, "GET", "/leaks?"+q.Encode(), nil, "ACCOUNT\tWHOSE\tKIND\tTAKEN\tSITES\tMACHINES\tALERTS", leakRow)
	case args[0] == "erase" && len(rest) == 1 && strings.TrimSpace(*o.why) != "":
		return d.one(ctx, "POST", "/leaks/erase", map[string]string{"account": rest[0], "reason": *o.why})
	case args[0] == "erase":
		return wrong("leak erase takes one account, as leak list shows it or by its id, and -why.")
	}
	return wrong("leak %q is not one of import, list, erase.", args[0])
}

type leakFlags struct {
	kind, source, domain, date, why *string
	dry                             *bool
}

// leakedAccount is an account as the API says it.
type leakedAccount struct {
	Account  string    `json:"account"`
	Person   string    `json:"person"`
	Kinds    []string  `json:"kinds"`
	Sites    []string  `json:"sites"`
	Taken    time.Time `json:"taken"`
	Alerts   int       `json:"alerts"`
	Machines []struct {
		Name string `json:"name"`
	} `json:"machines"`
}

func leakRow(w io.Writer, a leakedAccount) {
	var machines []string
	for _, m := range a.Machines {
		machines = append(machines, m.Name)
	}
	few := func(list []string) string {
		if len(list) > 3 {
			return fmt.Sprintf("%s +%d", strings.Join(list[:3], " "), len(list)-3)
		}
		return strings.Join(list, " ")
	}
	taken := "unknown"
	if !a.Taken.IsZero() {
		taken = a.Taken.UTC().Format(time.DateOnly)
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\n", a.Account, a.Person, strings.Join(a.Kinds, " "), taken, few(a.Sites), few(machines), a.Alerts)
}

// leakReport is what became of an import, as the API says it.
type leakReport struct {
	In       int            `json:"in"`
	Stored   int            `json:"stored"`
	Known    int            `json:"known"`
	Dropped  map[string]int `json:"dropped"`
	Changed  int            `json:"changed"`
	Breaches int            `json:"breaches"`
	Files    int            `json:"files"`
	Skipped  int            `json:"skipped"`
}

func (r *leakReport) add(b leakReport) {
	r.In, r.Stored, r.Known, r.Changed = r.In+b.In, r.Stored+b.Stored, r.Known+b.Known, r.Changed+b.Changed
	r.Breaches, r.Files, r.Skipped = r.Breaches+b.Breaches, r.Files+b.Files, r.Skipped+b.Skipped
	if r.Dropped == nil {
		r.Dropped = map[string]int{}
	}
	for why, n := range b.Dropped {
		r.Dropped[why] += n
	}
}

// leakImport sends files as they are and directories as archives: a stealer log is a
// directory whose files belong together.
func leakImport(ctx context.Context, d data, o leakFlags, paths []string) error {
	return d.with(ctx, func(c *app.Client) error {
		var sum leakReport
		p := newProgress(d.env, "bytes")
		p.total = sizeOf(paths)
		defer p.done()
		for _, path := range paths {
			r, err := leakPath(ctx, d, c, o, path, p)
			if err != nil {
				return err
			}
			sum.add(r)
		}
		p.done()
		if !d.env.tty || *d.json {
			return json.NewEncoder(d.env.stdout).Encode(map[string]leakReport{"report": sum})
		}
		var dropped []string
		for _, why := range slices.Sorted(maps.Keys(sum.Dropped)) {
			dropped = append(dropped, fmt.Sprintf("%d %s", sum.Dropped[why], why))
		}
		_, err := fmt.Fprintf(d.env.stdout, "%d read in %d files: %d new, %d known already, dropped: %s\n", sum.In, sum.Files, sum.Stored, sum.Known, strings.Join(dropped, ", "))
		return err
	})
}

func leakPath(ctx context.Context, d data, c *app.Client, o leakFlags, path string, p *progress) (r leakReport, err error) {
	send := func(name string, in io.Reader) error {
		q := url.Values{"name": {name}, "dry_run": {fmt.Sprint(*o.dry)}}
		for k, v := range map[string]string{"kind": *o.kind, "source": *o.source, "domain": *o.domain, "date": *o.date} {
			if v != "" {
				q.Set(k, v)
			}
		}
		return c.Call(ctx, "POST", "/leaks/import?"+q.Encode(), io.TeeReader(in, counter{p}), &r)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		out, in := io.Pipe()
		go func() { in.CloseWithError(archive(in, path)) }()
		defer func() { _ = out.Close() }()
		return r, send(filepath.Base(path)+".tar", out)
	}
	if path == "-" {
		return r, send("stdin", d.env.stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return r, unreadable(path, err)
	}
	defer func() { _ = f.Close() }()
	return r, send(filepath.Base(path), f)
}
