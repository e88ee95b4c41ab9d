package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/errs"
)

// ruleView is a rule as the API shows it.
type ruleView struct {
	ID     string `json:"id"`
	Pack   string `json:"pack"`
	Title  string `json:"title"`
	Level  string `json:"level"`
	Author string `json:"author"`
	On     bool   `json:"on"`
}

func runRule(ctx context.Context, e env, args []string) error {
	const verbs = "test, explain, list, show, import, enable, disable, except or backtest"
	if len(args) == 0 {
		return wrong("Say what to do: %s.", verbs)
	}
	switch rest := args[1:]; args[0] {
	case "test":
		return ruleTest(ctx, e, rest)
	case "explain":
		return ruleExplain(ctx, e, rest)
	case "list":
		return ruleList(ctx, e, rest)
	case "show":
		return ruleShow(ctx, e, rest)
	case "import":
		return ruleImport(ctx, e, rest)
	case "enable", "disable":
		return ruleSwitch(ctx, e, rest, args[0] == "enable")
	case "except":
		return ruleExcept(ctx, e, rest)
	case "backtest":
		return ruleBacktest(ctx, e, rest)
	}
	return wrong("rule %q is not one of %s.", args[0], verbs)
}

func ruleList(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "rule")
	q := url.Values{"limit": {"10000"}}
	find := map[string]*string{}
	for name, use := range map[string]string{
		"pack": "only of this `PACK`", "level": "only of this `LEVEL`", "tag": "only with this `TAG`, such as attack.t1059", "product": "only for this `PRODUCT`", "state": "on or off",
	} {
		find[name] = d.fs.String(name, "", use)
	}
	rest, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(rest) > 1 {
		return wrong("rule list takes at most one text to look for.")
	}
	if len(rest) == 1 {
		q.Set("q", rest[0])
	}
	for name, v := range find {
		if *v != "" {
			q.Set(name, *v)
		}
	}
	return list(ctx, d, "GET", "/rules?"+q.Encode(), nil, "ID\tLEVEL\tON\tPACK\tTITLE", func(w io.Writer, r ruleView) {
		fmt.Fprintf(w, "%s\t%s\t%v\t%s\t%s\n", r.ID, r.Level, r.On, r.Pack, r.Title)
	})
}

func ruleShow(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "rule")
	rest, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return wrong("rule show takes one rule id.")
	}
	return d.one(ctx, "GET", "/rules/"+url.PathEscape(rest[0]), nil)
}

func ruleImport(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "rule")
	pack := d.fs.String("pack", "own", "the `PACK` whose content the rules become")
	version := d.fs.String("version", "", "the publisher's version of the pack")
	license := d.fs.String("license", "", "licence of rules that state none")
	dry := d.fs.Bool("dry-run", false, "only say what would happen")
	rest, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return wrong("rule import takes one path: a directory, an archive or a rule file.")
	}
	q := url.Values{"version": {*version}, "license": {*license}, "origin": {rest[0]}, "dry_run": {fmt.Sprint(*dry)}}
	path := "/packs/" + url.PathEscape(*pack) + "?" + q.Encode()
	return d.with(ctx, func(c *app.Client) error {
		body, err := packBody(rest[0])
		if err != nil {
			return err
		}
		defer func() { _ = body.Close() }()
		var out struct {
			Refused []struct {
				File string `json:"file"`
				Line int    `json:"line"`
				Rule string `json:"rule"`
				Why  string `json:"why"`
			} `json:"refused"`
		}
		var raw json.RawMessage
		if err := c.Call(ctx, "POST", path, body, &raw); err != nil {
			return err
		}
		if err := json.Unmarshal(raw, &out); err != nil {
			return err
		}
		for _, r := range out.Refused {
			fmt.Fprintf(e.stderr, "%s:%d: %s: %s\n", r.File, r.Line, r.Rule, r.Why)
		}
		_, err = fmt.Fprintf(e.stdout, "%s\n", raw)
		return err
	})
}

// packBody is a file as it is, a directory as an archive.
func packBody(path string) (io.ReadCloser, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if !info.IsDir() {
		f, err := os.Open(filepath.Clean(path))
		if err != nil {
			return nil, unreadable(path, err)
		}
		return f, nil
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(archive(w, path)) }()
	return r, nil
}

func ruleSwitch(ctx context.Context, e env, args []string, on bool) error {
	d := dataCommand(e, "rule")
	reason := d.fs.String("reason", "", "why; kept with the rule and in the audit log")
	rest, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return wrong("Name at least one rule id.")
	}
	return d.one(ctx, "POST", "/rules/switch", map[string]any{"rules": rest, "on": on, "reason": *reason})
}

func ruleExcept(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "rule")
	where := d.fs.String("where", "", "which events pass: a Sigma `SELECTION` in YAML, such as \"User: svc-backup\"")
	reason := d.fs.String("reason", "", "why; kept with the exception and in the audit log")
	life := d.fs.Duration("life", 30*24*time.Hour, "how long the exception holds")
	rest, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return wrong("rule except takes one rule id.")
	}
	return d.one(ctx, "POST", "/rules/"+url.PathEscape(rest[0])+"/exceptions", map[string]any{"where": *where, "reason": *reason, "life": life.String()})
}

// backtestView is a back-test as the API shows it.
type backtestView struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Problem string `json:"problem"`
}

func ruleBacktest(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "rule")
	days := d.fs.Int("days", 30, "how many days back")
	rest, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return wrong("rule backtest takes one rule id.")
	}
	return d.with(ctx, func(c *app.Client) error {
		var b backtestView
		if err := c.Call(ctx, "POST", "/rules/"+url.PathEscape(rest[0])+"/backtests", map[string]int{"days": *days}, &b); err != nil {
			return err
		}
		if err := c.Backtests(ctx); err != nil {
			return err
		}
		return awaitBacktest(ctx, e, c, b.ID)
	})
}

// awaitBacktest waits for the end of a run and prints it.
func awaitBacktest(ctx context.Context, e env, c *app.Client, id string) error {
	for {
		var all items[json.RawMessage]
		if err := c.Call(ctx, "GET", "/backtests?limit=200", nil, &all); err != nil {
			return err
		}
		for _, raw := range all.Items {
			var b backtestView
			if err := json.Unmarshal(raw, &b); err != nil {
				return err
			}
			switch {
			case b.ID != id:
			case b.State == "failed":
				return errs.New(errs.Unavailable, "backtest_failed", "The back-test failed: %s", b.Problem)
			case b.State == "done":
				_, err := fmt.Fprintf(e.stdout, "%s\n", raw)
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}
