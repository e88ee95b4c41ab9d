package main

import (
	"context"
	"encoding/json"

	"github.com/vedette-soc/vedette/internal/app"
)

// historyMigrate brings the events from segments to ClickHouse. The last line accounts
// for every record.
func historyMigrate(ctx context.Context, e env, args []string) error {
	fs := flags(e, "history")
	load := settings(fs)
	to := fs.String("to", "", "where to: clickhouse, as history.clickhouse of the configuration names it")
	rest, err := parseFlags(fs, args)
	if err != nil {
		return err
	}
	if *to != "clickhouse" || len(rest) > 0 {
		return wrong("Say where to: vedette history migrate -to clickhouse -config FILE.")
	}
	c, err := load()
	if err != nil {
		return err
	}
	p := newProgress(e, "events")
	report, err := app.Migrate(ctx, c, func(done, total int) {
		p.total = total
		p.at(done)
	})
	p.done()
	if err != nil {
		return err
	}
	return json.NewEncoder(e.stdout).Encode(map[string]app.Migration{"report": report})
}
