package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/clickhouse"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/pipeline"
)

// homeName is the file that says which ClickHouse database a data directory has.
const homeName = "clickhouse.home"

// Where a migration to ClickHouse stands, as the database remembers it.
const (
	migration = "migration"
	underway  = "underway"
	finished  = "finished"
)

// openHistory opens the events: segments, or a database of ClickHouse. In both cases
// the lock of the history keeps a second process out of the whole directory.
func (s *System) openHistory(ctx context.Context) error {
	c := s.opt.Config
	if t := s.opt.tenure; t != nil {
		h, err := t.openHistory(ctx, false)
		if err != nil {
			return err
		}
		s.history, s.server = h, h
		return mayServe(ctx, h, "")
	}
	dir := filepath.Join(c.Data, historyName)
	home := filepath.Join(c.Data, homeName)
	if c.History.ClickHouse == "" {
		if _, used, err := homeOf(home); err == nil && used {
			return errs.New(errs.Conflict, "history_elsewhere", "The events of %s are in ClickHouse. Set history.clickhouse as it was.", c.Data)
		}
		h, err := segment.Open(dir, segment.Limits{}, s.opt.Log)
		if err != nil {
			return fmt.Errorf("open the event history: %w", err)
		}
		s.history, s.segments = h, h
		return nil
	}
	if !s.opt.migrating { // else who migrates has the lock
		lock, err := segment.Lock(dir)
		if err != nil {
			return err
		}
		s.lock = lock
	}
	h, err := openClickHouse(ctx, s.opt, home)
	if err != nil {
		return fmt.Errorf("open the event history: %w", err)
	}
	s.history, s.server = h, h
	if s.opt.migrating {
		return nil
	}
	if err := mayServe(ctx, h, dir); err != nil {
		return err
	}
	return useHome(home)
}

func openClickHouse(ctx context.Context, opt Options, home string) (*clickhouse.History, error) {
	c := opt.Config.History
	id, _, err := homeOf(home)
	if err != nil {
		return nil, err
	}
	if id == "" {
		id = uuid.NewString()
		if err := os.WriteFile(home, []byte(id+"\n"), 0o600); err != nil {
			return nil, err
		}
	}
	password, err := config.Reveal(c.ClickHousePassword)
	if err != nil {
		return nil, err
	}
	return clickhouse.Open(ctx, clickhouse.Config{URL: c.ClickHouse, Password: password, CA: c.ClickHouseCA, Home: id, Log: opt.Log})
}

// usedMark is what stands behind the name of a data directory once its events are in
// ClickHouse.
const usedMark = "used"

// homeOf reads the name of a data directory, "" when it has none, and whether its
// events are in ClickHouse.
func homeOf(path string) (id string, used bool, err error) {
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", false, err
	}
	words := strings.Fields(string(b))
	if len(words) == 0 {
		return "", false, nil
	}
	return words[0], len(words) > 1 && words[1] == usedMark, nil
}

// useHome notes that the events of a data directory are in ClickHouse from now on.
func useHome(path string) error {
	id, used, err := homeOf(path)
	if err != nil || used {
		return err
	}
	return os.WriteFile(path, []byte(id+" "+usedMark+"\n"), 0o600)
}

// mayServe says whether the events of a directory are all in ClickHouse.
func mayServe(ctx context.Context, h *clickhouse.History, dir string) error {
	state, err := h.Remembered(ctx, migration)
	switch {
	case err != nil:
		return err
	case state == underway:
		return errs.New(errs.Conflict, "migration_unfinished", "The migration of the events to ClickHouse was broken off. Run vedette history migrate -to clickhouse again; it goes on where it was.")
	case state == "" && segment.Holds(dir):
		return errs.New(errs.Conflict, "migration_needed", "There are events in %s that ClickHouse does not have. Run vedette history migrate -to clickhouse first.", dir)
	}
	return nil
}

// skipDone lets a new database go on behind what was matched before, so that no
// number comes twice.
func (s *System) skipDone(ctx context.Context) error {
	if s.server == nil || s.opt.migrating {
		return nil
	}
	done, err := s.store.Checkpoints().Checkpoint(ctx, pipeline.Consumer)
	if err != nil {
		return err
	}
	s.server.Skip(done)
	return nil
}
