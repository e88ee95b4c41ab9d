package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// sendersName is the file in the data directory that says when each sender was
// heard last.
const sendersName = "senders.json"

// recallSenders reads the file back. Without it senders are known again once they
// send: that is no reason not to start.
func (s *System) recallSenders() {
	path := filepath.Join(s.opt.Config.Data, sendersName)
	b, err := os.ReadFile(path)
	var known []telemetry.Known
	if err == nil {
		err = json.Unmarshal(b, &known)
	}
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.opt.Log.Warn("senders are not remembered", "file", path, "error", err)
		}
		return
	}
	s.intake.Recall(known)
}

// rememberSenders writes the file every minute, and at the end.
func (s *System) rememberSenders(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return s.saveSenders()
		case <-tick.C:
			if err := s.saveSenders(); err != nil {
				return err
			}
		}
	}
}

func (s *System) saveSenders() error {
	b, err := json.Marshal(s.intake.Known())
	if err != nil {
		return fmt.Errorf("remember senders: %w", err)
	}
	path := filepath.Join(s.opt.Config.Data, sendersName)
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return fmt.Errorf("remember senders: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("remember senders: %w", err)
	}
	return nil
}
