package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/vedette-soc/vedette/internal/app"
)

// suppression is what is proposed or was decided, as the API says it.
type suppression struct {
	ID        string    `json:"id"`
	State     string    `json:"state,omitempty"`
	Kind      string    `json:"kind"`
	Title     string    `json:"title"`
	Where     string    `json:"where"`
	Occasions int       `json:"occasions,omitempty"`
	Refused   bool      `json:"refused,omitempty"`
	Live      bool      `json:"live,omitempty"`
	Hits      int       `json:"hits,omitempty"`
	Expires   time.Time `json:"expires,omitzero"`
	Reason    string    `json:"reason,omitempty"`
	By        string    `json:"by,omitempty"`
	Replay    *struct {
		Looked    int `json:"looked"`
		Hidden    int `json:"hidden"`
		Incidents int `json:"incidents"`
	} `json:"replay,omitempty"`
}

func runSuppress(ctx context.Context, e env, args []string) error {
	if len(args) == 0 {
		return wrong("Say what to do: list, accept, dismiss or end.")
	}
	d := dataCommand(e, "suppress")
	why := d.fs.String("why", "", "accept, dismiss, end: the reason")
	days := d.fs.Int("days", 0, "accept: for how many days, 1 to 365 (default 30)")
	rest, err := parseFlags(d.fs, args[1:])
	if err != nil {
		return err
	}
	act := map[string]string{"accept": "accept", "dismiss": "dismiss", "end": "undo"}[args[0]]
	switch {
	case args[0] == "list" && len(rest) == 0:
		return d.suppressions(ctx)
	case args[0] == "list":
		return wrong("suppress list takes no argument.")
	case act == "":
		return wrong("suppress %q is not one of list, accept, dismiss, end.", args[0])
	case len(rest) != 1 || strings.TrimSpace(*why) == "":
		return wrong("suppress %s takes one id of suppress list, and -why.", args[0])
	}
	body := map[string]any{"reason": *why}
	if act == "accept" && *days != 0 {
		body["days"] = *days
	}
	return d.with(ctx, func(c *app.Client) error {
		return c.Call(ctx, "POST", "/suppressions/"+rest[0]+"/"+act, body, nil)
	})
}

// suppressions prints what is proposed, then what was decided.
func (d data) suppressions(ctx context.Context) error {
	return d.with(ctx, func(c *app.Client) error {
		var out struct {
			Proposed []suppression `json:"proposed"`
			Decided  []suppression `json:"decided"`
			Spared   []string      `json:"spared"`
		}
		if err := c.Call(ctx, "GET", "/suppressions", nil, &out); err != nil {
			return err
		}
		for i := range out.Proposed {
			out.Proposed[i].State = "proposed"
		}
		all := append(out.Proposed, out.Decided...)
		if *d.json {
			enc := json.NewEncoder(d.env.stdout)
			for _, s := range all {
				if err := enc.Encode(s); err != nil {
					return err
				}
			}
			return nil
		}
		w := tabwriter.NewWriter(d.env.stdout, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tSTATE\tKIND\tWHAT\tHIDES\tUNTIL")
		for _, s := range all {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", s.ID, s.standing(), s.Kind, s.Title, s.hides(), s.until())
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, s := range out.Spared {
			fmt.Fprintln(d.env.stdout, "kept by a guard rail:", s)
		}
		return nil
	})
}

func (s suppression) standing() string {
	switch {
	case s.Refused:
		return "refused"
	case s.State == "accepted" && !s.Live:
		return "over"
	}
	return s.State
}

func (s suppression) hides() string {
	if s.Replay == nil {
		return fmt.Sprint(s.Hits)
	}
	return fmt.Sprintf("%d of %d in %d incidents", s.Replay.Hidden, s.Replay.Looked, s.Replay.Incidents)
}

func (s suppression) until() string {
	if s.Expires.IsZero() {
		return "-"
	}
	return s.Expires.UTC().Format(time.RFC3339)
}
