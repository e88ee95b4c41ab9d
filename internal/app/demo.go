package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/content/demo"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// liveSpan is how much of the demo's story is delivered at the pace asked for;
// what is older comes at once.
const liveSpan = 8 * time.Hour

// PrepareDemo loads the bundled scenario: profile, feeds, and an administrator
// with the given password. Run then delivers the events, the last hours of them
// spread over pace, so that the queue fills while one looks.
func (s *System) PrepareDemo(ctx context.Context, name, password string, pace time.Duration) error {
	ctx = asSystem(ctx)
	if _, err := s.identity.AddUser(ctx, name, password, ref.Admin); err != nil {
		return fmt.Errorf("make the user of the demo: %w", err)
	}
	if _, err := s.org.Import(ctx, demo.Profile()); err != nil {
		return fmt.Errorf("load the profile of the demo: %w", err)
	}
	dir := filepath.Join(s.opt.Config.Data, "feeds")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	now := time.Now()
	feeds, err := demo.Feeds(now)
	if err != nil {
		return err
	}
	for _, f := range feeds {
		path := filepath.Join(dir, f.File)
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			return err
		}
		feed := collect.Feed{
			ID: f.ID, Name: f.Name, URL: path, Kind: f.Kind, Interval: time.Hour, Snapshot: true, Enabled: true, Reliability: f.Reliability,
			Licence: "part of the demo", GoodFor: f.GoodFor, Category: f.Category,
			Options: collect.Options{Confidence: f.Confidence, TLP: indicator.ParseTLP(f.TLP), MinLevel: f.MinLevel, Tags: f.Tags},
		}
		if err := s.collect.Add(ctx, feed); err != nil {
			return fmt.Errorf("add the feed %s: %w", f.ID, err)
		}
		if _, err := s.collect.RunNow(ctx, f.ID); err != nil {
			return fmt.Errorf("read the feed %s: %w", f.ID, err)
		}
	}
	if _, err := s.leaks.Import(ctx, leak.Order{Name: "leaks.csv", Reader: bytes.NewReader(demo.Leaks(now))}); err != nil {
		return fmt.Errorf("read the leaks of the demo: %w", err)
	}
	s.replay, s.pace = demo.Script(now), pace
	return nil
}

// replayWorker delivers the events of the demo as their senders would.
func (s *System) replayWorker() supervise.Worker {
	return supervise.Worker{Name: "replay", Run: func(ctx context.Context) error {
		ctx = asSystem(ctx)
		events := s.replay
		if len(events) == 0 {
			return nil
		}
		end := events[len(events)-1].At
		start, live := time.Now(), end.Add(-liveSpan)
		for len(events) > 0 {
			n := 0
			for n < len(events) && n < 1000 && s.due(events[n].At, live, end, time.Since(start)) {
				n++
			}
			if err := s.deliver(ctx, events[:n]); err != nil {
				return err
			}
			events = events[n:]
			s.replay = events
			if n > 0 {
				continue
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(250 * time.Millisecond):
			}
		}
		return nil
	}}
}

// due reports whether an event of the script's time at is due after elapsed.
func (s *System) due(at, live, end time.Time, elapsed time.Duration) bool {
	if at.Before(live) || elapsed >= s.pace {
		return true
	}
	share := float64(elapsed) / float64(s.pace)
	return at.Sub(live) <= time.Duration(share*float64(end.Sub(live)))
}

// deliver hands events to the intake, sender by sender: each hand-over waits for
// the disk.
func (s *System) deliver(ctx context.Context, events []demo.Event) error {
	now := time.Now().UTC()
	slices.SortStableFunc(events, func(a, b demo.Event) int { return strings.Compare(a.Source, b.Source) })
	for len(events) > 0 {
		n := 1
		for n < len(events) && events[n].Source == events[0].Source {
			n++
		}
		records := make([]telemetry.Record, n)
		for i, e := range events[:n] {
			records[i] = telemetry.Record{Received: now, Source: e.Source, Format: e.Format, Raw: e.Raw}
		}
		if err := s.intake.Accept(ctx, events[0].Source, records); err != nil {
			return err
		}
		events = events[n:]
	}
	return nil
}
