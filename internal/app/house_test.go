package app_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/app/apptest"
	"github.com/vedette-soc/vedette/internal/config"
)

// house is a running system with a client on its control socket.
type house struct {
	app.Listening
	*app.Client
}

// open runs a system on a fresh data directory until the test ends. prepare is
// called before it runs.
func open(t *testing.T, prepare func(*app.System) error) house {
	t.Helper()
	h, stop := start(t, apptest.Data(t), prepare)
	t.Cleanup(stop)
	return h
}

// start runs a system on a data directory; stop ends it.
func start(t *testing.T, dir string, prepare func(*app.System) error) (h house, stop func()) {
	t.Helper()
	return startLogged(t, dir, slog.New(slog.DiscardHandler), prepare)
}

func startLogged(t *testing.T, dir string, log *slog.Logger, prepare func(*app.System) error) (h house, stop func()) {
	t.Helper()
	c := config.Default()
	c.Data, c.Listen, c.Intake.Listen, c.Devices.Listen, c.Private.Listen = dir, "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", ""
	sys, err := app.Open(t.Context(), app.Options{Config: c, Version: "test", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	if err := prepare(sys); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	started, ended := make(chan app.Listening, 1), make(chan error, 1)
	go func() {
		ended <- sys.Run(ctx, func(l app.Listening) error { started <- l; return nil })
	}()
	select {
	case h.Listening = <-started:
	case err := <-ended:
		t.Fatalf("the system ended: %v", err)
	}
	if h.Client, err = app.Dial(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return h, func() {
		_ = h.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the system ended with %v", err)
		}
		if err := sys.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

// ask is an API call that must succeed.
func ask[Out any](t *testing.T, h house, method, path string, body any) (out Out) {
	t.Helper()
	if err := h.Call(t.Context(), method, path, body, &out); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return out
}

// settle waits until at least n events have arrived and all are matched.
func settle(t *testing.T, h house, n int) {
	t.Helper()
	for {
		v := ask[api.Health](t, h, "GET", "/health", nil)
		if int(v.History.Last) >= n && v.Matched == v.History.Last {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// send posts events to the intake.
func send(t *testing.T, h house, secret string, events ...map[string]any) {
	t.Helper()
	var body strings.Builder
	for _, e := range events {
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		body.Write(append(b, '\n'))
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", h.Intake+"/v1/events", strings.NewReader(body.String()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("the intake answered %s", res.Status)
	}
}
