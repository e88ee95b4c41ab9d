package app_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/app/apptest"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/ref"
)

// A profile that was imported while the process died is ranked after the next start,
// and once only.
func TestProfileOfACrashIsRanked(t *testing.T) {
	dir := apptest.Data(t)
	nothing := func(*app.System) error { return nil }
	h, stop := start(t, dir, nothing)
	secret := senderToken(t, h)
	send(t, h, secret, map[string]any{
		"@timestamp": time.Now().UTC().Add(-time.Hour), "event": map[string]any{"kind": "alert", "module": "ids", "severity": 1},
		"rule": map[string]any{"id": "1", "name": "Odd login"}, "host": map[string]any{"name": "srv1"},
	})
	settle(t, h, 1)
	incident := func(h house) alert.Detail {
		list := ask[api.Page[alert.Incident]](t, h, "GET", "/incidents", nil).Items
		if len(list) != 1 {
			t.Fatalf("%d incidents", len(list))
		}
		return ask[alert.Detail](t, h, "GET", "/incidents/"+list[0].ID, nil)
	}
	before := incident(h)
	stop()

	// The import is durable, and nothing that comes after it was done.
	st, err := store.Open(t.Context(), filepath.Join(dir, "vedette.db"))
	if err != nil {
		t.Fatal(err)
	}
	profile := "name: Test House\nassets:\n  - {id: \"1\", name: srv1, hostnames: [srv1], criticality: crown-jewel}\n"
	if _, err := org.New(st.Org()).Import(ref.WithActor(t.Context(), ref.SystemActor), []byte(profile)); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}

	h, stop = start(t, dir, nothing)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if d := incident(h); d.Incident.Assessment.Criticality.Value == 100 {
			if d.Incident.Assessment.Priority <= before.Incident.Assessment.Priority || len(d.Timeline) != len(before.Timeline)+1 {
				t.Errorf("priority %d → %d, timeline %+v", before.Incident.Assessment.Priority, d.Incident.Assessment.Priority, d.Timeline)
			}
			break
		}
		if time.Now().After(end) {
			t.Fatal("the profile was not ranked after the restart")
		}
	}
	stop()
	h, stop = start(t, dir, nothing)
	defer stop()
	if d := incident(h); len(d.Timeline) != len(before.Timeline)+1 {
		t.Errorf("ranked twice: %+v", d.Timeline)
	}
}
