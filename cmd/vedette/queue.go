package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/internal/app"
)

// runQueue is what an operator does with what no matcher could take.
func runQueue(ctx context.Context, e env, args []string) error {
	if len(args) == 0 || args[0] != "dead" {
		return wrong("Say what to do: queue dead list, show, retry or drop.")
	}
	args = args[1:]
	if len(args) == 0 {
		args = []string{"list"}
	}
	d := dataCommand(e, "queue")
	why := d.fs.String("why", "", "retry, drop: the reason, for the audit log; drop takes one")
	rest, err := parseFlags(d.fs, args[1:])
	if err != nil {
		return err
	}
	for _, n := range rest {
		if args[0] == "list" {
			return wrong("queue dead list takes no argument.")
		}
		if v, err := strconv.ParseUint(n, 10, 64); err != nil || v == 0 {
			return wrong("%q is no number of queue dead list.", n)
		}
	}
	switch act := args[0]; {
	case act == "list":
		return d.deadList(ctx)
	case act == "show" && len(rest) == 1:
		return d.deadShow(ctx, rest[0])
	case act == "show":
		return wrong("queue dead show takes one number of queue dead list.")
	case act != "retry" && act != "drop":
		return wrong("queue dead %q is not one of list, show, retry, drop.", act)
	case len(rest) == 0:
		return wrong("queue dead %s takes one or more numbers of queue dead list.", act)
	case act == "drop" && strings.TrimSpace(*why) == "":
		return wrong("queue dead drop takes -why: the events are lost for good.")
	default:
		return d.deadAct(ctx, act, rest, *why)
	}
}

// deadList prints one line for each that is kept apart, the oldest first.
func (d data) deadList(ctx context.Context) error {
	return d.with(ctx, func(c *app.Client) error {
		for from := "1"; from != ""; {
			var page items[json.RawMessage]
			if err := c.Call(ctx, "GET", "/queue/dead?limit=500&from="+from, nil, &page); err != nil {
				return err
			}
			if err := d.lines(page.Items); err != nil {
				return err
			}
			from = page.Next
		}
		return nil
	})
}

func (d data) lines(items []json.RawMessage) error {
	for _, item := range items {
		if _, err := fmt.Fprintf(d.env.stdout, "%s\n", item); err != nil {
			return err
		}
	}
	return nil
}

// deadShow prints a line for each event in one of them, and last what is known of it.
func (d data) deadShow(ctx context.Context, number string) error {
	return d.with(ctx, func(c *app.Client) error {
		var letter map[string]json.RawMessage
		if err := c.Call(ctx, "GET", "/queue/dead/"+number, nil, &letter); err != nil {
			return err
		}
		var records []json.RawMessage
		if err := json.Unmarshal(letter["records"], &records); err != nil {
			return err
		}
		if err := d.lines(records); err != nil {
			return err
		}
		delete(letter, "records")
		return json.NewEncoder(d.env.stdout).Encode(map[string]any{"summary": letter})
	})
}

// deadAct retries or drops, one after the other; it ends at the first that cannot be.
func (d data) deadAct(ctx context.Context, act string, numbers []string, why string) error {
	return d.with(ctx, func(c *app.Client) error {
		for _, n := range numbers {
			var did json.RawMessage
			if err := c.Call(ctx, "POST", "/queue/dead/"+n+"/"+act, map[string]string{"reason": why}, &did); err != nil {
				return err
			}
			if err := d.lines([]json.RawMessage{did}); err != nil {
				return err
			}
		}
		return nil
	})
}
