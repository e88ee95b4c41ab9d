package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
)

// threat is one line of the landscape.
type threat struct {
	Name, State string
	Score, Gaps int
	Terms       []struct {
		Weight int
		Text   string
	}
	Questions []struct{ Text string }
}

// intelLandscape lists who threatens the organisation, with the reasons.
func intelLandscape(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "intel")
	n := d.fs.Int("n", 20, "at most so many actors")
	state := d.fs.String("state", "", "only those that are relevant, other (known to target others) or unknown")
	rest, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return wrong("intel landscape takes no arguments; the profile says who we are (vedette org import).")
	}
	q := url.Values{"limit": {strconv.Itoa(*n)}}
	if *state != "" {
		q.Set("state", *state)
	}
	return list(ctx, d, "GET", "/landscape?"+q.Encode(), nil, "SCORE\tACTOR\tSTATE\tGAPS\tWHY", func(w io.Writer, t threat) {
		var why []string
		for _, r := range t.Terms {
			why = append(why, fmt.Sprintf("%+d %s", r.Weight, r.Text))
		}
		for _, q := range t.Questions {
			why = append(why, "? "+q.Text)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%s\n", t.Score, t.Name, t.State, t.Gaps, strings.Join(why, " "))
	})
}
