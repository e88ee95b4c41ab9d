package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/audit"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

const (
	// factsWithin is how long a fact may wait on a running server.
	factsWithin = 5 * time.Minute
	// clockSlack is how far ahead of the clock a stored time may lie.
	clockSlack = time.Minute

	doRestore = "Restore a backup: vedette restore FILE -data NEW-DIRECTORY."
)

// examination is what the checks of one run look at.
type examination struct {
	ctx    context.Context
	config config.Config
	store  *store.Store
	system *System // the running one; nil = none runs
	newest time.Time
	all    []api.Check
}

// examine checks the running system.
func (s *System) examine(ctx context.Context) []api.Check {
	x := &examination{ctx: ctx, config: s.opt.Config, store: s.store, system: s}
	return x.run()
}

// examineFiles checks a data directory that nobody uses.
func examineFiles(ctx context.Context, c config.Config) []api.Check {
	dsn, err := databaseOf(c)
	if err == nil && c.Database == "" {
		_, err = os.Stat(dsn)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return []api.Check{warn("database", "Start the server once, or name another directory with -data.", "%s does not exist yet", dsn)}
	}
	var st *store.Store
	if err == nil {
		st, err = store.OpenAsIs(ctx, dsn)
	}
	if err != nil {
		return append([]api.Check{fail("database", doRestore, "it cannot be opened: %v", err)}, checkHistory(ctx, c)...)
	}
	x := &examination{ctx: ctx, config: c, store: st}
	checks := x.run()
	if err := st.Close(); err != nil {
		checks = append(checks, fail("database", doRestore, "it cannot be closed: %v", err))
	}
	return checks
}

// checkHistory checks the events alone.
func checkHistory(ctx context.Context, c config.Config) []api.Check {
	x := &examination{ctx: ctx, config: c}
	x.history()
	return x.all
}

func (x *examination) run() []api.Check {
	x.database()
	x.schema()
	x.audit()
	place, err := x.store.Checkpoints().Checkpoint(x.ctx, pipeline.Consumer) // before the history, which only grows
	next := x.history()
	switch {
	case err != nil:
		x.add(fail("checkpoint", doRestore, "%v", err))
	case x.config.Transport.On(): // what was found is taken in lots, some of which hold no event
		x.add(good("checkpoint", "what was found up to lot %d is taken", telemetry.LotOf(max(place, 1))))
	case uint64(place) >= next && place > 0:
		x.add(fail("checkpoint", "Database and history belong to different times; restore both from one backup.",
			"matching stands at event %d, but the next one to arrive is %d", place, next))
	default:
		x.add(good("checkpoint", "event %d of %d is matched", place, max(next, 1)-1))
	}
	x.outbox()
	x.index()
	x.feeds()
	x.leaks()
	x.workers()
	x.clock()
	return x.all
}

func (x *examination) add(c api.Check) { x.all = append(x.all, c) }

func (x *examination) database() {
	found, err := x.store.Check(x.ctx)
	switch {
	case err != nil:
		x.add(fail("database", doRestore, "it cannot be read: %v", err))
	case len(found) > 0:
		x.add(fail("database", doRestore, "it is damaged: %s", strings.Join(found[:min(len(found), 3)], "; ")))
	default:
		x.add(good("database", "%s, no damage", x.store.Engine()))
	}
}

func (x *examination) schema() {
	have, want, err := x.store.Version(x.ctx)
	switch {
	case err != nil:
		x.add(fail("migrations", doRestore, "%v", err))
	case have > want:
		x.add(fail("migrations", "Use the newer version.", "the database is of a newer version (%d) than this program (%d)", have, want))
	case have < want:
		x.add(warn("migrations", "Make a backup, then start the server.", "the database has version %d; the next start brings it to %d", have, want))
	default:
		x.add(good("migrations", "version %d is current", have))
	}
}

func (x *examination) audit() {
	n, _, err := audit.Verify(x.ctx, x.store.Audit())
	if err != nil {
		x.add(fail("audit log", "Compare with a backup, and find out who had access to the database.", "%v", err))
		return
	}
	x.add(good("audit log", "whole, %d lines", n))
	if last, err := x.store.Audit().Latest(x.ctx, ref.Ref{}, 1); err == nil && len(last) > 0 && last[0].Time.After(x.newest) {
		x.newest = last[0].Time
	}
}

// history returns the number of the event that comes next.
func (x *examination) history() uint64 {
	if x.config.History.ClickHouse != "" {
		return x.server()
	}
	v, err := segment.Verify(x.ctx, filepath.Join(x.config.Data, historyName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		x.add(good("history", "there is none yet"))
	case err != nil:
		x.add(fail("history", "Look at the disk and at who may read the files.", "%v", err))
	case len(v.Problems) > 0:
		x.add(fail("history", "Restore the files named from a backup, or move them away to go on without their records.",
			"%d problems in %d segments: %s", len(v.Problems), v.Segments, strings.Join(v.Problems[:min(len(v.Problems), 3)], "; ")))
	default:
		x.add(good("history", "%d events in %d segments and %d volumes, every checksum fits", v.Records, v.Segments, v.Volumes))
	}
	if len(v.Stale) > 0 {
		x.add(warn("history volumes", "Remove the files named; the server makes them again out of the sidecars beside them.",
			"%d of %d cannot be used: %s", len(v.Stale), v.Volumes, strings.Join(v.Stale[:min(len(v.Stale), 3)], "; ")))
	}
	if v.Newest.After(x.newest) {
		x.newest = v.Newest
	}
	return max(uint64(v.Next), 1)
}

func (x *examination) outbox() {
	n, oldest, err := x.store.Outbox().Waiting(x.ctx)
	switch {
	case err != nil:
		x.add(fail("outbox", doRestore, "%v", err))
	case n > 0 && x.system != nil && time.Since(oldest) > factsWithin:
		x.add(fail("outbox", "Look for the worker \"facts\" in the server's log, and restart it.", "%d facts wait, the oldest since %s", n, oldest.Format(time.RFC3339)))
	case n > 0 && x.system == nil:
		x.add(good("outbox", "%d facts wait for the next start", n))
	default:
		x.add(good("outbox", "%d facts wait", n))
	}
}

func (x *examination) index() {
	switch _, err := pipeline.CheckIndexFile(filepath.Join(x.config.Data, indexName)); {
	case err == nil, errors.Is(err, fs.ErrNotExist):
	default:
		x.add(warn("index", "Remove the file; the next start builds it anew.", "%s cannot be used: %v", indexName, err))
	}
	m := pipeline.NewMatcher(intel.New(x.store.Intel(), x.store.Knowledge(), x.store.Ledger()), "", quiet())
	if x.system != nil {
		m = x.system.matcher
	} else if err := m.Rebuild(asSystem(x.ctx)); err != nil {
		x.add(fail("index", doRestore, "it cannot be built: %v", err))
		return
	}
	s := m.State()
	if s.Built.IsZero() {
		x.add(warn("index", "Wait until the first index is built.", "it is not built yet"))
		return
	}
	x.add(good("index", "%d indicators, built in %s", s.Indicators, s.Took.Round(time.Millisecond)))
}

func (x *examination) feeds() {
	feeds, err := x.store.Feeds().Feeds(x.ctx)
	if err != nil {
		x.add(fail("feeds", doRestore, "%v", err))
		return
	}
	states, err := x.store.Feeds().States(x.ctx)
	if err != nil {
		x.add(fail("feeds", doRestore, "%v", err))
		return
	}
	on, ill := 0, 0
	for _, f := range feeds {
		if !f.Enabled {
			continue
		}
		on++
		switch s := states[f.ID]; s.Health {
		case "", collect.OK, collect.Fresh, collect.Off:
		default:
			ill++
			x.add(warn("feed "+f.ID, "Look at its runs on the page Feeds; acknowledge the new set when it is right.", "%s: %s", s.Health, s.Message))
		}
	}
	if ill == 0 {
		x.add(good("feeds", "%d on, none has a problem", on))
	}
}

func (x *examination) workers() {
	if x.system == nil {
		return
	}
	ill := 0
	for _, w := range x.system.workers() {
		switch w.State {
		case supervise.Degraded:
			ill++
			x.add(fail("worker "+w.Name, "Remove the cause, then restart the server.", "it has stopped for good: %s", w.Error))
		case supervise.BackingUp:
			ill++
			x.add(warn("worker "+w.Name, "Look into the server's log.", "it failed and is about to be restarted: %s", w.Error))
		}
	}
	if ill == 0 {
		x.add(good("workers", "all run"))
	}
}

// clock compares the clock with what was written last.
func (x *examination) clock() {
	now := time.Now()
	if ahead := x.newest.Sub(now); ahead > clockSlack {
		x.add(fail("clock", "Set the clock and keep it right with NTP.", "it says %s, but the newest record is of %s", now.UTC().Format(time.RFC3339), x.newest.Format(time.RFC3339)))
		return
	}
	x.add(good("clock", "not behind what was written last"))
}

// databaseOf is where the database of a configuration is.
func databaseOf(c config.Config) (string, error) {
	if c.Database == "" {
		return filepath.Join(c.Data, databaseName), nil
	}
	secret, err := config.Reveal(c.Database)
	if err != nil {
		return "", err
	}
	if secret == "" {
		return "", errs.New(errs.Invalid, "database_missing", "The key database names an empty secret.")
	}
	return secret.Reveal(), nil
}
