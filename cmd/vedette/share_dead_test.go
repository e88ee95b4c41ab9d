package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/vedette-soc/vedette/internal/queue/jetstream"
)

// TestShareDead: what no matcher could take is listed and shown by the command line, is
// tried once more or dropped, with a line in the audit log; what is tried once more is
// kept and matched.
func TestShareDead(t *testing.T) {
	h := newHouse(t)
	keeper, receiver := h.start(t, "keep", "keeper"), h.start(t, "receive", "receiver")
	plant(t, keeper, 0)
	ids, body := batch("buried", 12)
	if n, err := post(t.Context(), receiver.Intake, token(t, keeper, "sender"), body); err != nil || n != 12 {
		t.Fatal(n, err)
	}
	h.bury(t, receiver)
	letters := strings.Split(strings.TrimSpace(string(vedette(t, "queue", "dead", "list", "-data", keeper.dir))), "\n")
	if len(letters) != 2 || !strings.Contains(letters[0], `"number":1,`) || !strings.Contains(letters[0], `"reason":"proof"`) || !strings.Contains(letters[0], `"events":12`) || !strings.Contains(letters[1], `"events":0`) {
		t.Fatalf("list: %q", letters)
	}
	shown := vedette(t, "queue", "dead", "show", "-data", keeper.dir, "1")
	if n := strings.Count(string(shown), `"raw":`); n != 12 {
		t.Errorf("show: %d events in %s", n, shown)
	}
	if s := last[struct{ Number, Events int }](t, shown, "summary"); s.Number != 1 || s.Events != 12 {
		t.Errorf("show: %+v", s)
	}
	if s := last[struct{ Data []byte }](t, vedette(t, "queue", "dead", "show", "-data", keeper.dir, "2"), "summary"); string(s.Data) != "no lot" {
		t.Errorf("show of what is no lot: %q", s.Data)
	}
	for _, tt := range []struct {
		code int
		says string
		args []string
	}{
		{1, "is no lot of events", []string{"retry", "2"}},
		{1, "Nothing is kept apart as 7", []string{"show", "7"}},
		{1, "Nothing is kept apart as 7", []string{"drop", "-why", "gone", "7"}},
		{2, "takes -why", []string{"drop", "2"}},
		{2, "is no number", []string{"retry", "one"}},
		{2, "takes one or more numbers", []string{"retry"}},
		{2, "is not one of list, show, retry, drop", []string{"bury"}},
	} {
		out, err := exec.CommandContext(t.Context(), "vedette", append([]string{"queue", "dead", tt.args[0], "-data", keeper.dir}, tt.args[1:]...)...).CombinedOutput()
		exit, _ := err.(*exec.ExitError)
		if exit == nil || exit.ExitCode() != tt.code || !strings.Contains(string(out), tt.says) {
			t.Errorf("%v: %v, %s", tt.args, err, out)
		}
	}
	vedette(t, "queue", "dead", "drop", "-data", keeper.dir, "-why", "somebody else's", "2")
	vedette(t, "queue", "dead", "retry", "-data", keeper.dir, "-why", "the decoder is mended", "1")
	if out := vedette(t, "queue", "dead", "list", "-data", keeper.dir); len(out) > 0 {
		t.Errorf("left: %s", out)
	}
	log := string(vedette(t, "audit", "list", "-data", keeper.dir))
	for _, want := range []string{"queue.dead.drop", "somebody else's", "queue.dead.retry", "the decoder is mended"} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in the audit log:\n%s", want, log)
		}
	}
	h.start(t, "match", "matcher")
	drained(t, keeper)
	for end := time.Now().Add(time.Minute); len(h.stored(t)) < 12 && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		drained(t, keeper)
	}
	h.exact(t, keeper, ids)
}

// bury puts a message that is no lot behind what is in the stream, and has all of it kept
// apart. No matcher runs.
func (h *house) bury(t *testing.T, receiver *server) {
	t.Helper()
	q, err := jetstream.Open(t.Context(), jetstream.Config{URL: fmt.Sprintf("nats://127.0.0.1:%d", h.port), Stream: "VEDETTE", MaxBytes: 64 << 20, Replicas: 1, Redeliver: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = q.Close() }()
	conn, err := nats.Connect(h.nats.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Publish("VEDETTE.events", []byte("no lot")); err != nil {
		t.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < 2; {
		lots, err := q.TakeLots(t.Context(), 1)
		if err != nil || len(lots) == 0 {
			b, _ := json.Marshal(lots)
			t.Fatalf("%s %v\n%s", b, err, receiver.log)
		}
		for _, l := range lots {
			if err := l.Hand.Bury(t.Context(), "proof"); err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
}
