package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/app/apptest"
	"github.com/vedette-soc/vedette/internal/history/clickhouse"
	"github.com/vedette-soc/vedette/internal/history/clickhousetest"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// TestClickHouse: events go from segments to ClickHouse by one command, and on from
// there: with a server that is killed, answers that are lost and an engine that is
// away, what was acknowledged is there once, and detected once.
func TestClickHouse(t *testing.T) {
	engine := clickhousetest.Serve(t)
	dir, address := apptest.Data(t), engine.URL+fmt.Sprintf("/vedette_%d", rand.Uint32())
	conf := freePorts + "history: {clickhouse: \"" + address + "\"}\n"
	s := start(t, dir)
	call[any](t, s, "POST", "/indicators/import?name=planted.txt", strings.NewReader(planted+"\n"))
	for call[health](t, s, "GET", "/health", nil).Index.Indicators == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	secret := token(t, s, "sender")
	acknowledged := sendUntilKilled(t, s, secret, 1000)
	s = start(t, dir)
	before := afterCrash(t, s, len(acknowledged))
	last := settled(t, s).History.Last
	s.stop(t)

	if out := refusedStart(t, dir, conf); !strings.Contains(out, "vedette history migrate") {
		t.Errorf("a server that leaves events behind says %s", out)
	}
	migrate(t, engine, dir, conf, int(last))
	var broken atomic.Bool
	var inserts atomic.Int64
	engine.After(func(query string) error {
		if strings.HasPrefix(query, "INSERT") && inserts.Add(1)%4 == 0 { // it is sent again, and then there is one
			return errors.New("the answer is lost")
		}
		return nil
	})
	engine.Before(func(string) error {
		if broken.Load() {
			return errors.New("away")
		}
		return nil
	})
	for round := range 3 {
		s = startAs(t, dir, conf)
		if n := afterCrash(t, s, len(acknowledged)); n < before {
			t.Errorf("%d detections, there were %d", n, before)
		}
		away(t, s, secret, &broken)
		maps.Copy(acknowledged, sendUntilKilled(t, s, secret, round))
	}
	s = startAs(t, dir, conf)
	sum := afterCrash(t, s, len(acknowledged))
	if out := vedette(t, "doctor", "-data", dir); !strings.Contains(string(out), "events in ClickHouse, no number is absent") {
		t.Errorf("the doctor says %s", out)
	}
	s.stop(t)
	keptOnce(t, address, acknowledged, sum)
}

// refusedStart runs a server that must not start, and returns what it says.
func refusedStart(t *testing.T, dir, conf string) string {
	t.Helper()
	s := launchAs(t, dir, conf)
	if _, ok := <-s.log.serving; ok {
		t.Error("the server has started")
	}
	if err := <-s.exited; err == nil {
		t.Error("the server has ended well")
	}
	return s.log.String()
}

// migrate brings n records to ClickHouse, and is broken off once when they are there
// and not noted.
func migrate(t *testing.T, engine *clickhousetest.Server, dir, conf string, n int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "vedette.yaml")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"history", "migrate", "-to", "clickhouse", "-data", dir, "-config", file}
	engine.Before(func(query string) error {
		if strings.HasPrefix(query, "INSERT INTO words") {
			return errors.New("away")
		}
		return nil
	})
	if out, err := exec.CommandContext(t.Context(), "vedette", args...).CombinedOutput(); err == nil || !strings.Contains(string(out), "does not answer") {
		t.Errorf("a migration without an engine: %v %s", err, out)
	}
	engine.Before(nil)
	if out := refusedStart(t, dir, conf); !strings.Contains(out, "broken off") {
		t.Errorf("a server amid a migration says %s", out)
	}
	got := last[app.Migration](t, vedette(t, args...), "report")
	if diff := cmp.Diff(app.Migration{In: n, Kept: n, Noted: telemetry.Seq(n), Verified: true}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if out, err := exec.CommandContext(t.Context(), "vedette", args...).CombinedOutput(); err == nil || !strings.Contains(string(out), "already") {
		t.Errorf("a second migration: %v %s", err, out)
	}
	if out := refusedStart(t, dir, freePorts); !strings.Contains(out, "history.clickhouse") {
		t.Errorf("a server that goes back to segments says %s", out)
	}
}

// away lets the engine be away for a while: senders are told to come again, and the
// server goes on when it is back.
func away(t *testing.T, s *server, secret string, broken *atomic.Bool) {
	t.Helper()
	broken.Store(true)
	_, err := post(t.Context(), s.Intake, secret, `{"event":{"id":"away"}}`)
	if err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("without the engine the intake says %v, want 503", err)
	}
	if h := call[struct{ Problem string }](t, s, "GET", "/health", nil); !strings.Contains(h.Problem, "history.clickhouse") {
		t.Errorf("without the engine health says %q", h.Problem)
	}
	broken.Store(false)
	ids, body := batch("back-"+fmt.Sprint(rand.Uint32()), 5)
	if n, err := post(t.Context(), s.Intake, secret, body); err != nil || n != len(ids) {
		t.Errorf("with the engine back %d events are taken: %v", n, err)
	}
}

// keptOnce holds the database against what senders were told.
func keptOnce(t *testing.T, address string, acknowledged map[string]bool, detections int) {
	t.Helper()
	h, err := clickhouse.Open(t.Context(), clickhouse.Config{URL: address})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	ids, hits := map[string]int{}, 0
	for next := telemetry.Seq(1); ; {
		records, err := h.Read(t.Context(), next, 5000)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			var ev struct{ Event struct{ ID string } }
			if err := json.Unmarshal(r.Raw, &ev); err != nil || r.Seq < next {
				t.Fatalf("record %d: %v", r.Seq, err)
			}
			if ids[ev.Event.ID]++; strings.HasSuffix(ev.Event.ID, "-hit") {
				hits++
			}
			next = r.Seq + 1
		}
	}
	for id := range acknowledged {
		if ids[id] != 1 {
			t.Errorf("event %s was acknowledged and is kept %d times", id, ids[id])
		}
	}
	if hits != detections {
		t.Errorf("%d events hold the indicator, %d detections are counted", hits, detections)
	}
	t.Logf("%d events acknowledged, %d detections", len(acknowledged), detections)
}
