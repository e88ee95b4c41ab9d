package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/app/apptest"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// metrics reads the private listener.
func metrics(t *testing.T, s *server) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Private+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSenders: a sender with a clock a year ahead is counted and harms no order; one
// that falls silent is seen, also across a restart.
func TestSenders(t *testing.T) {
	dir := apptest.Data(t)
	conf := strings.Replace(freePorts, `intake: {listen: "127.0.0.1:0"}`, `intake: {listen: "127.0.0.1:0", silence: 1s, syslog: {tcp: "127.0.0.1:0"}}`, 1)
	s := startAs(t, dir, conf)
	call[any](t, s, "POST", "/indicators/import?name=planted.txt", strings.NewReader(planted+"\n"))
	for call[health](t, s, "GET", "/health", nil).Index.Indicators == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.Syslog[0], "tcp/"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ahead := time.Now().UTC().AddDate(1, 0, 0)
	_, err = fmt.Fprintf(conn, `{"@timestamp":%q,"event":{"dataset":"proof.dns"},"source":{"ip":"10.1.0.7"},"dns":{"question":{"name":%q}}}`+"\n", ahead.Format(time.RFC3339), planted)
	if err != nil {
		t.Fatal(err)
	}
	only := func() telemetry.Source {
		t.Helper()
		all := call[struct{ Senders []telemetry.Source }](t, s, "GET", "/health", nil).Senders
		if len(all) != 1 || all[0].Name != "syslog/127.0.0.1" {
			t.Fatalf("senders %+v", all)
		}
		return all[0]
	}
	eventually(t, "the event to be matched", func() bool { h := settled(t, s); return h.History.Last == 1 })
	if got := only(); got.Events != 1 || got.Ahead != 1 || got.Skew < 300*24*time.Hour {
		t.Errorf("%+v", got)
	}
	incidents := call[items[struct{ Last time.Time }]](t, s, "GET", "/incidents", nil).Items
	if len(incidents) != 1 || incidents[0].Last.IsZero() || incidents[0].Last.After(time.Now().Add(time.Minute)) {
		t.Errorf("incidents %+v", incidents)
	}
	eventually(t, "the sender to be silent", func() bool { return only().Silent })
	for _, line := range []string{`vedette_sender_ahead_total{sender="syslog/127.0.0.1"} 1`, `vedette_sender_events_total{sender="syslog/127.0.0.1"} 1`, "vedette_senders_silent 1", `vedette_sender_silent{sender="syslog/127.0.0.1"} 1`} {
		if !strings.Contains(metrics(t, s), line) {
			t.Errorf("no %s in /metrics", line)
		}
	}
	s.stop(t)
	began := time.Now()
	s = startAs(t, dir, conf)
	if only().Silent && time.Since(began) < time.Second {
		t.Error("silent the moment we listen again")
	}
	eventually(t, "the sender to be missed after a restart", func() bool { return only().Silent })
	s.stop(t)
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
