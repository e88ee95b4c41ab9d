package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/app"
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
		return wrong("Say what to do: list, add, run, enable, disable, acknowledge, audit, life, retire or remove.")
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
	if verb == "audit" {
		return feedAudit(ctx, d)
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
	case "life":
		return list(ctx, d, "GET", "/feeds/"+id+"/life", nil, "TYPE\tENTRIES\tGONE\tHALF-LIFE\tERROR NOW\tRULE FOR THE CONFIGURATION", func(w io.Writer, l lifeView) { l.print(w, rest[0]) })
	case "retire":
		return d.one(ctx, "POST", "/feeds/"+id+"/retire", map[string]string{"text": "retired on the command line"})
	case "remove":
		return d.one(ctx, "DELETE", "/feeds/"+id, struct{}{})
	}
	return wrong("feed %q is not one of list, add, run, enable, disable, acknowledge, audit, life, retire, remove.", verb)
}

// lifeView is how long entries of a type were listed, as the API shows it.
type lifeView struct {
	Type     string  `json:"type"`
	Entries  int     `json:"entries"`
	Gone     int     `json:"gone"`
	HalfLife float64 `json:"half_life_days"`
	InUse    struct {
		Error float64 `json:"error"`
	} `json:"in_use"`
	Proposed *struct {
		Lifetime  float64 `json:"lifetime"`
		Speed     float64 `json:"decay_speed"`
		Threshold float64 `json:"threshold"`
		Error     float64 `json:"error"`
	} `json:"proposed"`
}

func (l lifeView) print(w io.Writer, feed string) {
	fmt.Fprintf(w, "%s\t%d\t%d\t", l.Type, l.Entries, l.Gone)
	if p := l.Proposed; p != nil {
		fmt.Fprintf(w, "%.1f d\t%.2f\tlife: [{source: %s, types: [%s], lifetime: %.1f, decay_speed: %.2f, threshold: %.0f}]  # error %.2f\n", l.HalfLife, l.InUse.Error, feed, l.Type, p.Lifetime, p.Speed, p.Threshold, p.Error)
		return
	}
	fmt.Fprintf(w, "-\t%.2f\ttoo few have gone to say\n", l.InUse.Error)
}

// audited is a source of the audit as the API shows it.
type audited struct {
	Source    string  `json:"source"`
	Volume    int     `json:"volume"`
	Exclusive int     `json:"exclusive"`
	Hits      int     `json:"hits"`
	First     float64 `json:"first_share"`
	Advice    struct {
		Do      string   `json:"do"`
		Reasons []string `json:"reasons"`
	} `json:"advice"`
}

// feedAudit prints a line for each source, worth most first: with --json all that
// is known of it.
func feedAudit(ctx context.Context, d data) error {
	return d.with(ctx, func(c *app.Client) error {
		var all struct {
			Feeds   []json.RawMessage `json:"feeds"`
			Overlap [][]float64       `json:"overlap"`
		}
		if err := c.Call(ctx, "GET", "/feeds/audit", nil, &all); err != nil {
			return err
		}
		if *d.json || !d.env.tty {
			enc := json.NewEncoder(d.env.stdout)
			for _, f := range all.Feeds {
				if err := enc.Encode(f); err != nil {
					return err
				}
			}
			return nil
		}
		w := tabwriter.NewWriter(d.env.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprint(w, "SOURCE\tVOLUME\tONLY HERE\tFIRST\tALERTS\tADVICE\n")
		for _, raw := range all.Feeds {
			var f audited
			if err := json.Unmarshal(raw, &f); err != nil {
				return err
			}
			fmt.Fprintf(w, "%s\t%d\t%d\t%.0f %%\t%d\t%s: %s\n", f.Source, f.Volume, f.Exclusive, 100*f.First, f.Hits, f.Advice.Do, strings.Join(f.Advice.Reasons, "; "))
		}
		return w.Flush()
	})
}
