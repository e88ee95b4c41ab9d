package app_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/config"
)

// To be asked to stop while it still starts is no failure of a server; what else goes
// wrong there is.
func TestServeStoppedWhileItStarts(t *testing.T) {
	c := config.Default()
	c.Data, c.Listen, c.Intake.Listen, c.Devices.Listen, c.Private.Listen = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	serve := func(ctx context.Context, started app.Started) error {
		return app.Serve(ctx, app.Options{Config: c, Version: "test", Log: slog.New(slog.DiscardHandler)}, app.All, started)
	}
	ctx, stop := context.WithCancel(t.Context())
	err := serve(ctx, func(app.Role, app.Listening, string) error {
		stop()
		return ctx.Err()
	})
	if err != nil {
		t.Errorf("stopped when it listened: %v", err)
	}
	if err := serve(ctx, nil); err != nil {
		t.Errorf("stopped before it began: %v", err)
	}
	broken := errors.New("broken")
	if err := serve(t.Context(), func(app.Role, app.Listening, string) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("broken: %v", err)
	}
	if sockets, err := filepath.Glob(filepath.Join(c.Data, "*.sock")); err != nil || len(sockets) > 0 {
		t.Errorf("left behind: %v, %v", sockets, err)
	}
}
