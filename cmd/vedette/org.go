package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/app"
)

func runOrg(ctx context.Context, e env, args []string) error {
	if len(args) == 0 {
		return wrong("Say what to do: import or show, or hosts for those nobody named.")
	}
	d := dataCommand(e, "org")
	dry := d.fs.Bool("dry-run", false, "only say what an inventory would add")
	told := map[string]*string{}
	for field, means := range map[string]string{
		"as": "what the host is: asset, ordinary, dynamic (as all of its network), ignored, ask", "name": "its name, of an asset", "criticality": "its band, of an asset",
		"network": "its network", "range": "the range that the network is to have", "why": "why",
	} {
		told[field] = d.fs.String(field, "", "hosts: "+means)
	}
	rest, err := parseFlags(d.fs, args[1:])
	if err != nil {
		return err
	}
	switch args[0] {
	case "show":
		return d.one(ctx, "GET", "/profile", nil)
	case "hosts":
		return orgHosts(ctx, d, rest, told)
	case "import":
		if len(rest) != 1 {
			return wrong("org import takes one file: a profile (YAML), or an inventory that completes it (CSV, nmap XML, CycloneDX, SPDX, LDIF, JSON of AWS Config, Azure Resource Graph, Google Cloud Asset Inventory).")
		}
		f, err := os.Open(rest[0])
		if err != nil {
			return unreadable(rest[0], err)
		}
		defer func() { _ = f.Close() }()
		if slices.Contains([]string{".yaml", ".yml"}, strings.ToLower(filepath.Ext(rest[0]))) {
			return d.one(ctx, "PUT", "/profile", f)
		}
		return d.inventory(ctx, filepath.Base(rest[0]), f, *dry)
	}
	return wrong("org %q is not one of import, show, hosts.", args[0])
}

// stranger is a host that no asset names, as the API says it.
type stranger struct {
	Address string    `json:"address"`
	Network string    `json:"network"`
	Events  int       `json:"events"`
	Last    time.Time `json:"last"`
	Names   []string  `json:"names"`
}

// orgHosts lists the hosts that nobody named, or says what one of them is.
func orgHosts(ctx context.Context, d data, rest []string, told map[string]*string) error {
	if len(rest) == 0 {
		return list(ctx, d, "GET", "/profile/hosts?limit=5000", nil, "ADDRESS\tNETWORK\tEVENTS\tLAST\tCALLED", func(w io.Writer, h stranger) {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", h.Address, h.Network, h.Events, h.Last.Format(time.RFC3339), strings.Join(h.Names, " "))
		})
	}
	if len(rest) != 1 || *told["as"] == "" {
		return wrong("org hosts takes one address, and -as asset, ordinary, dynamic, ignored or ask; without an address it lists them.")
	}
	body := map[string]string{"address": rest[0]}
	for field, value := range told {
		body[field] = *value
	}
	return d.with(ctx, func(c *app.Client) error { return c.Call(ctx, "POST", "/profile/hosts", body, nil) })
}

// completion is what an inventory adds, as the API says it.
type completion struct {
	Kind    string         `json:"kind"`
	New     []string       `json:"new"`
	Filled  []string       `json:"filled"`
	Same    int            `json:"same"`
	Skipped map[string]int `json:"skipped"`
}

// inventory completes the profile and prints what was added.
func (d data) inventory(ctx context.Context, name string, f io.Reader, dry bool) error {
	return d.with(ctx, func(c *app.Client) error {
		var added completion
		q := url.Values{"name": {name}, "dry_run": {fmt.Sprint(dry)}}
		if err := c.Call(ctx, "POST", "/profile/inventory?"+q.Encode(), f, &added); err != nil {
			return err
		}
		if *d.json || !d.env.tty {
			return json.NewEncoder(d.env.stdout).Encode(added)
		}
		for _, line := range added.New {
			fmt.Fprintln(d.env.stdout, "+", line)
		}
		for _, line := range added.Filled {
			fmt.Fprintln(d.env.stdout, "~", line)
		}
		fmt.Fprintf(d.env.stdout, "%s: %d new, %d completed, %d said nothing new, skipped %v\n", added.Kind, len(added.New), len(added.Filled), added.Same, added.Skipped)
		return nil
	})
}
