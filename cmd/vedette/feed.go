package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/vedette-soc/vedette/indicator"
)

// feedView is a feed as the API shows it.
type feedView struct {
	Feed struct {
		ID       string        `json:"id"`
		Name     string        `json:"name"`
		URL      string        `json:"url"`
		Kind     string        `json:"kind"`
		Interval time.Duration `json:"interval"`
		Enabled  bool          `json:"enabled"`
	} `json:"feed"`
	State struct {
		Health    string `json:"health"`
		Message   string `json:"message"`
		UsualSize int    `json:"usual_size"`
	} `json:"state"`
}

func runFeed(ctx context.Context, e env, args []string) error {
	if len(args) == 0 {
		return wrong("Say what to do: list, add, run, enable, disable, acknowledge or remove.")
	}
	d := dataCommand(e, "feed")
	verb := args[0]
	add := map[string]*string{}
	if verb == "add" {
		for name, use := range map[string]string{
			"url": "`URL` or path to read", "kind": "what it is: text, csv, stix ...; default: recognised", "name": "name for people", "type": "type of every entry",
		} {
			add[name] = d.fs.String(name, "", use)
		}
	}
	every := d.fs.Duration("interval", time.Hour, "how often it is read (add)")
	snapshot := d.fs.Bool("snapshot", false, "absence from the feed means withdrawn (add)")
	confidence := d.fs.Int("confidence", 0, "confidence of entries that state none, 1-100 (add)")
	rest, err := parseFlags(d.fs, args[1:])
	if err != nil {
		return err
	}
	if verb == "list" {
		return list(ctx, d, "GET", "/feeds", nil, "ID\tHEALTH\tENTRIES\tKIND\tURL", func(w io.Writer, v feedView) {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", v.Feed.ID, v.State.Health, v.State.UsualSize, v.Feed.Kind, v.Feed.URL)
		})
	}
	if len(rest) != 1 {
		return wrong("feed %s takes one feed id.", verb)
	}
	id := url.PathEscape(rest[0])
	switch verb {
	case "add":
		f := map[string]any{
			"id": rest[0], "url": *add["url"], "kind": *add["kind"], "name": *add["name"], "interval": *every, "snapshot": *snapshot, "enabled": true,
			"options": map[string]any{"type": indicator.Type(*add["type"]), "confidence": *confidence},
		}
		return d.one(ctx, "POST", "/feeds", f)
	case "run", "enable", "disable", "acknowledge":
		return d.one(ctx, "POST", "/feeds/"+id+"/"+verb, struct{}{})
	case "remove":
		return d.one(ctx, "DELETE", "/feeds/"+id, struct{}{})
	}
	return wrong("feed %q is not one of list, add, run, enable, disable, acknowledge, remove.", verb)
}
