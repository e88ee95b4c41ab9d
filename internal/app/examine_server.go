package app

import (
	"path/filepath"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/clickhouse"
)

// server checks the events in ClickHouse, and returns the number of the one that
// comes next.
func (x *examination) server() uint64 {
	const do = "See that the server runs and can be reached, and look at history.clickhouse and history.clickhouse_password."
	var h *clickhouse.History
	if x.system != nil {
		h = x.system.server
	} else {
		opened, err := x.open()
		if err != nil {
			x.add(fail("history", do, "ClickHouse: %s", errs.Public(err)))
			return 1
		}
		defer func() { _ = opened.Close() }()
		h = opened
	}
	stats, err := h.Stats(x.ctx)
	if err != nil {
		x.add(fail("history", do, "ClickHouse: %s", errs.Public(err)))
		return 1
	}
	gaps := 0
	if stats.Records > 0 && !x.config.Transport.On() { // else lots leave numbers out
		gaps = int(stats.Last-stats.First+1) - stats.Records
	}
	state, err := h.Remembered(x.ctx, migration)
	switch {
	case err != nil:
		x.add(fail("history", do, "ClickHouse: %s", errs.Public(err)))
	case state == underway:
		x.add(fail("history", "Run vedette history migrate -to clickhouse again.", "the migration to ClickHouse was broken off after event %d", stats.Last))
	case gaps != 0:
		x.add(warn("history", "Compare with a backup of the ClickHouse database, unless a migration said that so many were damaged before.", "%d events in ClickHouse; %d numbers between them are absent", stats.Records, gaps))
	default:
		if x.config.Transport.On() {
			x.add(good("history", "%d events in ClickHouse; their bytes are for ClickHouse to check", stats.Records))
			break
		}
		x.add(good("history", "%d events in ClickHouse, no number is absent; their bytes are for ClickHouse to check", stats.Records))
	}
	return uint64(stats.Last) + 1
}

// open opens the database without making it anybody's.
func (x *examination) open() (*clickhouse.History, error) {
	opt := Options{Config: x.config, Log: quiet()}
	if x.config.Transport.On() {
		return (&share{opt: opt}).openHistory(x.ctx, false)
	}
	return openClickHouse(x.ctx, opt, filepath.Join(x.config.Data, homeName))
}
