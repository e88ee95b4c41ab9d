package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/clickhouse"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Migration is what bringing the events to ClickHouse came to:
// in = stored + kept + missed.
type Migration struct {
	In       int           `json:"in"`     // numbers given in the segments
	Stored   int           `json:"stored"` // records copied now
	Kept     int           `json:"kept"`   // that an earlier run had copied
	Missed   int           `json:"missed"` // damaged in the segments
	Noted    telemetry.Seq `json:"noted"`  // values can be found up to this record
	Verified bool          `json:"verified"`
}

const (
	// migrateRead and migrateBytes are how much is one insert.
	migrateRead  = 20_000
	migrateBytes = 32 << 20
)

// Migrate copies the events of a data directory from segments to the ClickHouse that
// its configuration names: numbers stay, so that detections still find their events.
// It goes on where an earlier run was broken off, and in the end holds number and
// content of every record on both sides against each other. The segments stay. Nothing
// else may use the directory. tell is told how many records of how many are done.
func Migrate(ctx context.Context, c config.Config, tell func(done, total int)) (m Migration, err error) {
	if c.History.ClickHouse == "" {
		return m, errs.New(errs.Invalid, "migration_target", "Say where to: set history.clickhouse in the configuration, and name that with -config.")
	}
	from, err := segment.Open(filepath.Join(c.Data, historyName), segment.Limits{}, quiet())
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	sys, err := Open(ctx, Options{Config: c, Log: quiet(), migrating: true})
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, sys.Close()) }()
	if err := begin(ctx, sys.server); err != nil {
		return m, err
	}
	job := migrating{from: from, to: sys.server, tell: tell}
	if err := job.copy(ctx); err != nil {
		return job.Migration, fmt.Errorf("after %d records: %w", job.Stored, err)
	}
	if err := job.verify(ctx); err != nil {
		return job.Migration, err
	}
	if err := sys.events.Note(asSystem(ctx)); err != nil {
		return job.Migration, err
	}
	if _, err := sys.server.Parts(ctx); err != nil { // makes the last notes durable
		return job.Migration, err
	}
	job.Noted = sys.server.Noted()
	if err := sys.server.Remember(ctx, migration, finished); err != nil {
		return job.Migration, err
	}
	return job.Migration, useHome(filepath.Join(c.Data, homeName))
}

// begin makes sure that the target holds nothing but what an earlier run brought.
func begin(ctx context.Context, to *clickhouse.History) error {
	state, err := to.Remembered(ctx, migration)
	if err != nil || state == underway {
		return err
	}
	stats, err := to.Stats(ctx)
	switch {
	case err != nil:
		return err
	case state == finished:
		return errs.New(errs.Conflict, "migration_done", "The events are in ClickHouse already.")
	case stats.Records > 0:
		return errs.New(errs.Conflict, "migration_mixed", "The ClickHouse database has %d events of its own already; name an empty one.", stats.Records)
	}
	return to.Remember(ctx, migration, underway)
}

// migrating is a migration at work.
type migrating struct {
	Migration
	from  *segment.History
	to    *clickhouse.History
	tell  func(done, total int)
	sum   clickhouse.Sum // of what was read
	batch []telemetry.Record
	first telemetry.Seq // of batch
	bytes int
}

func (m *migrating) copy(ctx context.Context) error {
	source, err := m.from.Stats(ctx)
	if err != nil || source.Records == 0 {
		return err
	}
	target, err := m.to.Stats(ctx)
	if err != nil {
		return err
	}
	m.In = int(source.Last - source.First + 1)
	for next := source.First; next <= source.Last; {
		records, err := m.from.Read(ctx, next, migrateRead)
		if errs.CodeOf(err) == "history_damaged" {
			m.Missed++
			next++
			continue
		}
		if err != nil {
			return err
		}
		if len(records) == 0 {
			m.Missed += int(source.Last - next + 1)
			break
		}
		m.Missed += int(records[0].Seq - next)
		next = records[len(records)-1].Seq + 1
		for i := range records {
			if err := m.record(ctx, &records[i], target.Last); err != nil {
				return err
			}
		}
		m.tell(m.sum.Records, source.Records)
	}
	return m.send(ctx)
}

// record copies a record, unless the target has it.
func (m *migrating) record(ctx context.Context, r *telemetry.Stored, had telemetry.Seq) error {
	m.sum.Add(r)
	if r.Seq <= had {
		m.Kept++
		return nil
	}
	if n := len(m.batch); n > 0 && (r.Seq != m.first+telemetry.Seq(n) || n >= migrateRead || m.bytes >= migrateBytes) {
		if err := m.send(ctx); err != nil {
			return err
		}
	}
	if len(m.batch) == 0 {
		m.first = r.Seq
	}
	m.batch = append(m.batch, r.Record)
	m.bytes += len(r.Raw) + len(r.Context)
	return nil
}

func (m *migrating) send(ctx context.Context) error {
	if len(m.batch) == 0 {
		return nil
	}
	if err := m.to.AppendAt(ctx, m.first, m.batch); err != nil {
		return err
	}
	m.Stored += len(m.batch)
	m.batch, m.bytes = m.batch[:0], 0
	return nil
}

// verify holds what was read against what the target counts.
func (m *migrating) verify(ctx context.Context) error {
	have, err := m.to.Sum(ctx)
	if err != nil {
		return err
	}
	if have != m.sum {
		return errs.New(errs.Conflict, "migration_differs",
			"ClickHouse does not hold what the segments hold: %d records of %d bytes there, %d of %d bytes here. Empty the ClickHouse database and begin anew; the segments are as they were.", have.Records, have.Bytes, m.sum.Records, m.sum.Bytes)
	}
	m.Verified = true
	return nil
}
