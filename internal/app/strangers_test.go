package app_test

import (
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/app/apptest"
	"github.com/vedette-soc/vedette/internal/org"
)

// TestUnknownHostsOutlastARestart: a host that was seen before the server stopped is asked
// about after it started, and one that was answered is not.
func TestUnknownHostsOutlastARestart(t *testing.T) {
	dir := apptest.Data(t)
	nothing := func(*app.System) error { return nil }
	h, stop := start(t, dir, nothing)
	secret := senderToken(t, h)
	for _, addr := range []string{"10.7.0.1", "10.7.0.2"} {
		send(t, h, secret, map[string]any{
			"@timestamp": time.Now().UTC().Add(-time.Minute), "event": map[string]any{"kind": "event", "module": "flow"},
			"source": map[string]any{"ip": addr}, "destination": map[string]any{"ip": "198.51.100.9", "port": 443},
		})
	}
	settle(t, h, 2)
	hosts := func() (out []string) {
		for _, s := range ask[api.Page[org.Stranger]](t, h, "GET", "/profile/hosts", nil).Items {
			out = append(out, s.Address.String())
		}
		return out
	}
	if got := hosts(); len(got) != 2 {
		t.Fatalf("seen: %v", got)
	}
	ask[any](t, h, "POST", "/profile/hosts", org.Told{Address: "10.7.0.2", As: "ignored", Why: "a test bench"})
	stop()
	h, stop = start(t, dir, nothing)
	defer stop()
	if got := hosts(); len(got) != 1 || got[0] != "10.7.0.1" {
		t.Errorf("after the restart: %v", got)
	}
}
